"""Calendar invitations (RFC 5545), as far as a person wants to read them in a thread."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

_ESCAPED: Final = re.compile(r"\\([\\;,nN])")
_FIELD: Final = re.compile(
    r"(?P<name>[A-Za-z-]{1,40})(?P<parameters>(?:;[^:\"]{0,200}(?:\"[^\"]{0,200}\")?){0,10}):(?P<value>.*)"
)
_WANTED: Final = {
    "SUMMARY": "title",
    "LOCATION": "place",
    "DTSTART": "begins",
    "DTEND": "ends",
    "ORGANIZER": "organizer",
    "METHOD": "method",
    "STATUS": "status",
}
_LONGEST: Final = 100_000


def invite_of(calendar: str) -> dict[str, Any] | None:
    """The first event of a calendar: title, place, begins, ends, organizer, method."""
    found: dict[str, Any] = {}
    inside: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", calendar[:_LONGEST]).splitlines():
        match = _FIELD.fullmatch(line[:2_000])
        if match is None:
            continue
        name, value = match["name"].upper(), match["value"].strip()
        if name == "BEGIN":
            inside.append(value.upper())
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                break
        elif name in _WANTED and inside[-1:] in (["VEVENT"], ["VCALENDAR"]):
            found.setdefault(_WANTED[name], _value(name, match["parameters"], value))
    return found if "title" in found or "begins" in found else None


def invite_text(invite: dict[str, Any]) -> str:
    """The event in one or two lines, for a mail without other words."""
    when = " — ".join(invite[name] for name in ("begins", "ends") if invite.get(name))
    return "\n".join(line for line in (invite.get("title"), when, invite.get("place")) if line)


def _value(name: str, parameters: str, value: str) -> str:
    if name in {"DTSTART", "DTEND"}:
        zone = re.search(r"TZID=\"?([^;:\"]{1,80})", parameters or "", re.IGNORECASE)
        return _moment(value, zone[1] if zone else None)
    if name == "ORGANIZER":
        return re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)[:300]
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)[:500]


def _moment(value: str, zone: str | None) -> str:
    """``20240312T100000Z`` as people write it; as it stands when it is malformed."""
    for form, shown in (("%Y%m%dT%H%M%S", "%d.%m.%Y %H:%M"), ("%Y%m%d", "%d.%m.%Y")):
        try:
            moment = datetime.strptime(value.removesuffix("Z"), form)  # noqa: DTZ007 - the zone stands beside it
        except ValueError:
            continue
        where = " UTC" if value.endswith("Z") else f" ({zone})" if zone else ""
        return moment.strftime(shown) + where
    return value[:40]
