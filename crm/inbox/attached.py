"""Files of messages as they are stored with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crm.contract import Attachment
from crm.files.attachments import due_at, inbound_row
from crm.inbox.models import Document


def attached(attachments: Sequence[Attachment], moment: datetime) -> Document:
    """The fields of a message with these files: ``media_due_at`` is there while one has to be fetched."""
    rows = [inbound_row(attachment) for attachment in attachments]
    due = due_at(rows, moment)
    return {"attachments": rows} if due is None else {"attachments": rows, "media_due_at": due}
