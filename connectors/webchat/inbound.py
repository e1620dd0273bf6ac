"""What a visitor writes, as the CRM takes it in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.webchat.frames import (
    Details,
    Form,
    Identity,
    Mail,
    Say,
    SentFile,
    Share,
    Tap,
    Written,
)
from connectors.webchat.visitors import file_of
from crm.contract import Attachment, Connection, InboundMessage, MessageKind, Sender


class NotTheirFileError(Exception):
    """A message names a file that its visitor did not upload."""


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Who sits at the widget, as far as they or their company's site have told."""

    id: str
    user_id: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None
    page: str | None = None

    def learn(self, details: Details) -> None:
        """Note what is told; a signed-in visitor's own site knows better than they type."""
        trusted = self.user_id is not None and not isinstance(details, Identity)
        for name in ("name", "phone", "email"):
            told = getattr(details, name)
            if told and not (trusted and getattr(self, name)):
                setattr(self, name, told)

    @property
    def sender(self) -> Sender:
        """As the contract names a person."""
        return Sender(
            external_id=self.id,
            name=self.name,
            username=self.user_id,
            phone=self.phone,
            email=self.email,
            language=self.language,
        )


def inbound(connection: Connection, visitor: Visitor, frame: Written) -> InboundMessage:
    """The message that a frame is.

    Raises:
        NotTheirFileError: as it says.
    """
    kind, text, payload, answerable = MessageKind.TEXT, "", None, True
    attachments: Sequence[Attachment] = ()
    told: Mapping[str, Any] = {}
    match frame:
        case Say():
            text = frame.text
            attachments = [_attachment(connection, visitor, file) for file in frame.files]
            if attachments:
                kind = attachments[0].kind
        case Tap():
            text, payload = frame.title, frame.payload
        case Share():
            kind, text = MessageKind.CONTACT, frame.phone
            told = {"phone": frame.phone, "name": visitor.name or "", "own": True}
        case Form():
            # For people, not for the bot: the question comes with the next message.
            text, answerable = frame.text, False
            told = {"form": {"answer": frame.answer, "consent": True}}
        case Mail():
            text, answerable = frame.email, False
            told = {"offline_email": frame.email}
    return InboundMessage(
        # The widget's ids are its own affair: two visitors may choose the same.
        external_id=f"{visitor.id}:{frame.id}",
        chat_id=visitor.id,
        sender=visitor.sender,
        kind=kind,
        text=text,
        payload=payload,
        attachments=attachments,
        answerable=answerable,
        data={
            "client_id": frame.id,
            **({"page": visitor.page} if visitor.page else {}),
            **({"user_id": visitor.user_id} if visitor.user_id else {}),
            **told,
        },
    )


def kind_of(mime: str) -> MessageKind:
    """What a file of this type is shown as."""
    family = mime.partition("/")[0]
    known = {"image": MessageKind.IMAGE, "audio": MessageKind.AUDIO, "video": MessageKind.VIDEO}
    return known.get(family, MessageKind.DOCUMENT)


def _attachment(connection: Connection, visitor: Visitor, file: SentFile) -> Attachment:
    file_id = file_of(connection, visitor.id, file.id)
    if file_id is None:
        raise NotTheirFileError
    return Attachment(
        kind=kind_of(file.mime),
        file_id=file_id,
        name=file.name or None,
        mime=file.mime or None,
        size=file.size,
    )
