"""Events as Instagram delivers them, and what each must become.

Shapes, unless another source is named beside one:
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks and
https://developers.facebook.com/docs/instagram-platform/webhooks/examples; names and numbers are invented.
"""

from datetime import UTC, datetime
from typing import Any

from crm.contract import Deletion, Echo, Reaction, ReadMark, Referral, Sender

IG = "17841400000000001"
PERSON = "501200300400500"
MID = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE"
OURS = "aWdfZAG1faXRlbToxOk91cnM"
TIME = 1_795_000_000_123
AT = datetime.fromtimestamp(TIME / 1000, UTC)
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17&signature=AbC"


def event(**content: Any) -> dict[str, Any]:
    """One event of the customer."""
    return {"sender": {"id": PERSON}, "recipient": {"id": IG}, "timestamp": TIME, **content}


def message(**content: Any) -> dict[str, Any]:
    return event(message={"mid": MID, **content})


def attachment(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": kind, "payload": payload}


def body(*events: dict[str, Any], account: str = IG, key: str = "messaging") -> dict[str, Any]:
    """What is delivered: https://developers.facebook.com/docs/graph-api/webhooks/getting-started."""
    return {"object": "instagram", "entry": [{"id": account, "time": TIME, key: list(events)}]}


def change(field: str, value: Any) -> dict[str, Any]:
    """The other shape, which the app's dashboard sends for trying."""
    return {
        "object": "instagram",
        "entry": [{"id": IG, "time": TIME, "changes": [{"field": field, "value": value}]}],
    }


CONTENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": (message(text="Сәлем"), {"kind": "text", "text": "Сәлем", "files": []}),
    "image": (
        message(attachments=[attachment("image", url=CDN)]),
        {"kind": "image", "text": "", "files": [("image", CDN)]},
    ),
    "several images and a text": (
        message(text="екеуі", attachments=[attachment("image", url=CDN)] * 2),
        {"kind": "image", "text": "екеуі", "files": [("image", CDN)] * 2},
    ),
    "video": (
        message(attachments=[attachment("video", url=CDN)]),
        {"kind": "video", "files": [("video", CDN)]},
    ),
    "voice": (
        message(attachments=[attachment("audio", url=CDN)]),
        {"kind": "audio", "files": [("audio", CDN)]},
    ),
    "file": (
        message(attachments=[attachment("file", url=CDN)]),
        {"kind": "document", "files": [("document", CDN)]},
    ),
    "a post that is sent on": (
        message(attachments=[attachment("share", url=CDN)]),
        {
            "kind": "image",
            "files": [("image", CDN)],
            "data": {"shared": {"type": "share", "url": CDN}},
        },
    ),
    "a post with its title": (
        message(attachments=[attachment("ig_post", url=CDN, title="Тау", ig_post_media_id="178")]),
        {
            "kind": "image",
            "text": "Тау",
            "data": {"shared": {"type": "ig_post", "title": "Тау", "url": CDN, "id": "178"}},
        },
    ),
    "a reel": (
        message(attachments=[attachment("ig_reel", url=CDN, title="Reel", reel_video_id=179)]),
        {"kind": "video", "text": "Reel", "files": [("video", CDN)]},
    ),
    "a reel by its address": (
        message(
            attachments=[attachment("reel", url="https://www.instagram.com/reel/C1/", title="R")]
        ),
        {"kind": "text", "text": "R\nhttps://www.instagram.com/reel/C1/", "files": []},
    ),
    "a post with a question": (
        message(text="Бұл қанша?", attachments=[attachment("share", url=CDN, title="Тау")]),
        {"kind": "image", "text": "Бұл қанша?"},
    ),
    "a story mentions us": (
        message(attachments=[attachment("story_mention", url=CDN)]),
        {
            "kind": "image",
            "files": [("image", CDN)],
            "data": {"story": {"type": "mention"}},
            "referral": Referral(source="story"),
        },
    ),
    "an answer to a story": (
        message(text="Қанша?", reply_to={"story": {"url": CDN, "id": "180"}}),
        {
            "kind": "text",
            "text": "Қанша?",
            "files": [("image", CDN)],
            "data": {"story": {"type": "reply", "id": "180"}},
            "referral": Referral(source="story", ref="180"),
        },
    ),
    "a quoted message": (
        message(text="осы", reply_to={"mid": OURS, "is_self_reply": False}),
        {"text": "осы", "reply_to": OURS},
    ),
    "a quick reply": (
        message(text="Иә", quick_reply={"payload": "/affirm"}),
        {"text": "Иә", "payload": "/affirm"},
    ),
    # https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies
    "the phone is given": (
        message(text="+7 701 123-45-67", quick_reply={"payload": "+7 701 123-45-67"}),
        {"kind": "contact", "payload": None, "phone": "+77011234567"},
    ),
    "a choice whose payload is a number": (
        message(text="Қоңырау шалу", quick_reply={"payload": "+77011234567"}),
        {"kind": "text", "payload": "+77011234567"},
    ),
    "through an advertisement": (
        message(
            text="Сәлем",
            referral={
                "ref": "autumn",
                "ad_id": "120210",
                "source": "ADS",
                "type": "OPEN_THREAD",
                "ads_context_data": {"ad_title": "Тау", "photo_url": "https://x.kz/a.jpg"},
            },
        ),
        {
            "referral": Referral(
                source="ad", ref="autumn", ad_id="120210", title="Тау", url="https://x.kz/a.jpg"
            )
        },
    ),
    "about a product": (
        message(text="бар ма?", referral={"product": {"id": "181"}}),
        {"referral": Referral(source="other", ref="181")},
    ),
    # https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/ice-breakers
    "a question is tapped": (
        event(postback={"mid": MID, "title": "Менің тапсырысым?", "payload": "/check_status"}),
        {"text": "Менің тапсырысым?", "payload": "/check_status"},
    ),
    # https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/ig-me-links
    "a question is tapped after a link": (
        event(
            postback={
                "mid": MID,
                "title": "Тапсырыс",
                "payload": "/place_order",
                "referral": {"ref": "flyer", "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"},
            }
        ),
        {"payload": "/place_order", "referral": Referral(source="link", ref="flyer")},
    ),
    "a link is opened again": (
        event(referral={"ref": "flyer", "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"}),
        {
            "external_id": f"referral:{PERSON}:{TIME}",
            "platform_id": None,
            "text": "",
            "answerable": False,
            "referral": Referral(source="link", ref="flyer"),
        },
    ),
    "unsupported": (
        message(is_unsupported=True),
        {"kind": "unsupported", "data": {"type": "unsupported"}},
    ),
    "a disappearing photo": (
        message(attachments=[{"type": "ephemeral"}]),
        {"kind": "unsupported", "data": {"type": "ephemeral"}},
    ),
    "nothing at all": (message(), {"kind": "unsupported", "data": {"type": "unknown"}}),
    "a product from the shop": (
        message(
            attachments=[
                attachment("template", product={"elements": [{"id": "1", "title": "Шатыр"}]})
            ]
        ),
        {"kind": "text", "text": "Шатыр"},
    ),
    "a link with a preview": (
        message(attachments=[attachment("fallback", title="Aitys", url="https://aitys.kz")]),
        {"kind": "text", "text": "Aitys\nhttps://aitys.kz"},
    ),
    "a heart": (
        message(attachments=[{"type": "like_heart"}]),
        {"kind": "sticker", "text": "❤️", "files": []},
    ),
    # https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-edits
    "an edit": (
        event(message_edit={"mid": MID, "text": "Сәлем!", "num_edit": 1}),
        {
            "external_id": f"edit:{MID}:1",
            "platform_id": None,
            "edit_of": MID,
            "text": "Сәлем!",
        },
    ),
    # https://developers.facebook.com/documentation/instagram-platform/self-messaging
    "the owner tries it out": (
        message(text="test", is_self=True),
        {"text": "test", "data": {"self": True}},
    ),
}

EVENTS: dict[str, tuple[dict[str, Any], Any]] = {
    "a reaction": (
        event(reaction={"mid": OURS, "action": "react", "reaction": "love", "emoji": "❤"}),
        Reaction(
            external_id=f"reaction:{OURS}:❤:{PERSON}:{TIME}",
            chat_id=PERSON,
            platform_id=OURS,
            emoji="❤",
            at=AT,
        ),
    ),
    "a reaction without its picture": (
        event(reaction={"mid": OURS, "action": "react", "reaction": "wow"}),
        Reaction(
            external_id=f"reaction:{OURS}:😮:{PERSON}:{TIME}",
            chat_id=PERSON,
            platform_id=OURS,
            emoji="😮",
            at=AT,
        ),
    ),
    "a reaction taken back": (
        event(reaction={"mid": OURS, "action": "unreact"}),
        Reaction(
            external_id=f"reaction:{OURS}:off:{PERSON}:{TIME}",
            chat_id=PERSON,
            platform_id=OURS,
            emoji=None,
            at=AT,
        ),
    ),
    "a message taken back": (
        message(is_deleted=True),
        Deletion(external_id=f"deleted:{MID}", chat_id=PERSON, platform_id=MID),
    ),
    "seen": (
        event(read={"mid": OURS}),
        ReadMark(external_id=f"read:{OURS}", chat_id=PERSON, platform_id=OURS),
    ),
    "seen up to a moment": (
        event(read={"watermark": TIME}),
        ReadMark(external_id=f"read:{PERSON}:{TIME}", chat_id=PERSON, until=AT),
    ),
    "the owner writes from the phone": (
        {
            "sender": {"id": IG},
            "recipient": {"id": PERSON},
            "timestamp": TIME,
            "message": {"mid": OURS, "text": "Қазір", "is_echo": True},
        },
        Echo(
            external_id=f"echo:{OURS}",
            chat_id=PERSON,
            platform_id=OURS,
            text="Қазір",
            attachments=[],
            sent_at=AT,
            addressee=Sender(external_id=PERSON),
        ),
    ),
    "the owner takes it back": (
        {
            "sender": {"id": IG},
            "recipient": {"id": PERSON},
            "timestamp": TIME,
            "message": {"mid": OURS, "is_echo": True, "is_deleted": True},
        },
        Deletion(external_id=f"deleted:{OURS}", chat_id=PERSON, platform_id=OURS),
    ),
}

IGNORED: dict[str, dict[str, Any]] = {
    "another app took the conversation": body(
        event(take_thread_control={"previous_owner_app_id": "1", "new_owner_app_id": "2"})
    ),
    "the conversation was passed on": body(
        event(pass_thread_control={"new_owner_app_id": "2", "metadata": "x"})
    ),
    "an opt-in": body(event(optin={"type": "notification_messages"})),
    "a comment": change("comments", {"id": "1", "text": "қанша?", "from": {"id": PERSON}}),
    "a mention in a comment": change("mentions", {"media_id": "1", "comment_id": "2"}),
    "a hand-over": change(
        "messaging_handover", event(pass_thread_control={"new_owner_app_id": "2"})
    ),
    "not edited": body(event(message_edit={"mid": MID, "num_edit": 0, "text": "x"})),
    "an edit of what cannot be read": body(event(message_edit={"mid": MID, "num_edit": 1})),
    "our own reaction": body({**event(reaction={"mid": MID}), "sender": {"id": IG}}),
    "we read it": body({**event(read={"mid": MID}), "sender": {"id": IG}}),
    "an echo to ourselves": body(
        {**message(text="x", is_echo=True, is_self=True), "sender": {"id": IG}}
    ),
    "about a Page": {"object": "page", "entry": [{"id": "1", "messaging": [message(text="x")]}]},
    "no entries": {"object": "instagram", "entry": []},
    "an entry of nobody": {"object": "instagram", "entry": [{"messaging": [message(text="x")]}]},
    "from nobody": body({"recipient": {"id": IG}, "message": {"mid": MID, "text": "x"}}),
    "no events": body(),
}

MALFORMED: dict[str, Any] = {
    "a list": [],
    "a number": 1,
    "null": None,
    "a text": "instagram",
    "no entry": {"object": "instagram"},
    "entry is an object": {"object": "instagram", "entry": {}},
}

BODIES: list[dict[str, Any]] = [
    *(body(told) for told, _ in CONTENTS.values()),
    *(body(told, key="standby") for told, _ in list(CONTENTS.values())[:4]),
    *(body(told) for told, _ in EVENTS.values()),
    *IGNORED.values(),
    change("messages", {**message(text="Сәлем"), "timestamp": "1795000000"}),
]
"""All of them, as a parser is tried with them."""
