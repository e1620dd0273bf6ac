"""What one WhatsApp message holds, in the contract's kinds.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
and the pages under it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from connectors.base.values import mapping, mappings, number, plain, text
from connectors.whatsapp.people import phone_of
from crm.contract import Attachment, MessageKind, Referral

_LINK_MARK: Final = re.compile(r"(?:^|\s)#ref-(?P<ref>[A-Za-z0-9_-]{1,64})\s*$")
"""What ``link`` puts at the end of the text that a link has written in advance."""
_MOST_LINES: Final = 30


@dataclass(frozen=True, slots=True)
class Content:
    """A message's kind, its words, and what the kind needs beyond them."""

    kind: MessageKind
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    attachment: Attachment | None = None
    payload: str | None = None
    link: str | None = None
    """The mark of the link that opened the chat."""
    own_phone: str | None = None
    """The sender's own number, in E.164, when that is what was shared."""


def content_of(message: Mapping[str, Any]) -> Content:
    """The content of a message; what is not understood is ``UNSUPPORTED``."""
    kind = text(message.get("type")) or "unknown"
    read = _READERS.get(kind)
    found = read(message) if read is not None else None
    return found if found is not None else unsupported(message)


def unsupported(message: Mapping[str, Any]) -> Content:
    """What is left to say of a message that Meta, or we, cannot read; and why."""
    told = text(mapping(message.get("unsupported")).get("type")) or text(message.get("type"))
    errors = [
        {
            "code": plain(error.get("code")),
            "detail": text(mapping(error.get("error_data")).get("details"))
            or text(error.get("title"))
            or "",
        }
        for error in mappings(message.get("errors"))[:5]
    ]
    data: dict[str, Any] = {"type": (told or "unknown")[:100]}
    return Content(MessageKind.UNSUPPORTED, "", {**data, **({"errors": errors} if errors else {})})


def referral_of(message: Mapping[str, Any]) -> Referral | None:
    """The advertisement or post that brought the person: it comes with their first message."""
    told = mapping(message.get("referral"))
    if not told:
        return None
    source, source_id = text(told.get("source_type")), text(told.get("source_id"))
    return Referral(
        source=source if source in {"ad", "post"} else "other",
        ref=source_id if source != "ad" else None,
        ad_id=source_id if source == "ad" else None,
        title=text(told.get("headline")) or text(told.get("body")),
        url=text(told.get("source_url")),
        click_id=text(told.get("ctwa_clid")),
    )


def _text(message: Mapping[str, Any]) -> Content | None:
    body = mapping(message.get("text")).get("body")
    if not isinstance(body, str):
        return None
    if (mark := _LINK_MARK.search(body)) is not None:
        return Content(MessageKind.TEXT, body[: mark.start()].rstrip(), link=mark["ref"])
    return Content(MessageKind.TEXT, body)


def _media(kind: MessageKind) -> Callable[[Mapping[str, Any]], Content | None]:
    def read(message: Mapping[str, Any]) -> Content | None:
        file = mapping(message.get(str(message.get("type"))))
        if (media_id := text(file.get("id"))) is None:
            return None
        mime = (text(file.get("mime_type")) or "").partition(";")[0].strip()
        attachment = Attachment(
            kind=kind,
            ref={"media_id": media_id},
            name=text(file.get("filename")),
            mime=mime or None,
        )
        data = {name: True for name in ("voice", "animated") if file.get(name) is True}
        return Content(kind, text(file.get("caption")) or "", data, attachment)

    return read


def _location(message: Mapping[str, Any]) -> Content | None:
    told = mapping(message.get("location"))
    latitude, longitude = number(told.get("latitude")), number(told.get("longitude"))
    if latitude is None or longitude is None:
        return None
    data: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
    if (url := text(told.get("url"))) is not None:
        data["url"] = url
    words = [text(told.get("name")), text(told.get("address"))]
    return Content(MessageKind.LOCATION, ", ".join(word for word in words if word), data)


def _contacts(message: Mapping[str, Any]) -> Content | None:
    people = [_card(card) for card in mappings(message.get("contacts"))]
    people = [card for card in people if card["name"] or card["phone"] or card["email"]]
    if not people:
        return None
    first, asked = people[0], "contact_request" in (text(message.get("origin")) or "")
    sender = phone_of(text(message.get("from")))
    own = first["phone"] is not None and (asked or first["phone"] == sender)
    lines = [" ".join(filter(None, (c["name"], c["phone"] or c["email"]))) for c in people]
    return Content(
        MessageKind.CONTACT,
        str(first["phone"]) if own and len(people) == 1 else "\n".join(lines[:_MOST_LINES]),
        {"phone": first["phone"], "name": first["name"] or "", "own": own, "contacts": people},
        own_phone=first["phone"] if own else None,
    )


def _card(card: Mapping[str, Any]) -> dict[str, str | None]:
    name = mapping(card.get("name"))
    parts = [text(name.get("first_name")), text(name.get("last_name"))]
    called = text(name.get("formatted_name")) or " ".join(part for part in parts if part)
    phones = mappings(card.get("phones"))
    given = next((p for p in phones if text(p.get("wa_id"))), phones[0] if phones else {})
    written = text(given.get("phone"))
    phone = phone_of(text(given.get("wa_id"))) or phone_of(re.sub(r"[\s()-]", "", written or ""))
    emails = [text(one.get("email")) for one in mappings(card.get("emails"))]
    return {
        "name": called or None,
        "phone": phone or written,
        "email": next((one for one in emails if one), None),
    }


def _interactive(message: Mapping[str, Any]) -> Content | None:
    told = mapping(message.get("interactive"))
    for name in ("button_reply", "list_reply"):
        reply = mapping(told.get(name))
        title, payload = text(reply.get("title")), text(reply.get("id"))
        if title or payload:
            return Content(MessageKind.TEXT, title or payload or "", payload=payload)
    flow = mapping(told.get("nfm_reply"))
    return _flow(flow) if flow else None


def _flow(reply: Mapping[str, Any]) -> Content:
    """A form that was filled in: its answers, line by line."""
    try:
        answers = orjson.loads(text(reply.get("response_json")) or "{}")
    except orjson.JSONDecodeError:
        answers = {}
    answers = {
        name: value for name, value in mapping(plain(answers)).items() if name != "flow_token"
    }
    lines = [
        f"{name}: {value}"
        for name, value in answers.items()
        if isinstance(value, str | int | float) and value != ""
    ]
    words = "\n".join(lines[:_MOST_LINES]) or text(reply.get("body")) or ""
    name = text(reply.get("name")) or ""
    return Content(MessageKind.TEXT, words, {"type": "flow", "name": name, "answers": answers})


def _template_button(message: Mapping[str, Any]) -> Content | None:
    """A tap on a template's quick reply. Without a payload of ours Meta repeats the title."""
    told = mapping(message.get("button"))
    title, payload = text(told.get("text")), text(told.get("payload"))
    if title is None and payload is None:
        return None
    return Content(
        MessageKind.TEXT, title or payload or "", payload=payload if payload != title else None
    )


def _order(message: Mapping[str, Any]) -> Content | None:
    """Goods that were put into the cart of the company's catalogue."""
    told = mapping(message.get("order"))
    items = mappings(told.get("product_items"))
    if not items:
        return None
    lines = [_order_line(item) for item in items[:_MOST_LINES]]
    words = "\n".join(filter(None, (text(told.get("text")), *lines)))
    return Content(MessageKind.TEXT, words, {"type": "order", "order": plain(dict(told))})


def _order_line(item: Mapping[str, Any]) -> str:
    price, currency = number(item.get("item_price")), text(item.get("currency")) or ""
    cost = f" ({price:g} {currency})".replace(" )", ")") if price is not None else ""
    return (
        f"{plain(item.get('quantity')) or 1} × {text(item.get('product_retailer_id')) or '?'}{cost}"
    )


def _welcome(message: Mapping[str, Any]) -> Content:  # noqa: ARG001 - all readers are called alike
    """The chat was opened for the first time, and nothing was said yet: the bot greets."""
    return Content(MessageKind.TEXT, "/start", {"command": "start", "type": "request_welcome"})


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Content | None]]] = {
    "text": _text,
    "image": _media(MessageKind.IMAGE),
    "audio": _media(MessageKind.AUDIO),
    "voice": _media(MessageKind.AUDIO),
    "video": _media(MessageKind.VIDEO),
    "document": _media(MessageKind.DOCUMENT),
    "sticker": _media(MessageKind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _template_button,
    "order": _order,
    "request_welcome": _welcome,
}
