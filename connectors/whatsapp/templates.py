"""Templates: what the account has, and one of them with its variables filled in.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pywa_async.api import GraphAPIAsync

from connectors.base.values import mapping, mappings, text
from connectors.whatsapp.client import answer
from connectors.whatsapp.config import WhatsAppConfig
from crm.contract import AuthenticationFailedError, RejectedError, Template, TemplateUse

_FIELDS: Final = (
    "id",
    "name",
    "language",
    "status",
    "category",
    "parameter_format",
    "components",
    "rejected_reason",
)
_A_PAGE: Final = 100
_MOST_PAGES: Final = 100
_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_STATUSES: Final[Mapping[str, str]] = {
    "APPROVED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "PAUSED": "paused",
}
"""Every other status (rejected, disabled, deleted, archived) is one that cannot be sent."""
_MEDIA: Final = frozenset({"image", "video", "document"})
_FRESH_SECONDS: Final = 600.0
_KEPT: Final = 1_000


async def fetch_templates(
    graph: GraphAPIAsync, account_id: str, *, name: str | None = None
) -> list[Mapping[str, Any]]:
    """The account's templates in all languages, as Graph tells them, page by page.

    Raises:
        ConnectorError: as it says.
    """
    found: list[Mapping[str, Any]] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = await answer(
            graph.get_templates(
                account_id,
                fields=_FIELDS,
                filters={"name": name} if name is not None else None,
                pagination={"limit": str(_A_PAGE), **({"after": after} if after else {})},
            )
        )
        found += mappings(page.get("data"))
        paging = mapping(page.get("paging"))
        after = text(mapping(paging.get("cursors")).get("after"))
        if after is None or not paging.get("next"):
            break
    return found


def as_template(told: Mapping[str, Any]) -> Template | None:
    """A template of Graph's as the contract's; None when it has no name or language."""
    name, language = text(told.get("name")), text(told.get("language"))
    if name is None or language is None:
        return None
    header, body, footer = (_component(told, kind) for kind in ("HEADER", "BODY", "FOOTER"))
    header_kind = (text(header.get("format")) or "").lower() or None
    reason = text(told.get("rejected_reason"))
    return Template(
        name=name,
        language=language,
        status=_STATUSES.get((text(told.get("status")) or "").upper(), "rejected"),
        category=(text(told.get("category")) or "utility").lower(),
        body=text(body.get("text")) or "",
        header=text(header.get("text")),
        header_kind=header_kind,
        footer=text(footer.get("text")),
        buttons=[_button(button) for button in _buttons(told)],
        variables=_variables(text(body.get("text"))),
        reason=reason if reason not in {None, "NONE"} else None,
    )


def filled(told: Mapping[str, Any], use: TemplateUse, media_id: str | None) -> dict[str, Any]:
    """The object of a template message. ``media_id`` is the uploaded file of its header.

    Raises:
        RejectedError: a variable or the header's file is missing.
    """
    components = [_filled_header(told, use, media_id), _filled_body(told, use)]
    components += [
        _filled_button(place, button, told, use) for place, button in enumerate(_buttons(told))
    ]
    return {
        "name": use.name,
        "language": {"code": use.language},
        "components": [component for component in components if component is not None],
    }


class Definitions:
    """Templates as Graph tells them, remembered for some minutes: what is sent has to fit them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str, str], tuple[float, Mapping[str, Any]]] = (
            OrderedDict()
        )

    async def of(
        self, graph: GraphAPIAsync, config: WhatsAppConfig, use: TemplateUse
    ) -> Mapping[str, Any]:
        """The template that is to be sent.

        Raises:
            RejectedError: there is none such in this language.
            ConnectorError: as it says.
        """
        key = (config.waba_id, use.name, use.language)
        known = self._known.get(key)
        if known is not None and known[0] > self._clock():
            return known[1]
        try:
            found = await fetch_templates(graph, config.waba_id, name=use.name)
        except AuthenticationFailedError as error:
            if error.code != "number_not_found":
                raise
            # It is the account that may not be read, and the number goes on writing.
            raise RejectedError("permission_missing", error.detail) from None
        for told in found:
            if (told.get("name"), told.get("language")) == (use.name, use.language):
                self._known[key] = (self._clock() + _FRESH_SECONDS, told)
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
                return told
        raise RejectedError("template_missing", "There is no such template in this language.")

    def forget(self, config: WhatsAppConfig, use: TemplateUse) -> None:
        """It may have been changed: the platform did not take it as it was known."""
        self._known.pop((config.waba_id, use.name, use.language), None)


def _component(told: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found = (c for c in mappings(told.get("components")) if str(c.get("type")).upper() == kind)
    return next(found, {})


def _buttons(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(_component(told, "BUTTONS").get("buttons"))


def _variables(words: str | None) -> list[str]:
    """The names in the order in which their values are given: numbers by size, others by place."""
    names = list(dict.fromkeys(_VARIABLE.findall(words or "")))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def _button(button: Mapping[str, Any]) -> dict[str, Any]:
    """A button for the preview. ``variable``: a value is wanted for it."""
    kind = (text(button.get("type")) or "unknown").lower()
    shown: dict[str, Any] = {"type": kind, "text": text(button.get("text")) or ""}
    for name in ("url", "phone_number"):
        if (value := text(button.get(name))) is not None:
            shown[name] = value
    wants = bool(_VARIABLE.search(shown.get("url", "")))
    return {**shown, "variable": wants or kind in {"copy_code", "otp"}}


def _filled_header(
    told: Mapping[str, Any], use: TemplateUse, media_id: str | None
) -> dict[str, Any] | None:
    header = _component(told, "HEADER")
    kind = (text(header.get("format")) or "").lower()
    if kind == "text":
        parameters = _parameters(text(header.get("text")), use.header, told)
    elif kind in _MEDIA:
        parameters = [{"type": kind, kind: _header_file(use, media_id)}]
    elif kind == "location":
        names = ("latitude", "longitude", "name", "address")
        if len(use.header) != len(names):
            raise _missing("the place in its header: latitude, longitude, name, address")
        place = dict(zip(names, use.header, strict=True))
        parameters = [{"type": "location", "location": place}]
    else:
        return None
    return {"type": "header", "parameters": parameters} if parameters else None


def _header_file(use: TemplateUse, media_id: str | None) -> dict[str, str]:
    if media_id is not None:
        return {"id": media_id}
    if use.header and use.header[0].startswith("https://"):
        return {"link": use.header[0]}
    raise _missing("a file for its header")


def _filled_body(told: Mapping[str, Any], use: TemplateUse) -> dict[str, Any] | None:
    parameters = _parameters(text(_component(told, "BODY").get("text")), use.body, told)
    return {"type": "body", "parameters": parameters} if parameters else None


def _parameters(
    words: str | None, values: Sequence[str], told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Values in their places. Meta takes no line breaks, tabs or rows of spaces in them (132018)."""
    names = _variables(words)
    given = [" ".join(value.split()) for value in values]
    if len(given) != len(names) or not all(given):
        raise _missing(f"{len(names)} values for its variables")
    named = str(told.get("parameter_format")).upper() == "NAMED"
    return [
        {"type": "text", **({"parameter_name": name} if named else {}), "text": value}
        for name, value in zip(names, given, strict=True)
    ]


def _filled_button(
    place: int, button: Mapping[str, Any], told: Mapping[str, Any], use: TemplateUse
) -> dict[str, Any] | None:
    """What a button needs to be told when it is sent; most need nothing."""
    kind = (text(button.get("type")) or "").upper()
    value = use.buttons.get(place)
    if value is None and str(told.get("category")).upper() == "AUTHENTICATION" and use.body:
        value = use.body[0]  # the code that is in the text is the one to be copied
    if kind == "FLOW":
        flow = {"type": "action", "action": {"flow_token": "unused"}}
        return _sent_button(place, "flow", flow)
    if kind == "QUICK_REPLY":
        reply = {"type": "payload", "payload": value}
        return _sent_button(place, "quick_reply", reply) if value is not None else None
    wanted = _button(button)["variable"]
    if not wanted:
        return None
    if value is None or not value.strip():
        raise _missing(f"a value for its button “{text(button.get('text')) or place + 1}”")
    if kind == "COPY_CODE":
        coupon = {"type": "coupon_code", "coupon_code": value}
        return _sent_button(place, "copy_code", coupon)
    return _sent_button(place, "url", {"type": "text", "text": value})


def _sent_button(place: int, kind: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "button", "sub_type": kind, "index": str(place), "parameters": [parameter]}


def _missing(what: str) -> RejectedError:
    return RejectedError("template_variables", f"The template needs {what}.")
