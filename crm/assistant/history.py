"""What was published, and what differs."""

from dataclasses import asdict
from typing import Literal

from bson import ObjectId

from bot.prompts.changes import changes
from bot.prompts.content import AssistantContent
from crm.assistant.drafts import Drafts
from crm.assistant.gate import Gate
from crm.assistant.models import (
    AT_ONCE,
    VERSIONS,
    content_of,
    live_knowledge,
    mark_current,
    published_number,
    read_organization,
    version_read,
)
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.listing import Listing, ListQuery, Sortable
from crm.knowledge.versions import Versions as KnowledgeVersions

_LISTING = Listing(
    sorts={"number": Sortable("number")},
    default_sort="-number",
    projection={"organization_id": 0, "content": 0},
)

type Target = Literal["draft", "published"] | int


class AssistantHistory:
    """Reads assistants: drafts, published versions, their differences."""

    def __init__(
        self, *, database: Database, drafts: Drafts, knowledge: KnowledgeVersions, gate: Gate
    ) -> None:
        self._knowledge = knowledge
        self._drafts = drafts
        self._gate = gate
        self._organizations = database.collection("organizations")
        self._versions = database.collection(VERSIONS)

    async def overview(self, organization_id: ObjectId) -> RawDocument:
        """Return draft, published version, what differs, and whether publishing is allowed."""
        organization = await read_organization(self._organizations, organization_id)
        draft = await self._drafts.get(organization)
        content = content_of(draft["content"])
        live, head = live_knowledge(organization), await self._knowledge.head(organization_id)
        row = await self.row(organization_id, published_number(organization))
        published = version_read(row, organization)
        return {
            "draft": draft,
            "published": published,
            "changes": [
                asdict(change) for change in changes(content_of(published["content"]), content)
            ],
            "knowledge": {
                "published": live,
                "head": head,
                "goes_live": organization.get("knowledge_goes_live") or AT_ONCE,
                "changes": await self._knowledge_changes(organization_id, live, head),
            },
            "gate": asdict(await self._gate.state(organization_id, content, head)),
        }

    async def page(self, organization_id: ObjectId, query: ListQuery) -> RawDocument:
        """Return a page of the versions, the newest first, without their contents."""
        organization = await read_organization(self._organizations, organization_id)
        page = await _LISTING.page(self._versions, {"organization_id": organization_id}, query)
        for row in page["items"]:
            del row["id"]
            mark_current(row, organization)
        return page

    async def version(self, organization_id: ObjectId, number: int) -> RawDocument:
        """Return one version with its content.

        Raises:
            NotFound: as it says.
        """
        organization = await read_organization(self._organizations, organization_id)
        return version_read(await self.row(organization_id, number), organization)

    async def compare(
        self, organization_id: ObjectId, number: int, against: int | Literal["draft"]
    ) -> RawDocument:
        """Return what turns a version into another one, or into the draft.

        Raises:
            NotFound: there is no such version.
        """
        before, since, _ = await self.target(organization_id, number)
        after, until, _ = await self.target(organization_id, against)
        return {
            "changes": [asdict(change) for change in changes(before, after)],
            "knowledge": await self._knowledge_changes(organization_id, since, until),
        }

    async def target(
        self, organization_id: ObjectId, target: Target
    ) -> tuple[AssistantContent, int, int | None]:
        """Return content, knowledge version and number (None of a draft) of what is to be tried or compared.

        Raises:
            NotFound: there is no such version.
        """
        organization = await read_organization(self._organizations, organization_id)
        if target == "draft":
            head = await self._knowledge.head(organization_id)
            return content_of((await self._drafts.get(organization))["content"]), head, None
        current = published_number(organization)
        if target in {"published", current}:
            return (
                content_of(organization.get("assistant")),
                live_knowledge(organization),
                current,
            )
        row = await self.row(organization_id, int(target))
        return content_of(row["content"]), int(row["knowledge_version"]), int(row["number"])

    async def row(
        self, organization_id: ObjectId, number: int, session: Session | None = None
    ) -> RawDocument:
        """Return a stored version.

        Raises:
            NotFound: as it says.
        """
        found = await self._versions.find_one(
            {"organization_id": organization_id, "number": number}, session=session
        )
        if found is None:
            raise NotFound("There is no such version.")
        return found

    async def _knowledge_changes(
        self, organization_id: ObjectId, since: int, until: int
    ) -> list[RawDocument]:
        if since == until:
            return []
        return list(await self._knowledge.changes(organization_id, since, until))
