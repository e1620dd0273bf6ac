"""What the tasks' endpoints take and answer."""

from datetime import datetime

from pydantic import Field

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import LongText, Moment, Name
from crm.core.listing import ListQuery, Page
from crm.tasks.models import Priority, TaskKind


class TaskRead(ResponseModel):
    """A task."""

    id: Id
    title: str
    description: str
    kind: TaskKind
    priority: Priority
    due_at: datetime | None
    done_at: datetime | None
    assignee_id: Id | None
    contact_id: Id | None
    conversation_id: Id | None
    deal_id: Id | None
    created_at: datetime
    updated_at: datetime


class TaskPage(Page[TaskRead]):
    """A page of tasks."""


class TaskQuery(ListQuery):
    """How to list tasks. Sort by due_at, created_at or updated_at; without a time comes first."""

    open: bool | None = Field(default=None, description="Not yet done, or (false) done.")
    assignee_id: Id | None = Field(default=None, description="Assigned to this person.")
    contact_id: Id | None = Field(default=None, description="About this contact.")
    conversation_id: Id | None = Field(default=None, description="From this conversation.")
    deal_id: Id | None = Field(default=None, description="For this deal.")
    kind: TaskKind | None = Field(default=None, description="Of this kind.")
    due_before: Moment | None = Field(default=None, description="Due before this moment.")
    q: str | None = Field(default=None, max_length=200, description="Part of the title.")


class TaskCreate(RequestModel):
    """A new task."""

    title: Name
    description: LongText = ""
    kind: TaskKind = "other"
    priority: Priority = "normal"
    due_at: Moment | None = None
    assignee_id: Id | None = None
    contact_id: Id | None = None
    conversation_id: Id | None = None
    deal_id: Id | None = None


class TaskUpdate(ChangeModel):
    """A partial change. `done` closes the task or opens it again."""

    title: Name = not_given()
    description: LongText = not_given()
    kind: TaskKind = not_given()
    priority: Priority = not_given()
    due_at: Moment | None = None
    assignee_id: Id | None = None
    contact_id: Id | None = None
    deal_id: Id | None = None
    done: bool = not_given()
