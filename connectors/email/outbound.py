"""Rendering: one neutral message as one mail, or as several when its files are too large for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from connectors.base import Capabilities, MediaLimit
from connectors.base.rendering import with_buttons_as_text
from connectors.email.config import EmailConfig
from connectors.email.threads import address_of, our_message_id, tagged
from crm.contract import Connection, MessageKind, OutboundFile, OutboundMessage, RejectedError

MAX_FILE_BYTES: Final = 18_000_000
"""Most providers take mails of 25 MB; base64 makes files larger by a third, and the text wants its place."""
CAPABILITIES: Final = Capabilities(
    max_text=100_000,
    replies=True,
    letters=True,
    # Longer than ``client.SEND_SECONDS``: by then it is known whether the server has it.
    send_seconds=130.0,
    media={
        kind: MediaLimit(max_bytes=MAX_FILE_BYTES)
        for kind in (
            MessageKind.IMAGE,
            MessageKind.AUDIO,
            MessageKind.VIDEO,
            MessageKind.DOCUMENT,
        )
    },
)
_NEW_SUBJECTS: Final = {
    "ru": "Сообщение от {name}",
    "kk": "{name} хабарламасы",
    "en": "Message from {name}",
}
_TOO_LARGE: Final = {
    "ru": "Файл слишком велик для письма: {name} {url}",
    "kk": "Файл хатқа сыймайды: {name} {url}",
    "en": "The file is too large for a mail: {name} {url}",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One mail, before its files are read. ``message_id`` and ``references`` are without brackets."""

    message_id: str
    sender: str
    sender_name: str
    recipient: str
    subject: str
    text: str
    signature: str
    in_reply_to: str | None
    references: tuple[str, ...]
    reply_to: str | None
    automatic: bool
    files: tuple[int, ...]


def render(connection: Connection, config: EmailConfig, message: OutboundMessage) -> list[Part]:
    """The mails of a message, always the same for the same message.

    Raises:
        RejectedError: there is nothing to send, or nobody to send it to.
    """
    thread = message.thread
    recipient = address_of(message.chat_id)
    if "@" not in recipient or recipient.endswith("@invalid"):
        raise RejectedError("no_address", "The customer's mail named no address to answer to.")
    language = message.language or connection.language
    text = with_buttons_as_text(message, CAPABILITIES).strip()
    groups, too_large = _grouped(message.attachments)
    for place in too_large:
        file = message.attachments[place]
        words = _TOO_LARGE.get(language, _TOO_LARGE["en"]).format(name=file.name, url=file.link)
        text = f"{text}\n\n{words}".strip()
    if not text and not message.attachments:
        raise RejectedError("empty_message", "There is nothing to send.")
    company = config.from_name or connection.name or config.address
    alias = _word(thread, "from")
    sender = alias if alias in config.own else config.address
    answered = message.reply_to or _word(thread, "message_id")
    references = [one for one in thread.get("references") or () if isinstance(one, str)]
    if answered and answered not in references:
        references.append(answered)
    # What a person sends again is another mail: servers and mailboxes pass over one they know.
    own_id = f"{message.id}-{message.resent}" if message.resent else message.id
    previous: list[str] = []
    parts: list[Part] = []
    for place, files in enumerate(groups):
        message_id = our_message_id(
            connection, own_id, place, message.chat_id, config.address.rpartition("@")[2]
        )
        parts.append(
            Part(
                message_id=message_id,
                sender=sender,
                sender_name=_sender_name(message, company),
                recipient=recipient,
                subject=_subject(thread, language, company),
                text=text if place == 0 else "",
                signature=config.signature if place == 0 else "",
                in_reply_to=answered,
                references=(*references, *previous),
                reply_to=tagged(connection, config.address, message.chat_id)
                if config.reply_tokens
                else (config.address if sender != config.address else None),
                automatic=message.author_kind != "operator",
                files=tuple(files),
            )
        )
        previous.append(message_id)
    return parts


def _grouped(files: Any) -> tuple[list[list[int]], list[int]]:
    """Files by the mail that takes them, and those that none takes."""
    groups: list[list[int]] = [[]]
    too_large: list[int] = []
    room = MAX_FILE_BYTES
    for place, file in enumerate(files):
        assert isinstance(file, OutboundFile)
        if file.size > MAX_FILE_BYTES:
            too_large.append(place)
            continue
        if file.size > room:
            groups.append([])
            room = MAX_FILE_BYTES
        groups[-1].append(place)
        room -= file.size
    return groups, too_large


def _subject(thread: Any, language: str, company: str) -> str:
    known = _word(thread, "subject")
    if known:
        return known if thread.get("begins") else f"Re: {known}"
    if _word(thread, "message_id"):
        return "Re:"
    return _NEW_SUBJECTS.get(language, _NEW_SUBJECTS["en"]).format(name=company)


def _sender_name(message: OutboundMessage, company: str) -> str:
    return f"{message.author_name}, {company}" if message.author_name else company


def _word(thread: Any, name: str) -> str:
    value = thread.get(name)
    return value if isinstance(value, str) else ""
