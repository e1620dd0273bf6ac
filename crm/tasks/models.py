"""The stored task."""

from datetime import datetime
from typing import Literal

from beanie import PydanticObjectId

from crm.core.documents import OrganizationDocument

TaskKind = Literal["lead", "callback", "complaint", "privacy", "handoff", "other"]
Priority = Literal["normal", "urgent"]


class Task(OrganizationDocument):
    """Something to do, perhaps until a time, perhaps by a person."""

    title: str
    description: str = ""
    kind: TaskKind = "other"
    priority: Priority = "normal"
    due_at: datetime | None = None
    done_at: datetime | None = None
    assignee_id: PydanticObjectId | None = None
    contact_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    deal_id: PydanticObjectId | None = None
    source_key: str | None = None

    class Settings:
        """Where it is stored."""

        name = "tasks"
