"""Updates as Telegram sends them, and what each must become.

Shapes: https://core.telegram.org/bots/api#update and the objects it names; names and numbers are
invented.
"""

from datetime import UTC, datetime
from typing import Any

from crm.contract import ChatChange, Deletion, Echo, Reaction, Sender

BOT_ID = 123456789
USERNAME = "aitys_demo_bot"
PERSON = {
    "id": 501,
    "is_bot": False,
    "first_name": "Айгүл",
    "last_name": "Серікқызы",
    "username": "aigul_s",
    "language_code": "kk",
}
SENDER = Sender(external_id="501", name="Айгүл Серікқызы", username="aigul_s", language="kk")
CHAT = {"id": 501, "first_name": "Айгүл", "last_name": "Серікқызы", "type": "private"}
GROUP = {"id": -1001234567890, "title": "Тау клуб", "type": "supergroup"}
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "Aitys", "username": USERNAME}
PHOTO = [
    {"file_id": "S", "file_unique_id": "s", "width": 90, "height": 60, "file_size": 1200},
    {"file_id": "L", "file_unique_id": "l", "width": 1280, "height": 853, "file_size": 150000},
]
FILE = {"file_id": "F", "file_unique_id": "f", "file_size": 2048}
LOCATION = {"latitude": 43.238949, "longitude": 76.889709}


def message(
    update_id: int = 9001, *, kind: str = "message", sender: Any = None, **content: Any
) -> dict[str, Any]:
    return {
        "update_id": update_id,
        kind: {
            "message_id": 77,
            "from": sender or PERSON,
            "chat": CHAT,
            "date": 1_795_000_000,
            **content,
        },
    }


def mention(text: str, word: str, kind: str = "mention") -> dict[str, Any]:
    entity = {"type": kind, "offset": text.index(word), "length": len(word)}
    return message(chat=GROUP, text=text, entities=[entity])


CONTENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": (message(text="Сәлем"), {"kind": "text", "text": "Сәлем"}),
    "link in a text": (
        message(
            text="see aitys.kz",
            entities=[{"type": "url", "offset": 4, "length": 8}],
            link_preview_options={"is_disabled": True},
        ),
        {"kind": "text", "text": "see aitys.kz"},
    ),
    "start": (
        message(text="/start", entities=[{"type": "bot_command", "offset": 0, "length": 6}]),
        {"kind": "text", "text": "/start", "data": {"command": "start"}},
    ),
    "start with a parameter": (
        message(
            text="/start insta_07", entities=[{"type": "bot_command", "offset": 0, "length": 6}]
        ),
        {"text": "/start insta_07", "ref": "insta_07", "data": {"command": "start"}},
    ),
    "own phone": (
        message(contact={"phone_number": "77011234567", "first_name": "Айгүл", "user_id": 501}),
        {
            "kind": "contact",
            "text": "+77011234567",
            "phone": "+77011234567",
            "data": {"own": True, "phone": "+77011234567"},
        },
    ),
    "somebody else's phone": (
        message(contact={"phone_number": "+7 701 765 43 21", "first_name": "Ерлан"}),
        {"kind": "contact", "text": "Ерлан +77017654321", "phone": None, "data": {"own": False}},
    ),
    "location": (message(location=LOCATION), {"kind": "location", "data": LOCATION}),
    "venue": (
        message(
            location=LOCATION,
            venue={"location": LOCATION, "title": "Tau Demo", "address": "Абай 10"},
        ),
        {"kind": "location", "text": "Tau Demo, Абай 10", "data": LOCATION},
    ),
    "photo": (
        message(photo=PHOTO, caption="осындай бар ма?"),
        {"kind": "image", "text": "осындай бар ма?", "file": {"id": "L", "size": 150000}},
    ),
    "voice": (
        message(voice={**FILE, "duration": 7, "mime_type": "audio/ogg"}),
        {
            "kind": "audio",
            "file": {"id": "F", "duration": 7, "mime": "audio/ogg"},
            "data": {"voice": True},
        },
    ),
    "audio": (
        message(audio={**FILE, "duration": 180, "title": "Күй"}),
        {"kind": "audio", "file": {"duration": 180}},
    ),
    "video": (
        message(video={**FILE, "duration": 9, "width": 640, "height": 480}),
        {"kind": "video", "file": {"duration": 9}},
    ),
    "round video": (
        message(video_note={**FILE, "duration": 9, "length": 240}),
        {"kind": "video"},
    ),
    "animation": (
        message(
            animation={**FILE, "duration": 2, "width": 320, "height": 240},
            document={**FILE, "file_name": "a.gif.mp4"},
        ),
        {"kind": "video"},
    ),
    "document": (
        message(document={**FILE, "file_name": "счёт.pdf", "mime_type": "application/pdf"}),
        {"kind": "document", "file": {"name": "счёт.pdf", "size": 2048}},
    ),
    "sticker": (
        message(
            sticker={
                **FILE,
                "type": "regular",
                "width": 512,
                "height": 512,
                "is_animated": False,
                "is_video": False,
                "emoji": "👍",
            }
        ),
        {"kind": "sticker", "text": "👍"},
    ),
    "dice": (
        message(dice={"emoji": "🎲", "value": 4}),
        {"kind": "unsupported", "text": "🎲", "data": {"type": "dice"}},
    ),
    "something from the future": (
        message(hologram={"file_id": "H"}),
        {"kind": "unsupported", "data": {"type": "hologram"}},
    ),
    "a known thing of an unknown shape": (
        message(text="мынау не?", photo="not a list of sizes", location={"planet": "Марс"}),
        {"kind": "unsupported", "text": "мынау не?"},
    ),
    "edited text": (
        message(kind="edited_message", text="Астанаға", edit_date=1_795_000_100),
        {"kind": "text", "text": "Астанаға", "platform_id": None, "edit_of": "501:77"},
    ),
    "a reply": (
        message(
            text="иә",
            reply_to_message={
                "message_id": 70,
                "from": BOT,
                "chat": CHAT,
                "date": 1_795_000_000,
                "text": "?",
            },
        ),
        {"text": "иә", "reply_to": "501:70"},
    ),
    "forwarded": (
        message(
            text="қараңыз",
            forward_origin={
                "type": "hidden_user",
                "sender_user_name": "X",
                "date": 1_795_000_000,
            },
        ),
        {"text": "қараңыз", "data": {"forwarded": True}},
    ),
    "mention in a group": (
        mention(f"@{USERNAME}, доставка бар ма?", f"@{USERNAME}"),
        {"text": "доставка бар ма?", "chat_id": "-1001234567890"},
    ),
    "command in a group": (
        mention(f"/start@{USERNAME}", f"/start@{USERNAME}", "bot_command"),
        {"text": "/start", "chat_id": "-1001234567890"},
    ),
    "answer to the bot in a group": (
        message(
            chat=GROUP,
            text="рахмет",
            reply_to_message={
                "message_id": 70,
                "from": BOT,
                "chat": GROUP,
                "date": 1_795_000_000,
                "text": "?",
            },
        ),
        {
            "text": "рахмет",
            "chat_id": "-1001234567890",
            "reply_to": "-1001234567890:70",
        },
    ),
    "tap": (
        {
            "update_id": 9001,
            "callback_query": {
                "id": "4382",
                "from": PERSON,
                "chat_instance": "-1",
                "data": "/ask_human",
                "message": {
                    "message_id": 70,
                    "from": BOT,
                    "chat": CHAT,
                    "date": 1_795_000_000,
                    "text": "?",
                    "reply_markup": {
                        "inline_keyboard": [
                            [{"text": "Адам шақыру", "callback_data": "/ask_human"}]
                        ]
                    },
                },
            },
        },
        {
            "text": "Адам шақыру",
            "payload": "/ask_human",
            "platform_id": None,
            "reply_to": "501:70",
            "data": {"callback_query_id": "4382"},
        },
    ),
    "tap under a message that is too old to see": (
        {
            "update_id": 9001,
            "callback_query": {
                "id": "4382",
                "from": PERSON,
                "chat_instance": "-1",
                "data": "/ask_human",
                "message": {"message_id": 70, "chat": CHAT, "date": 0},
            },
        },
        {
            "text": "/ask_human",
            "payload": "/ask_human",
            "platform_id": None,
            "reply_to": "501:70",
        },
    ),
    "a command of the menu": (
        message(text="/human", entities=[{"type": "bot_command", "offset": 0, "length": 6}]),
        {"text": "/human", "payload": "/ask_human"},
    ),
    "a command nobody knows": (
        message(text="/abracadabra", entities=[{"type": "bot_command", "offset": 0, "length": 12}]),
        {"text": "/abracadabra"},
    ),
    "a picture of an album": (
        message(photo=PHOTO, media_group_id="13"),
        {"kind": "image", "file": {"id": "L"}, "data": {"album": "13"}},
    ),
    "a customer of the owner's own account": (
        {**message(kind="business_message", text="сәлем", business_connection_id="BC7")},
        {"text": "сәлем", "chat_id": "business:BC7:501", "platform_id": "business:BC7:501:77"},
    ),
}

OWNER = {"id": 900, "is_bot": False, "first_name": "Данияр"}
MEMBER = {"user": BOT, "status": "member"}
KICKED = {"user": BOT, "status": "kicked", "until_date": 0}


def membership(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    change = {"chat": CHAT, "from": PERSON, "date": 1_795_000_000}
    return {
        "update_id": 9001,
        "my_chat_member": {**change, "old_chat_member": old, "new_chat_member": new},
    }


def reaction(*emoji: dict[str, Any]) -> dict[str, Any]:
    told = {"chat": CHAT, "user": PERSON, "message_id": 70, "date": 1_795_000_000}
    return {
        "update_id": 9001,
        "message_reaction": {**told, "old_reaction": [], "new_reaction": list(emoji)},
    }


SENT = datetime.fromtimestamp(1_795_000_000, UTC)

EVENTS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "a reaction": (
        reaction({"type": "emoji", "emoji": "👍"}),
        [
            Reaction(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="501",
                platform_id="501:70",
                emoji="👍",
                at=SENT,
            )
        ],
    ),
    "a reaction of the company's own pictures": (
        reaction({"type": "custom_emoji", "custom_emoji_id": "5445"}),
        [
            Reaction(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="501",
                platform_id="501:70",
                emoji="✨",
                at=SENT,
            )
        ],
    ),
    "a reaction taken back": (
        reaction(),
        [
            Reaction(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="501",
                platform_id="501:70",
                emoji=None,
                at=SENT,
            )
        ],
    ),
    "blocked": (
        membership(MEMBER, KICKED),
        [
            ChatChange(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="501",
                sender=SENDER,
                reachable=False,
                at=SENT,
            )
        ],
    ),
    "let in again": (
        membership(KICKED, MEMBER),
        [
            ChatChange(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="501",
                sender=SENDER,
                reachable=True,
                at=SENT,
            )
        ],
    ),
    "the owner answers from the phone": (
        message(
            kind="business_message", text="иә, бар", sender=OWNER, business_connection_id="BC7"
        ),
        [
            Echo(
                external_id=f"update:{BOT_ID}:9001",
                chat_id="business:BC7:501",
                platform_id="business:BC7:501:77",
                text="иә, бар",
                author_name="Данияр",
                addressee=Sender(external_id="501", name="Айгүл Серікқызы"),
                sent_at=SENT,
            )
        ],
    ),
    "what the bot sent in the owner's name": (
        message(
            kind="business_message",
            text="иә",
            sender=OWNER,
            sender_business_bot=BOT,
            business_connection_id="BC7",
        ),
        [],
    ),
    "taken back in the owner's account": (
        {
            "update_id": 9001,
            "deleted_business_messages": {
                "business_connection_id": "BC7",
                "chat": CHAT,
                "message_ids": [5, 6],
            },
        },
        [
            Deletion(
                external_id=f"update:{BOT_ID}:9001:{number}",
                chat_id="business:BC7:501",
                platform_id=f"business:BC7:501:{number}",
            )
            for number in (5, 6)
        ],
    ),
}

IGNORED: dict[str, dict[str, Any]] = {
    "chatter in a group": message(chat=GROUP, text="кім барады?"),
    "another bot's mention": mention("@another_bot баға?", "@another_bot"),
    "another bot": message(text="мен ботпын", sender=BOT),
    "a channel's post": {
        "update_id": 9001,
        "channel_post": {"message_id": 1, "chat": GROUP, "date": 1, "text": "жаңалық"},
    },
    "pinned": message(
        pinned_message={"message_id": 5, "chat": CHAT, "date": 1_795_000_000, "text": "x"}
    ),
    "a live location moves": message(
        kind="edited_message", location={**LOCATION, "live_period": 900}
    ),
    "an unknown kind of update": {"update_id": 9001, "telepathy": {"from": PERSON}},
    "nothing else": {"update_id": 9001},
}

MALFORMED: dict[str, Any] = {
    "a list": [],
    "a text": "update",
    "null": None,
    "no id": {"message": {}},
    "an id that is a text": {"update_id": "9001"},
    "an id that is a truth": {"update_id": True},
}
