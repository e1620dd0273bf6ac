"""What all stored documents have in common (Beanie 2 over PyMongo's asynchronous client).

Indexes are made by the migrations, never at start: `init_documents` only binds the classes to the database.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from beanie import Document, PydanticObjectId, init_beanie
from bson import ObjectId
from pydantic import ConfigDict, Field
from pymongo.asynchronous.client_session import AsyncClientSession

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound


class StoredDocument(Document):
    """A document with the two times all of them carry.

    Declare a leaf class for each collection and never subclass a leaf: Beanie breaks `id` on subclasses of an
    initialised class.
    """

    model_config = ConfigDict(extra="ignore")

    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now)

    def raw(self) -> RawDocument:
        """Return the document as it is stored."""
        data: RawDocument = self.model_dump(exclude={"id", "revision_id"})
        return {"_id": self.id, **data}


class OrganizationDocument(StoredDocument):
    """A document that belongs to one organization. Read it through `get_in`, which never crosses that border."""

    hidden: ClassVar[frozenset[str]] = frozenset()
    """Stored fields that no reader outside the process ever gets."""

    organization_id: PydanticObjectId

    @classmethod
    async def get_in(
        cls,
        organization_id: ObjectId,
        document_id: ObjectId,
        session: AsyncClientSession | None = None,
    ) -> Self:
        """Return the organization's document.

        Raises:
            NotFound: it does not exist or belongs to another organization.
        """
        found = await cls.find_one(
            {"_id": document_id, "organization_id": organization_id}, session=session
        )
        if found is None:
            raise NotFound
        return found

    @classmethod
    def projection(cls) -> dict[str, int]:
        """Return the projection that leaves out what the read form never holds."""
        return {"organization_id": 0, **dict.fromkeys(cls.hidden, 0)}


def read_form(document: RawDocument, hidden: frozenset[str] = frozenset()) -> RawDocument:
    """Return a stored document as the API and the event log show it: `_id` becomes `id`, hidden fields go."""
    return {
        "id": document["_id"],
        **{
            name: value
            for name, value in document.items()
            if name not in hidden and name not in {"_id", "organization_id"}
        },
    }


async def init_documents(database: Database, models: Sequence[type[Document]]) -> None:
    """Bind document classes to the database, without touching indexes."""
    # Beanie is typed for a database of plain dictionaries, which ours is.
    beanie_database: Any = database.db
    await init_beanie(database=beanie_database, document_models=list(models), skip_indexes=True)
