"""One mail taken in: read, its files kept, its conversation found, handed over to the inbox."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.email.config import EmailConfig
from connectors.email.inbound import (
    echo_of,
    message_of,
    report_in,
    status_events,
)
from connectors.email.mail import UNKNOWN_SENDER, Mail, read_mail, unreadable
from connectors.email.parts import MailFile
from connectors.email.threads import (
    address_of,
    chat_of,
    known_chat_of,
    our_token,
    tagged_token,
    topic_of,
)
from crm.contract import (
    Attachment,
    Connection,
    FileRefusedError,
    InboundEvent,
    Inbox,
)

STALE: Final = timedelta(days=3)
"""A mail that is older when it is read first was answered elsewhere, or is not waited for any more."""
MAILS_AN_HOUR: Final = 30
"""Nobody writes more; a machine that answers each of our mails in a new thread does."""
_CHUNK: Final = 256_000


async def take_in(
    raw: bytes,
    *,
    inbox: Inbox,
    connection: Connection,
    config: EmailConfig,
    size: int,
    received_at: datetime | None,
    backfilled: bool = False,
    not_before: datetime | None = None,
) -> None:
    """Hand a mail over to the inbox; once this returns, it is stored.

    ``size`` is the whole mail's, of which ``raw`` may be the beginning only. What was written a
    day ``not_before`` then is none of ours: it was there before the connection was.

    Raises:
        Exception: whatever the inbox raises; nothing is lost by taking the mail in again.
    """
    partial = size > len(raw) + 1_000
    mail = await asyncio.to_thread(read_mail, raw, own=config.own, partial=partial)
    if report := report_in(mail, connection):
        await inbox.receive(connection, status_events(mail, report))
        return
    if mail.message_id is not None and our_token(connection, mail.message_id):
        return  # our own mail has come back to us
    if config.automatic_mail == "hide" and mail.automatic in {
        "list",
        "bulk",
        "auto_submitted",
        "automatic",
    }:
        return
    address = mail.sender.value if mail.sender else UNKNOWN_SENDER
    now = datetime.now(UTC)
    written_at = mail.sent_at or received_at
    if not_before and written_at and written_at < not_before - timedelta(days=1):
        return
    if await _is_known(inbox, connection, mail, address):
        return
    chat_id = await chat_of(
        inbox,
        connection,
        address=address,
        external_id=mail.external_id,
        topic=topic_of(mail.subject),
        references=mail.references,
        tag=tagged_token(connection, mail.delivered_to, config.own),
        now=now,
        proven=not mail.proves_nothing,
    )
    silent = await _silence(
        inbox,
        connection,
        config,
        mail.identity(config.own),
        chat_id,
        received_at or mail.sent_at,
        now,
        backfilled=backfilled,
    )
    attachments = await _keep(inbox, connection, mail)
    html = _with_files(mail.html, attachments)
    message = message_of(
        mail, chat_id=chat_id, attachments=attachments, own=config.own, silent=silent, html=html
    )
    await inbox.receive(connection, [message])


async def take_in_sent(
    raw: bytes, *, inbox: Inbox, connection: Connection, config: EmailConfig
) -> None:
    """Hand over what our side wrote in a mail program, if it belongs to a conversation.

    What is written to anybody else is nobody's business here.
    """
    mail = await asyncio.to_thread(read_mail, raw, own=config.own)
    if mail.message_id is None or our_token(connection, mail.message_id):
        return
    for recipient in mail.to[:5]:
        chat_id = await known_chat_of(
            inbox, connection, address=recipient.value, references=mail.references
        )
        if chat_id is not None and address_of(chat_id) == recipient.value:
            attachments = await _keep(inbox, connection, mail)
            await inbox.receive(
                connection,
                [echo_of(mail, chat_id=chat_id, addressee=recipient, attachments=attachments)],
            )
            return


async def give_up_on(raw: bytes, *, inbox: Inbox, connection: Connection) -> None:
    """Show that there is a mail which cannot be taken in, so that somebody looks at the mailbox."""
    mail = await asyncio.to_thread(unreadable, raw)
    address = mail.sender.value if mail.sender else UNKNOWN_SENDER
    chat_id = await chat_of(
        inbox,
        connection,
        address=address,
        external_id=mail.external_id,
        topic="",
        references=(),
        tag=None,
        now=datetime.now(UTC),
    )
    events: list[InboundEvent] = [
        message_of(mail, chat_id=chat_id, attachments=(), own=(), silent=None, html=None)
    ]
    await inbox.receive(connection, events)


async def _is_known(inbox: Inbox, connection: Connection, mail: Mail, address: str) -> bool:
    """Whether this mail was stored before: its files need not be kept again."""
    if mail.message_id is None:
        return False
    chats = await inbox.chats_of(connection, [mail.message_id])
    return any(address_of(chat) == address for chat in chats.values())


async def _silence(
    inbox: Inbox,
    connection: Connection,
    config: EmailConfig,
    sender_id: str,
    chat_id: str,
    received_at: datetime | None,
    now: datetime,
    *,
    backfilled: bool,
) -> str | None:
    """Why the bot must not answer, beside what the mail says of itself."""
    if backfilled or (received_at is not None and now - received_at > STALE):
        return "old"
    since = now - timedelta(hours=1)
    lately = await inbox.traffic(connection, sender_id=sender_id, chat_id=chat_id, since=since)
    if lately.answered >= config.answers_per_hour or lately.received >= MAILS_AN_HOUR:
        return "loop"
    return None


async def _keep(inbox: Inbox, connection: Connection, mail: Mail) -> list[Attachment]:
    """Keep the mail's files; one that is refused is shown with the reason."""
    kept: list[Attachment] = []
    for place, file in enumerate(mail.files):
        inline = place in mail.inline
        if file.cut:
            error = {
                "code": "mail_too_large",
                "detail": "The mail was too large to be fetched whole.",
            }
            kept.append(_refused(file, error, inline=inline))
            continue
        try:
            stored = await inbox.keep_file(
                connection, _chunks(file.content), name=file.name, mime=file.mime
            )
        except FileRefusedError as refusal:
            error = {"code": refusal.code, "detail": refusal.detail}
            kept.append(_refused(file, error, inline=inline))
            continue
        kept.append(
            Attachment(
                kind=file.kind,
                file_id=stored.id,
                name=stored.name,
                mime=stored.mime,
                size=stored.size,
                inline=inline,
            )
        )
    return kept


def _refused(file: MailFile, error: dict[str, str], *, inline: bool) -> Attachment:
    return Attachment(
        kind=file.kind,
        name=file.name,
        mime=file.mime,
        size=len(file.content),
        inline=inline,
        error=error,
    )


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


def _with_files(html: str | None, attachments: list[Attachment]) -> str | None:
    """The HTML with its pictures named by the ids of the files that were kept."""
    if html is None:
        return None

    def named(match: re.Match[str]) -> str:
        place = int(match[1])
        file_id = attachments[place].file_id if place < len(attachments) else None
        return f'data-attachment="{place}"' + (f' data-file="{file_id}"' if file_id else "")

    return re.sub(r'data-attachment="(\d{1,4})"', named, html)
