"""A new organization's assistant."""

from bot.prompts.content import AssistantContent
from crm.assistant.models import VERSIONS, Author, content_of, live_knowledge, new_version
from crm.core.database import Database, RawDocument, Session


class AssistantFounding:
    """Begins the history of a new organization's assistant with version 1: no documents, everything else as usual."""

    def __init__(self, *, database: Database) -> None:
        self._versions = database.collection(VERSIONS)

    async def __call__(
        self, organization: RawDocument, owner: RawDocument, session: Session
    ) -> None:
        """Write version 1, in the transaction that founds the organization."""
        content: AssistantContent = content_of(organization["assistant"])
        row = new_version(
            organization["_id"],
            number=1,
            content=content,
            knowledge_version=live_knowledge(organization),
            author=Author(owner["_id"], owner["name"]),
            reason="",
            published_at=organization["created_at"],
        )
        await self._versions.insert_one(row, session=session)
