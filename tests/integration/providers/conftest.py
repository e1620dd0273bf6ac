"""An organization with a document, a customer's conversation, and a provider on loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contacts.models import new_contact
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.core.settings import Settings
from tests.fakes.openai_server import FakeOpenAI
from tests.support.console import Console

DELIVERY = (
    "# Доставка\n\n## Цена\n\nДоставка в Астану стоит 1 500 ₸, срок два дня.\n\n"
    "## Самовывоз\n\nЗаказ хранится в магазине 5 дней."
)


@pytest.fixture
async def provider() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI.running() as fake:
        yield fake


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings without a language model of the installation."""
    return settings


@dataclass(frozen=True, slots=True)
class Customer:
    """A conversation in the owner's organization."""

    core: Core
    organization_id: ObjectId
    conversation_id: ObjectId

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.conversation_id}"

    async def conversation(self) -> dict[str, Any]:
        found = await self.core.database.collection("conversations").find_one(self.conversation_id)
        assert found is not None
        return found

    async def writes(self, text: str, kind: str = "contact") -> None:
        """Put a message into the thread, after the others."""
        messages = self.core.database.collection("messages")
        count = await messages.count_documents({"conversation_id": self.conversation_id})
        moment = utc_now() + timedelta(milliseconds=count)
        await messages.insert_one(
            {
                "organization_id": self.organization_id,
                "conversation_id": self.conversation_id,
                "connection_id": ObjectId(),
                "chat_id": "c",
                "direction": "in" if kind == "contact" else "out",
                "author": {"kind": kind, "user_id": None, "name": None},
                "kind": "text",
                "text": text,
                "state": "handled",
                "created_at": moment,
                "updated_at": moment,
            }
        )


@pytest.fixture
async def customer(owner: Console, core: Core) -> Customer:
    await owner.post("/api/knowledge/sources", {"name": "delivery.md", "content": DELIVERY})
    organization_id, conversation_id = owner.organization_id, ObjectId()
    contact = new_contact(organization_id, name="Асель Нурланова", phone="+77015550123")
    await core.database.collection("contacts").insert_one(contact)
    now = utc_now()
    await core.database.collection("conversations").insert_one(
        {
            "_id": conversation_id,
            "organization_id": organization_id,
            "connection_id": ObjectId(),
            "channel": "webchat",
            "chat_id": "c",
            "contact_id": contact["_id"],
            "contact_name": contact["name"],
            "owner": "operator",
            "status": "open",
            "assignee_id": None,
            "language": "ru",
            "summary": None,
            "facts": {"product": "палатка"},
            "waiting_since": None,
            "unread": 0,
            "last_message": None,
            "last_activity_at": now,
            "disclosed_at": None,
            "lease": None,
            "fence": 0,
            "operator_active_at": now,
            "unrecorded": 0,
            "rating": None,
            "created_at": now,
            "updated_at": now,
        }
    )
    return Customer(core, organization_id, conversation_id)


type UseProvider = Callable[..., Awaitable[Any]]


@pytest.fixture
def use(owner: Console, provider: FakeOpenAI) -> UseProvider:
    """Put the provider into the organization's settings."""

    async def put(**values: Any) -> Any:
        model = {"model": "openai:test", "base_url": provider.base_url, "api_key": "sk-own"}
        return await owner.patch("/api/organization/llm", {**model, **values})

    return put
