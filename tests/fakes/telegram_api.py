"""The state and the methods of the fake Bot API: bots, what they sent, how they are to fail.

Texts of errors are Telegram's own.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TOKEN = "123456789:AAE-fakeTokenOfTheFakeBotApi_0123456789"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

Json = dict[str, Any]


class ApiError(Exception):
    def __init__(self, status: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Failure:
    """What the next calls of a method get instead of an answer. ``status`` 0 cuts the connection, -1 never answers."""

    status: int
    description: str
    parameters: Json | None
    times: int
    after_doing: bool = False


@dataclass
class FakeBot:
    token: str
    username: str
    webhook: Json = field(default_factory=dict)
    queue: list[Json] = field(default_factory=list)
    """Updates that were not confirmed yet, oldest first."""
    sent: list[Json] = field(default_factory=list)
    """Messages as ``sendMessage`` answered them."""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    """Every call in order, also those that failed."""
    commands: dict[str, list[Json]] = field(default_factory=dict)
    """The menu by language code; "" for all others."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What customers sent, by file id."""
    uploads: dict[str, bytes] = field(default_factory=dict)
    """What the bot sent, by file id."""
    blocked: set[int] = field(default_factory=set)
    people: dict[int, str] = field(default_factory=dict)
    """First and last names of customers who are not called as all others are."""
    failures: dict[str, list[Failure]] = field(default_factory=lambda: defaultdict(list))
    next_update_id: int = 10_000
    next_message_id: dict[int, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    polls: int = 0

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": "Aitys", "username": self.username}

    def customer(self, chat_id: int) -> Json:
        """The person whose chat it is, as Telegram tells of them."""
        told = customer(chat_id)
        if name := self.people.get(chat_id):
            first, _, last = name.partition(" ")
            told |= {"first_name": first, "last_name": last, "username": f"person_{chat_id}"}
        return told

    def fail(
        self,
        method: str,
        status: int,
        description: str = "",
        *,
        retry_after: int | None = None,
        times: int = 1,
        after_doing: bool = False,
    ) -> None:
        """Let the next calls fail. With ``after_doing`` the work is done, and only its answer lost."""
        parameters = {"retry_after": retry_after} if retry_after is not None else None
        words = description or {
            401: "Unauthorized",
            403: "Forbidden: bot was blocked by the user",
            429: f"Too Many Requests: retry after {retry_after}",
        }.get(status, "Internal Server Error")
        self.failures[method].append(Failure(status, words, parameters, times, after_doing))

    def next_failure(self, method: str) -> Failure | None:
        waiting = self.failures[method]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]

    def message_id(self, chat_id: int) -> int:
        self.next_message_id[chat_id] += 1
        return self.next_message_id[chat_id]


def customer(chat_id: int) -> Json:
    """A person as Telegram tells of them: the same one for the same chat."""
    return {
        "id": chat_id,
        "is_bot": False,
        "first_name": "Айгүл",
        "last_name": "Серікқызы",
        "username": f"aigul_{chat_id}",
        "language_code": "ru",
    }


def names(user: Json) -> Json:
    return {key: user[key] for key in ("first_name", "last_name", "username") if key in user}


def _set_webhook(bot: FakeBot, given: Json) -> bool:
    url = str(given.get("url", ""))
    if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    bot.webhook = {"url": url, "max_connections": given.get("max_connections", 40)}
    for name in ("secret_token", "allowed_updates"):
        if name in given:
            bot.webhook[name] = given[name]
    return True


def _chat_of(bot: FakeBot, given: Json) -> int:
    try:
        chat_id = int(given["chat_id"])
    except (KeyError, ValueError) as error:
        raise ApiError(400, "Bad Request: chat not found") from error
    if chat_id in bot.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return chat_id


def _check_text(text: str, limit: int, what: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > limit:
        raise ApiError(400, f"Bad Request: {what} is too long")


def _check_markup(markup: Json | None) -> None:
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if "url" in button:
                continue
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_entities(text: str, entities: list[Json]) -> None:
    length = len(text.encode("utf-16-le")) // 2
    if any(one["offset"] + one["length"] > length for one in entities):
        raise ApiError(400, "Bad Request: can't parse entities")


def _sent(bot: FakeBot, given: Json, **content: Any) -> Json:
    chat_id = _chat_of(bot, given)
    _check_markup(given.get("reply_markup"))
    message = {
        "message_id": bot.message_id(chat_id),
        "from": bot.as_user(),
        "chat": {"id": chat_id, "type": "private", **names(bot.customer(chat_id))},
        "date": int(time.time()),
        **content,
    }
    for name in ("reply_markup", "business_connection_id"):
        if given.get(name):
            message[name] = given[name]
    if given.get("reply_parameters"):
        message["reply_to"] = given["reply_parameters"]["message_id"]
    bot.sent.append(message)
    return {name: value for name, value in message.items() if name != "reply_to"}


def _send_message(bot: FakeBot, given: Json) -> Json:
    text = str(given.get("text", ""))
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    _check_text(text, 4096, "message")
    entities = given.get("entities") or []
    _check_entities(text, entities)
    return _sent(bot, given, text=text, **({"entities": entities} if entities else {}))


def _send_file(kind: str, limit: int) -> Callable[[FakeBot, Json], Json]:
    def send(bot: FakeBot, given: Json) -> Json:
        upload = given.get(kind)
        if not isinstance(upload, tuple):
            raise ApiError(400, f"Bad Request: there is no {kind} in the request")
        name, content = upload
        if not content:
            raise ApiError(400, "Bad Request: file must be non-empty")
        if len(content) > limit:
            raise ApiError(413, "Request Entity Too Large")
        _check_text(str(given.get("caption") or ""), 1024, "message caption")
        file_id = f"UP{len(bot.uploads)}"
        bot.uploads[file_id] = content
        file = {"file_id": file_id, "file_unique_id": file_id.lower(), "file_size": len(content)}
        if kind == "photo":
            told: Any = [{**file, "width": 1, "height": 1}]
        elif kind == "document":
            told = {**file, "file_name": name}
        else:
            told = {**file, "duration": 1, "width": 1, "height": 1, "file_name": name}
        caption = {"caption": given["caption"]} if given.get("caption") else {}
        return _sent(bot, given, **{kind: told}, **caption)

    return send


def _get_file(bot: FakeBot, given: Json) -> Json:
    file_id = str(given.get("file_id", ""))
    if file_id not in bot.files:
        raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    size = len(bot.files[file_id])
    if size > 20_000_000:
        raise ApiError(400, "Bad Request: file is too big")
    told = {"file_id": file_id, "file_unique_id": file_id.lower(), "file_size": size}
    return {**told, "file_path": f"documents/{file_id}"}


def _get_chat(bot: FakeBot, given: Json) -> Json:
    chat_id = _chat_of(bot, given)
    photo = {"small_file_id": "AVs", "small_file_unique_id": "as"}
    return {
        "id": chat_id,
        "type": "private",
        **names(bot.customer(chat_id)),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        },
        "photo": {**photo, "big_file_id": "AVATAR", "big_file_unique_id": "ab"},
    }


def _get_me(bot: FakeBot, given: Json) -> Json:
    flags = {"can_join_groups": True, "can_read_all_group_messages": False}
    return {**bot.as_user(), **flags, "supports_inline_queries": False}


def _delete_webhook(bot: FakeBot, given: Json) -> bool:
    bot.webhook = {}
    if given.get("drop_pending_updates"):
        bot.queue.clear()
    return True


def _get_webhook_info(bot: FakeBot, given: Json) -> Json:
    told = {key: value for key, value in bot.webhook.items() if key != "secret_token"}
    info = {"url": "", "has_custom_certificate": False, **told}
    return {**info, "pending_update_count": len(bot.queue)}


def _send_chat_action(bot: FakeBot, given: Json) -> bool:
    _chat_of(bot, given)
    return True


def _answer_callback_query(bot: FakeBot, given: Json) -> bool:
    if not given.get("callback_query_id"):
        raise ApiError(400, "Bad Request: query is too old or query ID is invalid")
    return True


def _set_my_commands(bot: FakeBot, given: Json) -> bool:
    bot.commands[str(given.get("language_code") or "")] = list(given.get("commands") or [])
    return True


_METHODS: dict[str, Callable[[FakeBot, Json], Any]] = {
    "getme": _get_me,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info,
    "sendmessage": _send_message,
    "sendchataction": _send_chat_action,
    "answercallbackquery": _answer_callback_query,
    "setmycommands": _set_my_commands,
    "sendphoto": _send_file("photo", 10_000_000),
    "sendvideo": _send_file("video", 50_000_000),
    "sendaudio": _send_file("audio", 50_000_000),
    "sendvoice": _send_file("voice", 50_000_000),
    "senddocument": _send_file("document", 50_000_000),
    "getfile": _get_file,
    "getchat": _get_chat,
}


def call(bot: FakeBot, method: str, given: Json) -> Any:
    """Do what a method does. Method names are not case-sensitive."""
    if (do := _METHODS.get(method.lower())) is None:
        raise ApiError(404, "Not Found")
    return do(bot, given)
