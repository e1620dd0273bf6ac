"""Telegram's errors in the contract's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

_GONE: Final = ("user is deactivated", "chat not found", "user not found", "peer_id_invalid")
_REMOVED: Final = ("bot was kicked", "bot is not a member", "group chat was deleted")


def contract_error(error: TelegramError, *, chat_id: str = "") -> ConnectorError:
    """Say what an error of the library means for the message that was sent into this chat.

    Telegram does not tell whose limit was passed. In a group it is the group's (twenty messages a
    minute, https://core.telegram.org/bots/faq#my-bot-is-hitting-limits); private chats are kept below
    theirs by our own pace, so there it is the bot's, and all its chats wait.

    The status codes and texts are those of https://core.telegram.org/bots/api#making-requests;
    the library turns 401 and 404 into ``InvalidToken``. The order matters: ``BadRequest`` and
    ``TimedOut`` are kinds of ``NetworkError`` in the library.
    """
    words = error.message.lower()
    match error:
        case RetryAfter():
            found: ConnectorError = RetryableError(
                "rate_limited",
                "Telegram asks us to wait.",
                retry_after=_seconds(error.retry_after),
                account_wide=not chat_id.startswith("-"),
            )
        case InvalidToken():
            found = AuthenticationFailedError(
                "token_rejected", "Telegram does not accept the bot's token."
            )
        case _ if any(hint in words for hint in _GONE):
            found = RejectedError("customer_gone", "The chat does not exist any more.")
        case _ if any(hint in words for hint in _REMOVED):
            found = RejectedError("removed_from_group", "The bot is not in this group any more.")
        case ChatMigrated():
            found = RejectedError("chat_moved", "The group has become another chat.")
        case Forbidden():
            found = RejectedError("blocked_by_customer", "The customer has blocked the bot.")
        case BadRequest():
            found = RejectedError("bad_request", f"Telegram refused the message: {error.message}")
        case Conflict():
            found = RetryableError(
                "polled_elsewhere", "Another program fetches this bot's messages."
            )
        case TimedOut():
            found = RetryableError("platform_timeout", "Telegram did not answer in time.")
        case _:
            found = RetryableError("platform_unavailable", "Telegram cannot be reached now.")
    return found


def file_error(error: TelegramError) -> ConnectorError:
    """Say what an error means for a file that was to be fetched."""
    words = error.message.lower()
    if "file is too big" in words:
        return RejectedError("media_too_large", "Telegram gives bots files of up to 20 MB.")
    found = contract_error(error)
    if isinstance(found, RejectedError):
        return RejectedError("media_gone", "Telegram no longer has the file.")
    return found


def _seconds(value: float | timedelta) -> float:
    """The library gives seconds today and will give a timedelta."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
