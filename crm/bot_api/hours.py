"""When people are there: business hours and holidays in the organization's time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS: Final = 31


def opening(organization: Mapping[str, Any], moment: datetime) -> tuple[bool, datetime | None]:
    """Whether people are there at ``moment``, and else when they are back.

    An organization without any hours is taken to be always there.

    Args:
        organization: with ``timezone``, ``business_hours`` (day -> intervals of "HH:MM") and
            ``holidays`` (dates).
        moment: aware.

    Returns:
        (open now, the next opening in the organization's time zone, None when open or when there
        is none within a month).
    """
    hours: Mapping[str, Sequence[Sequence[str]]] = organization.get("business_hours") or {}
    if not any(hours.values()):
        return True, None
    local = moment.astimezone(ZoneInfo(organization["timezone"]))
    holidays = set(organization.get("holidays") or ())
    for offset in range(_LOOK_AHEAD_DAYS):
        day = local.date() + timedelta(days=offset)
        if day.isoformat() in holidays:
            continue
        for opens, closes in sorted(map(tuple, hours.get(DAYS[day.weekday()]) or ())):
            start = datetime.combine(day, time.fromisoformat(opens), local.tzinfo)
            end = (
                datetime.combine(day + timedelta(days=1), time.min, local.tzinfo)
                if closes in {"24:00", "00:00"}
                else datetime.combine(day, time.fromisoformat(closes), local.tzinfo)
            )
            if start <= local < end:
                return True, None
            if local < start:
                return False, start
    return False, None
