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
    """What the next calls of a method get instead of an answer. ``status`` 0 cuts the connection."""

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
    commands: list[Json] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    failures: dict[str, list[Failure]] = field(default_factory=lambda: defaultdict(list))
    next_update_id: int = 10_000
    next_message_id: dict[int, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    polls: int = 0

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": "Aitys", "username": self.username}

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


def _send_message(bot: FakeBot, given: Json) -> Json:
    chat_id, text = _chat_of(bot, given), str(given.get("text", ""))
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    markup = given.get("reply_markup")
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    message = {
        "message_id": bot.message_id(chat_id),
        "from": bot.as_user(),
        "chat": {"id": chat_id, "type": "private", **names(customer(chat_id))},
        "date": int(time.time()),
        "text": text,
        **({"reply_markup": markup} if markup else {}),
    }
    bot.sent.append(message)
    return message


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
    bot.commands = list(given.get("commands") or [])
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
}


def call(bot: FakeBot, method: str, given: Json) -> Any:
    """Do what a method does. Method names are not case-sensitive."""
    if (do := _METHODS.get(method.lower())) is None:
        raise ApiError(404, "Not Found")
    return do(bot, given)
