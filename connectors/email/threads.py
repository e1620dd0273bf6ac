"""Which conversation a mail belongs to.

A chat is one thread with one person: ``<token>:<address>``. The token stands signed in the
Message-ID of every mail we send, and (where the server takes plus addresses) in its Reply-To, so an
answer finds its thread by itself. The address is always the sender's own: whoever answers a mail
that was passed on to them gets a chat of their own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors.email.addresses import without_tag
from crm.contract import Connection, Inbox

TOPIC_DAYS: Final = 14
"""How long a person's mails under the same subject belong together though nothing else says so."""
MAX_REFERENCES: Final = 20

_OURS: Final = re.compile(
    r"aitys\.(?P<message>[0-9a-zA-Z_-]{1,64})\.(?P<part>\d{1,3})\.(?P<signed>[a-z2-7]{24})@[^\s<>@]{1,255}",
    re.IGNORECASE,
)
_TAGGED: Final = re.compile(r"[^@+]{1,64}\+(?P<signed>[a-z2-7]{24})@", re.IGNORECASE)
_PREFIX: Final = re.compile(
    r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|fw|fwd|отв|ответ|на|пересл|нд|fyi|aw|wg|sv|vs|antw|rif|жауап|жб|қж|autoreply"
    r"|автоответ|автоматический ответ|automatic reply|out of office)\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]\s*",
    re.IGNORECASE,
)
_TOKEN_LETTERS: Final = 16


def topic_of(subject: str) -> str:
    """The subject without ``Re:`` and its like in any language, for comparison."""
    rest = subject[:500]
    while match := _PREFIX.match(rest):
        rest = rest[match.end() :]
    return " ".join(rest.lower().replace("ё", "е").split())


def bare_subject(subject: str) -> str:
    """The subject without ``Re:`` and its like, as it was written."""
    rest = subject[:500]
    while match := _PREFIX.match(rest):
        rest = rest[match.end() :]
    return " ".join(rest.split())


def is_forwarded(subject: str) -> bool:
    """Whether the subject says that the mail passes another one on."""
    return (
        re.match(
            r"\s*(?:fw|fwd|пересл|нд|қж|wg)\s*(?:\[\d{1,3}\])?\s*[:：]", subject, re.IGNORECASE
        )
        is not None
    )


def new_token(connection: Connection, external_id: str) -> str:
    """The token of the thread that this mail begins; the same for a second delivery."""
    digest = hashlib.sha256(f"{connection.id}\n{external_id}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def chat_id_of(token: str, address: str) -> str:
    """The chat of a thread with a person."""
    return f"{token}:{address}"


def token_of(chat_id: str) -> str:
    """The thread's token of a chat."""
    return chat_id.partition(":")[0]


def address_of(chat_id: str) -> str:
    """The person's address of a chat."""
    return chat_id.partition(":")[2]


def signed(connection: Connection, token: str) -> str:
    """A thread's token as it is shown to the world: nobody can make one up."""
    digest = hmac.new(connection.webhook_secret.encode(), token.encode(), hashlib.sha256).digest()
    return token + base64.b32encode(digest[:5]).decode().lower()


def our_message_id(
    connection: Connection, message_id: str, part: int, chat_id: str, domain: str
) -> str:
    """The Message-ID (without brackets) of a part of a message of ours: always the same."""
    return f"aitys.{message_id}.{part}.{signed(connection, token_of(chat_id))}@{domain}"


def our_token(connection: Connection, message_id: str) -> str | None:
    """The thread's token in a Message-ID of ours; None when it is not ours."""
    match = _OURS.fullmatch(message_id)
    return _checked(connection, match["signed"]) if match else None


def our_ids_in(connection: Connection, text: str) -> list[str]:
    """All Message-IDs of ours that stand in a text."""
    found = (match[0] for match in _OURS.finditer(text))
    return list(dict.fromkeys(one for one in found if our_token(connection, one)))


def tagged_token(
    connection: Connection, addresses: Iterable[str], own: Iterable[str]
) -> str | None:
    """The thread's token in an address of ours that a mail was sent to (plus addressing)."""
    known = set(own)
    for address in addresses:
        match = _TAGGED.match(address)
        if match and without_tag(address) in known:
            return _checked(connection, match["signed"])
    return None


def tagged(connection: Connection, address: str, chat_id: str) -> str:
    """Our address with the thread's token in it."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{signed(connection, token_of(chat_id))}@{domain}"


async def chat_of(
    inbox: Inbox,
    connection: Connection,
    *,
    address: str,
    external_id: str,
    topic: str,
    references: Sequence[str],
    tag: str | None,
    now: datetime,
    proven: bool = True,
) -> str:
    """The chat that a mail of this person belongs to, an existing one or a new one.

    ``references`` are the ids of what it answers, the nearest first; ``tag`` the token of the
    address that it was sent to. A mail that is not ``proven`` to be this person's needs a token of
    ours, which only who got our mail can know: a name and a subject are known to others, too.
    """
    found = await known_chat_of(
        inbox, connection, address=address, references=references, tag=tag, proven=proven
    )
    if found is None and topic and proven:
        since = now - timedelta(days=TOPIC_DAYS)
        found = await inbox.chat_on_topic(connection, address, topic, since=since)
    return found or chat_id_of(new_token(connection, external_id), address)


async def known_chat_of(
    inbox: Inbox,
    connection: Connection,
    *,
    address: str,
    references: Sequence[str],
    tag: str | None = None,
    proven: bool = True,
) -> str | None:
    """The chat with this person that a mail names by what it answers."""
    if tag is not None:
        return chat_id_of(tag, address)
    for reference in references:
        if (token := our_token(connection, reference)) is not None:
            return chat_id_of(token, address)
    chats = await inbox.chats_of(connection, references) if references and proven else {}
    theirs = (chats[one] for one in references if one in chats)
    return next((chat for chat in theirs if address_of(chat) == address), None)


def _checked(connection: Connection, given: str) -> str | None:
    """The token, when we have signed it. Servers on the way may have changed its case."""
    given = given.lower()
    token = given[:_TOKEN_LETTERS]
    return token if hmac.compare_digest(signed(connection, token), given) else None
