"""What Meta delivers, and what each must become.

Shapes are those of the pages under SOURCE, named at each; names, numbers and ids are invented.
"""

from datetime import UTC, datetime
from typing import Any

from crm.contract import (
    ChatMove,
    ConsentChange,
    Deletion,
    Echo,
    MessageKind,
    Notice,
    Reaction,
    Referral,
    Sender,
    StatusUpdate,
)
from tests.fakes.whatsapp_api import body, customer, message, said, status, value

SOURCE = (
    "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference"
)
USER_ID = "KZ.13491208655302741918"
SENDER = Sender(external_id=USER_ID, name="Айгүл Серікқызы", phone="+77010000501")
AT = datetime(2026, 11, 17, 18, 13, 20, tzinfo=UTC)
SECONDS = "1794939200"
MEDIA = {"id": "1003383421387256", "sha256": "SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI="}


def sent(**content: Any) -> dict[str, Any]:
    return said(message(timestamp=SECONDS, **content))


MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # /messages/text
    "text": (
        sent(text={"body": "Сәлем"}),
        {"text": "Сәлем", "sender": SENDER, "chat_id": USER_ID, "sent_at": AT, "data": {}},
    ),
    # /messages/text: a click on an advertisement
    "advertisement": (
        sent(
            text={"body": "Осы бар ма?"},
            referral={
                "source_url": "https://fb.me/3cr4Wqqkv",
                "source_id": "120226305854810726",
                "source_type": "ad",
                "body": "Summer succulents are here!",
                "headline": "Chat with us",
                "media_type": "image",
                "image_url": "https://scontent.xx.fbcdn.net/v/t45.1",
                "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h7IHYeYymGb5K5J5iTROpBhWAGaIAeUzHL50",
                "welcome_message": {"text": "Hi there!"},
            },
        ),
        {
            "text": "Осы бар ма?",
            "referral": Referral(
                source="ad",
                ad_id="120226305854810726",
                title="Chat with us",
                url="https://fb.me/3cr4Wqqkv",
                click_id="Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h7IHYeYymGb5K5J5iTROpBhWAGaIAeUzHL50",
            ),
        },
    ),
    "a post": (
        sent(
            text={"body": "?"},
            referral={"source_type": "post", "source_id": "77", "source_url": "https://fb.me/p"},
        ),
        {"referral": Referral(source="post", ref="77", url="https://fb.me/p")},
    ),
    "our own link": (
        sent(text={"body": "Сәлеметсіз бе! #ref-insta_07"}),
        {"text": "Сәлеметсіз бе!", "referral": Referral(source="link", ref="insta_07")},
    ),
    # /messages/text: a reply, a forwarded message, a question about a product
    "reply": (
        sent(text={"body": "иә"}, context={"from": "77273555010", "id": "wamid.Q"}),
        {"reply_to": "wamid.Q"},
    ),
    "forwarded": (
        sent(text={"body": "қараңыз"}, context={"frequently_forwarded": True}),
        {"data": {"forwarded": True}, "reply_to": None},
    ),
    "about a product": (
        sent(
            text={"body": "Бар ма?"},
            context={
                "from": "77273555010",
                "id": "wamid.P",
                "referred_product": {
                    "catalog_id": "194836987003835",
                    "product_retailer_id": "di9ozbzfi4",
                },
            },
        ),
        {
            "data": {
                "product": {"catalog_id": "194836987003835", "product_retailer_id": "di9ozbzfi4"}
            }
        },
    ),
    # /messages/image, /audio, /video, /document, /sticker
    "image": (
        sent(image={**MEDIA, "mime_type": "image/jpeg", "caption": "Мынау"}),
        {
            "kind": MessageKind.IMAGE,
            "text": "Мынау",
            "file": {"mime": "image/jpeg", "ref": {"media_id": MEDIA["id"]}},
        },
    ),
    "voice": (
        sent(audio={**MEDIA, "mime_type": "audio/ogg; codecs=opus", "voice": True}),
        {
            "kind": MessageKind.AUDIO,
            "text": "",
            "data": {"voice": True},
            "file": {"mime": "audio/ogg"},
        },
    ),
    "audio": (
        sent(audio={**MEDIA, "mime_type": "audio/mpeg", "voice": False}),
        {"kind": MessageKind.AUDIO, "data": {}},
    ),
    "video": (
        sent(video={**MEDIA, "mime_type": "video/mp4"}),
        {"kind": MessageKind.VIDEO, "file": {"mime": "video/mp4"}},
    ),
    "document": (
        sent(
            document={
                **MEDIA,
                "mime_type": "application/pdf",
                "filename": "Шот №7.pdf",
                "caption": "төлем",
            }
        ),
        {"kind": MessageKind.DOCUMENT, "text": "төлем", "file": {"name": "Шот №7.pdf"}},
    ),
    "sticker": (
        sent(sticker={**MEDIA, "mime_type": "image/webp", "animated": True}),
        {"kind": MessageKind.STICKER, "data": {"animated": True}},
    ),
    # /messages/location, /messages/contacts
    "location": (
        sent(
            location={
                "latitude": 43.238949,
                "longitude": 76.889709,
                "name": "Арбат",
                "address": "Жібек Жолы 50",
                "url": "https://foursquare.com/v/1",
            }
        ),
        {
            "kind": MessageKind.LOCATION,
            "text": "Арбат, Жібек Жолы 50",
            "data": {
                "latitude": 43.238949,
                "longitude": 76.889709,
                "url": "https://foursquare.com/v/1",
            },
        },
    ),
    "somebody's contact": (
        sent(
            contacts=[
                {
                    "name": {"first_name": "Бауыржан", "formatted_name": "Бауыржан Ахметов"},
                    "phones": [{"phone": "+7 (701) 000-05-02", "type": "CELL"}],
                    "emails": [{"email": "b@tau.kz", "type": "WORK"}],
                }
            ]
        ),
        {
            "kind": MessageKind.CONTACT,
            "text": "Бауыржан Ахметов +77010000502",
            "data.own": False,
            "data.phone": "+77010000502",
        },
    ),
    "own contact": (
        sent(
            contacts=[
                {
                    "name": {"formatted_name": "Айгүл"},
                    "phones": [{"phone": "+7 701 000 05 01", "wa_id": "77010000501"}],
                }
            ]
        ),
        {"kind": MessageKind.CONTACT, "text": "+77010000501", "data.own": True},
    ),
    # /messages/interactive, /messages/button
    "button reply": (
        sent(
            type="interactive",
            context={"from": "77273555010", "id": "wamid.B"},
            interactive={
                "type": "button_reply",
                "button_reply": {"id": "/ask_human", "title": "Адам керек"},
            },
        ),
        {"text": "Адам керек", "payload": "/ask_human", "reply_to": "wamid.B"},
    ),
    "list reply": (
        sent(
            type="interactive",
            interactive={
                "type": "list_reply",
                "list_reply": {"id": "/x", "title": "Экспресс", "description": "Ертең"},
            },
        ),
        {"text": "Экспресс", "payload": "/x"},
    ),
    "flow reply": (
        sent(
            type="interactive",
            interactive={
                "type": "nfm_reply",
                "nfm_reply": {
                    "name": "flow",
                    "body": "Sent",
                    "response_json": '{"flow_token": "t", "name": "Айгүл", "day": 7, "x": {"y": 1}}',
                },
            },
        ),
        {
            "text": "name: Айгүл\nday: 7",
            "payload": None,
            "data": {
                "type": "flow",
                "name": "flow",
                "answers": {"name": "Айгүл", "day": 7, "x": {"y": 1}},
            },
        },
    ),
    "a template's button": (
        sent(
            type="button",
            context={"from": "77273555010", "id": "wamid.T"},
            button={"payload": "/place_order", "text": "Тапсырыс беру"},
        ),
        {"text": "Тапсырыс беру", "payload": "/place_order", "reply_to": "wamid.T"},
    ),
    "a template's button without a payload": (
        sent(type="button", button={"payload": "Иә", "text": "Иә"}),
        {"text": "Иә", "payload": None},
    ),
    # /messages/order
    "order": (
        sent(
            order={
                "catalog_id": "194836987003835",
                "text": "тез керек",
                "product_items": [
                    {
                        "product_retailer_id": "di9ozbzfi4",
                        "quantity": 2,
                        "item_price": 30000,
                        "currency": "KZT",
                    }
                ],
            }
        ),
        {"text": "тез керек\n2 × di9ozbzfi4 (30000 KZT)", "data.type": "order"},
    ),
    "the chat was opened": (
        sent(type="request_welcome"),
        {"text": "/start", "data": {"command": "start", "type": "request_welcome"}},
    ),
    # /messages/unsupported
    "unsupported": (
        sent(
            type="unsupported",
            errors=[
                {
                    "code": 131051,
                    "title": "Message type unknown",
                    "error_data": {"details": "Message type is currently not supported."},
                }
            ],
            unsupported={"type": "poll"},
        ),
        {
            "kind": MessageKind.UNSUPPORTED,
            "data": {
                "type": "poll",
                "errors": [{"code": 131051, "detail": "Message type is currently not supported."}],
            },
        },
    ),
    "a type of tomorrow": (
        sent(type="hologram", hologram={"id": "1"}),
        {"kind": MessageKind.UNSUPPORTED, "data": {"type": "hologram"}},
    ),
    "an image without a file": (sent(image={}), {"kind": MessageKind.UNSUPPORTED}),
    # /messages/edit
    "edit": (
        sent(
            type="edit",
            edit={
                "original_message_id": "wamid.O",
                "message": {"type": "text", "text": {"body": "Екі дана"}, "context": {"id": "M0"}},
            },
        ),
        {"text": "Екі дана", "edit_of": "wamid.O", "sent_at": AT},
    ),
    "an edited caption": (
        sent(
            type="edit",
            edit={
                "original_message_id": "wamid.O",
                "message": {"type": "image", "image": {**MEDIA, "caption": "бұл"}},
            },
        ),
        {"text": "бұл", "edit_of": "wamid.O", "attachments": ()},
    ),
    # business-scoped-user-ids
    "a hidden number": (
        said(
            message(person=customer(wa_id=None), timestamp=SECONDS, text={"body": "Сәлем"}),
            person=customer(wa_id=None),
        ),
        {
            "chat_id": USER_ID,
            "sender": Sender(external_id=USER_ID, name="Айгүл Серікқызы", username="aigul_s"),
        },
    ),
    "no user id yet": (
        body(
            value(
                contacts=[{"profile": {"name": "A"}, "wa_id": "77010000501"}],
                messages=[
                    {
                        "from": "77010000501",
                        "id": "wamid.A",
                        "timestamp": SECONDS,
                        "type": "text",
                        "text": {"body": "?"},
                    }
                ],
            )
        ),
        {
            "chat_id": "77010000501",
            "sender": Sender(external_id="77010000501", name="A", phone="+77010000501"),
        },
    ),
    # /messages/group
    "a group": (
        said({**message(timestamp=SECONDS, text={"body": "бәріңе"}), "group_id": "Y2FwaV9n"}),
        {"chat_id": "group:Y2FwaV9n", "answerable": False},
    ),
    "unknown fields": (
        sent(text={"body": "Сәлем", "new": [1]}, brand_new={"a": {"b": []}}, origin=7),
        {"text": "Сәлем"},
    ),
}

EVENTS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    # /messages/reaction
    "reaction": (
        sent(reaction={"message_id": "wamid.R", "emoji": "👍"}),
        [
            Reaction(
                external_id="wamid.A",
                chat_id=USER_ID,
                platform_id="wamid.R",
                emoji="👍",
                at=AT,
            )
        ],
    ),
    "reaction taken back": (
        sent(reaction={"message_id": "wamid.R"}),
        [
            Reaction(
                external_id="wamid.A",
                chat_id=USER_ID,
                platform_id="wamid.R",
                emoji=None,
                at=AT,
            )
        ],
    ),
    # /messages/revoke
    "revoke": (
        sent(revoke={"original_message_id": "wamid.O"}),
        [Deletion(external_id="wamid.A", chat_id=USER_ID, platform_id="wamid.O")],
    ),
    # /messages/status
    "sent": (
        body(
            value(
                contacts=[customer()],
                statuses=[
                    status(
                        "wamid.S",
                        "sent",
                        timestamp=SECONDS,
                        pricing={
                            "billable": True,
                            "pricing_model": "PMP",
                            "category": "marketing",
                            "type": "regular",
                        },
                    )
                ],
            )
        ),
        [
            StatusUpdate(
                external_id="wamid.S:sent",
                platform_id="wamid.S",
                state="sent",
                at=AT,
                data={"category": "marketing", "billable": True, "pricing": "regular"},
            )
        ],
    ),
    "what is not said to be billable is by its kind": (
        body(
            value(
                statuses=[
                    status(f"wamid.{kind}", "sent", pricing={"category": "SERVICE", "type": kind})
                    for kind in ("regular", "free_entry_point")
                ]
            )
        ),
        [
            {"data": {"category": "service", "billable": True, "pricing": "regular"}},
            {"data": {"category": "service", "billable": False, "pricing": "free_entry_point"}},
        ],
    ),
    "statuses without contacts, in any order": (
        body(
            value(
                statuses=[
                    status("wamid.S", "read", timestamp=SECONDS),
                    status("wamid.S", "delivered", timestamp=SECONDS),
                    status("wamid.S", "played", timestamp=SECONDS),
                    status("wamid.S", "warning", timestamp=SECONDS),
                ]
            )
        ),
        [
            {"external_id": f"wamid.S:{told}", "state": state, "at": AT, "data": {}}
            for told, state in (("read", "read"), ("delivered", "delivered"), ("played", "read"))
        ],
    ),
    "failed": (
        body(
            value(
                statuses=[
                    status(
                        "wamid.S",
                        "failed",
                        timestamp=SECONDS,
                        errors=[
                            {
                                "code": 131049,
                                "title": "This message was not delivered to maintain healthy ecosystem engagement.",
                                "error_data": {"details": "In order to maintain a healthy ..."},
                            }
                        ],
                    )
                ]
            )
        ),
        [
            StatusUpdate(
                external_id="wamid.S:failed",
                platform_id="wamid.S",
                state="failed",
                code="marketing_limited",
                detail="This person gets no more advertising now; try in a day.",
                at=AT,
            )
        ],
    ),
    "failed for a reason of tomorrow": (
        body(
            value(
                statuses=[
                    status("wamid.S", "failed", errors=[{"code": 139999, "title": "Moon phase"}])
                ]
            )
        ),
        [
            {
                "external_id": "wamid.S:failed",
                "code": "not_delivered",
                "detail": "Moon phase",
            }
        ],
    ),
    # /messages/system and business-scoped-user-ids
    "a new number": (
        body(
            value(
                messages=[
                    {
                        "from": "77010000501",
                        "id": "wamid.Y",
                        "timestamp": SECONDS,
                        "type": "system",
                        "system": {
                            "body": "User A changed from 77010000501 to 77010000502",
                            "wa_id": "77010000502",
                            "type": "user_changed_number",
                        },
                    }
                ]
            )
        ),
        [
            ChatMove(
                external_id="wamid.Y",
                chat_id="77010000501",
                new_chat_id="77010000502",
                sender=Sender(external_id="77010000502", phone="+77010000502"),
            )
        ],
    ),
    "a new number, and no new user id": (
        sent(type="system", system={"wa_id": "77010000502", "type": "user_changed_number"}),
        [
            Notice(
                external_id="wamid.A",
                topic="account",
                data={"event": "user_changed_number", "chat_id": USER_ID},
            )
        ],
    ),
    "a new user id": (
        body(
            value(
                messages=[
                    {
                        "from_user_id": USER_ID,
                        "id": "wamid.Y",
                        "type": "system",
                        "system": {"user_id": "KZ.2", "type": "user_changed_user_id"},
                    }
                ]
            )
        ),
        [
            ChatMove(
                external_id="wamid.Y",
                chat_id=USER_ID,
                new_chat_id="KZ.2",
                sender=Sender(external_id="KZ.2"),
            )
        ],
    ),
    "user_id_update": (
        body(
            value(
                user_id_update=[
                    {
                        "wa_id": "77010000501",
                        "detail": "User ID changed",
                        "user_id": {"previous": USER_ID, "current": "KZ.2"},
                        "timestamp": SECONDS,
                    }
                ]
            ),
            field="user_id_update",
        ),
        [
            ChatMove(
                external_id=f"{USER_ID}:KZ.2:{SECONDS}",
                chat_id=USER_ID,
                new_chat_id="KZ.2",
                sender=Sender(external_id="KZ.2", phone="+77010000501"),
            )
        ],
    ),
    "another phone": (
        sent(
            type="system",
            system={"type": "customer_identity_changed", "body": "A's security code changed"},
            identity={"acknowledged": True, "created_timestamp": "1", "hash": "Sjvjlx8G6Z0="},
        ),
        [
            Notice(
                external_id="wamid.A",
                topic="account",
                data={"event": "customer_identity_changed", "chat_id": USER_ID},
            )
        ],
    ),
    # /user_preferences
    "no more advertising": (
        body(
            value(
                contacts=[customer()],
                user_preferences=[
                    {
                        "wa_id": "77010000501",
                        "user_id": USER_ID,
                        "detail": "User requested to stop marketing messages",
                        "category": "marketing_messages",
                        "value": "stop",
                        "timestamp": int(SECONDS),
                    }
                ],
            ),
            field="user_preferences",
        ),
        [
            ConsentChange(
                external_id=f"{USER_ID}:{SECONDS}:False",
                chat_id=USER_ID,
                sender=SENDER,
                purpose="marketing",
                granted=False,
                at=AT,
            )
        ],
    ),
    # /smb_message_echoes
    "written on the phone": (
        body(
            value(
                message_echoes=[
                    {
                        "from": "77273555010",
                        "to": "77010000501",
                        "to_user_id": USER_ID,
                        "id": "wamid.E",
                        "timestamp": SECONDS,
                        "type": "text",
                        "text": {"body": "Өзім жауап беремін"},
                    },
                    {
                        "from": "77273555010",
                        "to": "77010000501",
                        "to_user_id": USER_ID,
                        "id": "wamid.F",
                        "timestamp": SECONDS,
                        "type": "revoke",
                        "revoke": {"original_message_id": "wamid.E"},
                    },
                    {
                        "to": "77010000501",
                        "to_user_id": USER_ID,
                        "id": "wamid.G",
                        "timestamp": SECONDS,
                        "type": "edit",
                        "edit": {
                            "original_message_id": "wamid.E",
                            "message": {"type": "text", "text": {"body": "Ертең"}},
                        },
                    },
                    {"to": "77010000501", "id": "wamid.H", "type": "reaction", "reaction": {}},
                ]
            ),
            field="smb_message_echoes",
        ),
        [
            Echo(
                external_id="wamid.E",
                chat_id=USER_ID,
                platform_id="wamid.E",
                text="Өзім жауап беремін",
                sent_at=AT,
                addressee=Sender(external_id=USER_ID, phone="+77010000501"),
            ),
            Deletion(external_id="wamid.F", chat_id=USER_ID, platform_id="wamid.E"),
            Echo(
                external_id="wamid.G",
                chat_id=USER_ID,
                platform_id="wamid.G",
                text="Ертең",
                sent_at=AT,
                addressee=Sender(external_id=USER_ID, phone="+77010000501"),
            ),
        ],
    ),
    # /history, /smb_app_state_sync: an app's past is nobody's message
    "history": (
        body(
            value(history=[{"threads": [{"messages": [message(text={"body": "x"})]}]}]),
            field="history",
        ),
        [],
    ),
    "contacts of the phone": (
        body(value(state_sync=[{"type": "contact"}]), field="smb_app_state_sync"),
        [],
    ),
    # /message_template_status_update
    "a template was refused": (
        body(
            {
                "event": "REJECTED",
                "message_template_id": 1689556908129832,
                "message_template_name": "order_confirmation",
                "message_template_language": "kk",
                "reason": "INVALID_FORMAT",
            },
            field="message_template_status_update",
        ),
        [
            {
                "topic": "templates",
                "data": {
                    "field": "message_template_status_update",
                    "event": "REJECTED",
                    "message_template_id": 1689556908129832,
                    "message_template_name": "order_confirmation",
                    "message_template_language": "kk",
                    "reason": "INVALID_FORMAT",
                },
            }
        ],
    ),
    **{
        field: (body(told, field=field), [{"topic": topic, "data": {"field": field, **told}}])
        for field, topic, told in (
            # Each: the page of that name under SOURCE.
            (
                "message_template_quality_update",
                "templates",
                {"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"},
            ),
            (
                "phone_number_quality_update",
                "quality",
                {"display_phone_number": "77273555010", "event": "ONBOARDING"},
            ),
            ("business_capability_update", "limit", {"max_daily_conversations_per_business": 2000}),
            (
                "account_update",
                "account",
                {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "X"}]},
            ),
            ("account_alerts", "account", {"alert_severity": "CRITICAL", "alert_type": "OBA"}),
            ("phone_number_name_update", "account", {"decision": "APPROVED"}),
        )
    },
    "an error of nobody's message": (
        body(value(errors=[{"code": 130429, "title": "Rate limit hit"}])),
        [
            {
                "topic": "account",
                "data": {
                    "field": "messages",
                    "event": "error",
                    "code": "rate_limited",
                    "detail": "WhatsApp asks us to wait.",
                },
            }
        ],
    ),
    # /calls
    "a call": (
        body(
            value(
                contacts=[customer()],
                calls=[
                    {
                        "id": "wacid.1",
                        "from": "77010000501",
                        "from_user_id": USER_ID,
                        "event": "connect",
                        "direction": "USER_INITIATED",
                        "timestamp": SECONDS,
                    }
                ],
            ),
            field="calls",
        ),
        [{"external_id": "wacid.1", "kind": MessageKind.UNSUPPORTED, "data": {"type": "call"}}],
    ),
    "a field of tomorrow": (body({"x": 1}, field="telepathy"), []),
}

MALFORMED: dict[str, Any] = {
    "a list": [],
    "nothing": {},
    "another platform": {"object": "page", "entry": []},
    "no entries": {"object": "whatsapp_business_account", "entry": {}},
    "a number": 7,
}
