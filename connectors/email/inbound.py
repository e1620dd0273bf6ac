"""Mails as events of the contract. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from connectors.email.addresses import Address, without_tag
from connectors.email.mail import UNKNOWN_SENDER, Mail
from connectors.email.reports import Report, plain_report
from connectors.email.threads import (
    MAX_REFERENCES,
    bare_subject,
    our_ids_in,
    our_token,
    topic_of,
)
from crm.contract import (
    Attachment,
    ChatEvent,
    Connection,
    Echo,
    InboundMessage,
    MessageKind,
    Sender,
    StatusUpdate,
)

_DAEMON: Final = re.compile(
    r"(?:mailer-daemon|postmaster|mail-?daemon|mdaemon)(?:\+.*)?@", re.IGNORECASE
)
_BOUNCED: Final = re.compile(
    r"\b(?:undeliver\w*|delivery (?:status|failure|has failed)|returned mail|mail delivery|failure notice|delayed"
    r"|не\s?доставлен\w*|недоставлен\w*|жеткізілме\w*)",
    re.IGNORECASE,
)


def report_in(mail: Mail, connection: Connection) -> Report | None:
    """What the mail says of mails of ours; None when it is no such report.

    A report of a mail that people sent from elsewhere is a mail like others.
    """
    if mail.report is not None:
        ours = [one for one in mail.report.ids if our_token(connection, one)]
        ours = ours or our_ids_in(connection, mail.raw_text)
        if not ours:
            return None
        return replace(mail.report, ids=tuple(dict.fromkeys(ours)))
    from_daemon = mail.sender is not None and _DAEMON.match(mail.sender.value)
    if not from_daemon and not (mail.automatic and _BOUNCED.search(mail.subject)):
        return None
    ours = our_ids_in(connection, mail.raw_text)
    return plain_report(mail.full_text, ours, subject=mail.subject) if ours else None


def status_events(mail: Mail, report: Report) -> list[ChatEvent]:
    """What the report changes: nothing while a mail is only delayed."""
    if report.state is None:
        return []
    return [
        StatusUpdate(
            external_id=f"{mail.external_id}:{place}",
            platform_id=one,
            state=report.state,
            code=report.code,
            detail=report.detail,
            at=mail.sent_at,
        )
        for place, one in enumerate(report.ids[:5])
    ]


def message_of(
    mail: Mail,
    *,
    chat_id: str,
    attachments: Sequence[Attachment],
    own: Collection[str],
    silent: str | None,
    html: str | None,
) -> InboundMessage:
    """The mail as a message of a customer.

    ``silent`` is why the bot does not answer, ``html`` what people are shown.
    """
    sender = mail.sender
    address = sender.value if sender else UNKNOWN_SENDER
    reason = mail.automatic or silent
    text = mail.text
    if not text and not attachments:
        text = mail.subject
    unsupported = bool(mail.unsupported) and not mail.text and not attachments
    data: dict[str, Any] = {
        "subject": mail.subject,
        "topic": topic_of(mail.subject),
        "thread": thread_of(mail, own),
        "to": [one.value for one in mail.to],
        "cc": [_shown(one.value, one.name) for one in mail.cc],
    }
    if mail.full_text.strip() != text:
        data["full_text"] = mail.full_text
    optional: Mapping[str, Any] = {
        "html": html,
        "signature": mail.signature,
        "invite": mail.invite,
        "unsupported": list(mail.unsupported),
        "automatic": reason,
        "writer": _shown(mail.writer.value, mail.writer.name) if mail.writer else None,
    }
    data |= {name: value for name, value in optional.items() if value}
    if unsupported:
        data["type"] = mail.unsupported[0]
    return InboundMessage(
        external_id=mail.external_id,
        platform_id=mail.message_id,
        chat_id=chat_id,
        sender=Sender(
            external_id=mail.identity(own),
            name=sender.name if sender else None,
            username=address if sender else None,
            email=address if sender else None,
        ),
        kind=MessageKind.UNSUPPORTED if unsupported else MessageKind.TEXT,
        text=text,
        attachments=attachments,
        reply_to=mail.references[0] if mail.references else None,
        sent_at=mail.sent_at,
        answerable=reason is None,
        data=data,
    )


def echo_of(
    mail: Mail, *, chat_id: str, addressee: Address, attachments: Sequence[Attachment]
) -> Echo:
    """A mail that our side wrote in a mail program."""
    message_id = mail.message_id or mail.external_id
    return Echo(
        external_id=message_id,
        chat_id=chat_id,
        platform_id=message_id,
        text=mail.text or mail.subject,
        attachments=attachments,
        author_name=mail.sender.name if mail.sender else None,
        sent_at=mail.sent_at,
        addressee=Sender(
            external_id=addressee.value,
            name=addressee.name,
            username=addressee.value,
            email=addressee.value,
        ),
    )


def thread_of(mail: Mail, own: Collection[str]) -> dict[str, Any]:
    """What an answer to this mail needs (``OutboundMessage.thread``)."""
    chain = list(mail.chain or mail.references[:1])
    if mail.message_id:
        chain.append(mail.message_id)
    if len(chain) > MAX_REFERENCES:  # the first and the newest, as RFC 5322 readers expect
        chain = [chain[0], *chain[-(MAX_REFERENCES - 1) :]]
    named = [*(one.value for one in (*mail.to, *mail.cc)), *mail.delivered_to]
    ours = next((without_tag(one) for one in named if without_tag(one) in own), None)
    return {
        "subject": bare_subject(mail.subject),
        "message_id": mail.message_id,
        "references": chain,
        "from": ours,
        "cc": [one.value for one in mail.cc if without_tag(one.value) not in own],
    }


def _shown(address: str, name: str | None) -> str:
    return f"{name} <{address}>" if name else address
