"""What one Instagram message holds, in the contract's kinds.

https://developers.facebook.com/docs/instagram-platform/webhooks/examples and
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks. Nothing of
an unexpected shape raises: it is passed over, or told as unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.base.values import id_of, listed, mapping, url_of, written
from connectors.instagram.media import is_media_url
from crm.contract import Attachment, MessageKind, Referral

_FILES: Final = {
    "image": MessageKind.IMAGE,
    "video": MessageKind.VIDEO,
    "audio": MessageKind.AUDIO,
    "file": MessageKind.DOCUMENT,
    "animated_image": MessageKind.IMAGE,
    "sticker": MessageKind.STICKER,
}
_SHARED: Final = {
    "share": MessageKind.IMAGE,
    "ig_post": MessageKind.IMAGE,
    "post": MessageKind.IMAGE,
    "ig_story": MessageKind.IMAGE,
    "story": MessageKind.IMAGE,
    "reel": MessageKind.VIDEO,
    "ig_reel": MessageKind.VIDEO,
}
"""Something of Instagram's own that was sent on: shown as its picture, with the link to it."""
_SHARED_IDS: Final = ("ig_post_media_id", "reel_video_id", "id")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{8,20}")
_MAX_FILES: Final = 20


@dataclass(slots=True)
class Content:
    """A message's kind, its words, and what the kind needs beyond them."""

    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    payload: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: str | None = None
    referral: Referral | None = None
    own_phone: str | None = None
    """The sender's own number, when they tapped the question for it."""
    data: dict[str, Any] = field(default_factory=dict)


def content_of(message: Mapping[str, Any], *, loopback: bool = False) -> Content:
    """The content of a message or an echo. ``loopback``: files of this machine are taken, too."""
    content = Content(text=written(message.get("text")))
    kinds: list[MessageKind] = []
    for raw in listed(message.get("attachments"))[:_MAX_FILES]:
        kind = _attachment(content, mapping(raw), loopback=loopback)
        if kind is not None:
            kinds.append(kind)
    if kinds:
        content.kind = kinds[0]
    _quick_reply(content, mapping(message.get("quick_reply")))
    _answered(content, mapping(message.get("reply_to")))
    content.referral = referral_of(message.get("referral")) or content.referral
    if message.get("is_unsupported") is True:
        content.kind = MessageKind.UNSUPPORTED
        content.data.setdefault("type", "unsupported")
    elif not content.text and not content.attachments and not kinds:
        content.kind = MessageKind.UNSUPPORTED
        content.data.setdefault("type", "unknown")
    return content


def referral_of(raw: object) -> Referral | None:
    """What brought the person: an advertisement, an ``ig.me`` link, a shop's product.

    https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/ig-me-links
    """
    told = mapping(raw)
    if not told:
        return None
    ad, product = mapping(told.get("ads_context_data")), mapping(told.get("product"))
    ad_id, named = id_of(told.get("ad_id")), written(told.get("source")).upper()
    if ad_id or "ADS" in named:
        source = "ad"
    elif "LINK" in named or told.get("ref"):
        source = "link"
    else:
        source = "other"
    return Referral(
        source=source,
        ref=written(told.get("ref")) or id_of(product.get("id")),
        ad_id=ad_id,
        title=written(ad.get("ad_title")) or None,
        url=url_of(ad.get("video_url")) or url_of(ad.get("photo_url")),
    )


def _attachment(content: Content, raw: Mapping[str, Any], *, loopback: bool) -> MessageKind | None:
    """Take in one attachment; its kind, or None when it only adds to the text."""
    kind, payload = written(raw.get("type")).lower(), mapping(raw.get("payload"))
    url = url_of(payload.get("url"))
    if kind in _FILES and url is not None:
        content.attachments.append(Attachment(kind=_FILES[kind], ref={"url": url}))
        return _FILES[kind]
    if kind == "story_mention":
        content.data["story"] = {"type": "mention"}
        content.referral = content.referral or Referral(source="story")
        if url is not None:
            content.attachments.append(Attachment(kind=MessageKind.IMAGE, ref={"url": url}))
        return MessageKind.IMAGE
    if kind in _SHARED:
        return _shared(content, kind, payload, url, loopback=loopback)
    if kind == "like_heart":
        _add(content, "❤️")
        return MessageKind.STICKER
    if kind in {"template", "fallback"}:
        words = _template(raw, payload)
        if words:
            _add(content, words)
            return None
    content.data["type"] = kind or "unknown"
    return MessageKind.UNSUPPORTED


def _shared(
    content: Content, kind: str, payload: Mapping[str, Any], url: str | None, *, loopback: bool
) -> MessageKind | None:
    """A post, reel or story of somebody: its picture where one is told, else its address."""
    title = written(payload.get("title"))
    known = next((found for name in _SHARED_IDS if (found := id_of(payload.get(name)))), None)
    told = {"type": kind, "title": title or None, "url": url, "id": known}
    content.data["shared"] = {name: value for name, value in told.items() if value}
    if not content.text:
        _add(content, title)
    if url is not None and is_media_url(url, loopback=loopback):
        content.attachments.append(Attachment(kind=_SHARED[kind], ref={"url": url}))
        return _SHARED[kind]
    if url is not None:
        _add(content, url)
        return None
    return None if content.text else MessageKind.UNSUPPORTED


def _template(raw: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """The words of a card, a product, or a link with a preview."""
    cards = [payload, raw, mapping(payload.get("generic")), mapping(payload.get("product"))]
    for one in list(cards):
        cards += [mapping(element) for element in listed(one.get("elements"))]
    names = ("text", "title", "subtitle", "url")
    words = (written(card.get(name)) for card in cards for name in names)
    return "\n".join(dict.fromkeys(word for word in words if word))


def _quick_reply(content: Content, tapped: Mapping[str, Any]) -> None:
    payload = written(tapped.get("payload"))
    if not payload:
        return
    if payload == content.text and _PHONE.fullmatch(payload):
        content.own_phone = "+" + re.sub(r"[^0-9]", "", payload)
        content.kind = MessageKind.CONTACT
        content.data |= {"phone": content.own_phone, "own": True}
        return
    content.payload = payload


def _answered(content: Content, told: Mapping[str, Any]) -> None:
    """The message or the story that this answers. A story ends, so its picture is fetched at once."""
    content.reply_to = id_of(told.get("mid"))
    story = mapping(told.get("story"))
    if not story:
        return
    known, url = id_of(story.get("id")), url_of(story.get("url"))
    content.data["story"] = {"type": "reply", **({"id": known} if known else {})}
    content.referral = content.referral or Referral(source="story", ref=known)
    if url is not None:
        content.attachments.append(Attachment(kind=MessageKind.IMAGE, ref={"url": url}))


def _add(content: Content, words: str) -> None:
    content.text = f"{content.text}\n{words}".strip("\n")
