"""How chats and messages are called: ids that hold everything a later call needs."""

from __future__ import annotations

from typing import Final, NamedTuple

_BUSINESS: Final = "business:"


class Address(NamedTuple):
    """Where a message goes. ``business`` is set in a chat of the owner's own account."""

    chat_id: int
    business: str | None = None


def business_chat(connection_id: str, chat_id: int) -> str:
    """A customer's chat with the owner's own account, which the bot answers on the owner's behalf."""
    return f"{_BUSINESS}{connection_id}:{chat_id}"


def address_of(chat_id: str) -> Address:
    """What the Bot API is told. Raises ValueError when it is none of our ids."""
    if not chat_id.startswith(_BUSINESS):
        return Address(int(chat_id))
    business, _, chat = chat_id.removeprefix(_BUSINESS).rpartition(":")
    return Address(int(chat), business)


def platform_id(chat_id: str, message_id: int) -> str:
    """A message's id within the connection: Telegram's own is unique within a chat only.

    Raises:
        TypeError: it is no number, as the library copies whatever it is given.
    """
    if not isinstance(message_id, int):
        raise TypeError("a message's id is a number")
    return f"{chat_id}:{message_id}"


def message_id_of(platform_id: str) -> int | None:
    """Telegram's own id of a message; None when it is not one of Telegram's."""
    number = platform_id.rpartition(":")[2]
    return int(number) if number.isdecimal() else None
