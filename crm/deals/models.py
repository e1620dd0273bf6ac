"""Stored pipelines and deals."""

from datetime import datetime
from typing import Literal

from beanie import PydanticObjectId
from pydantic import BaseModel, Field

from crm.core.documents import OrganizationDocument


class Stage(BaseModel):
    """A column of the board. `id` is a short word, unique within its pipeline."""

    id: str
    name: dict[str, str]
    kind: Literal["open", "won", "lost"]


class Pipeline(OrganizationDocument):
    """The stages of an organization's deals, in order. There is one for each organization."""

    name: str
    stages: list[Stage]

    class Settings:
        """Where it is stored."""

        name = "pipelines"


class Deal(OrganizationDocument):
    """Something a contact may buy. `amount` is whole tenge; `position` orders the deals of a stage.

    `details` is what the bot asked for when it took the order, by the lead form's names.
    """

    contact_id: PydanticObjectId
    conversation_id: PydanticObjectId | None = None
    title: str
    details: dict[str, str] = Field(default_factory=dict)
    amount: int | None = None
    currency: str = "KZT"
    stage_id: str
    position: float
    source_key: str | None = None
    closed_at: datetime | None = None

    class Settings:
        """Where it is stored."""

        name = "deals"


def default_stages() -> list[dict[str, object]]:
    """Return the stages a new organization begins with."""
    return [
        {
            "id": "new",
            "name": {"ru": "Новая заявка", "kk": "Жаңа өтінім", "en": "New"},
            "kind": "open",
        },
        {
            "id": "talking",
            "name": {"ru": "Переговоры", "kk": "Келіссөз", "en": "In talks"},
            "kind": "open",
        },
        {
            "id": "offer",
            "name": {"ru": "Счёт выставлен", "kk": "Шот жіберілді", "en": "Offer sent"},
            "kind": "open",
        },
        {
            "id": "won",
            "name": {"ru": "Успешно", "kk": "Сәтті аяқталды", "en": "Won"},
            "kind": "won",
        },
        {"id": "lost", "name": {"ru": "Отказ", "kk": "Бас тартылды", "en": "Lost"}, "kind": "lost"},
    ]
