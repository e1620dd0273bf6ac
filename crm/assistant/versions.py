"""Publishing an assistant's draft, and rolling back.

The history only grows: rolling back publishes an old content under a new number. What customers get changes in one
transaction with the history and the event, so that no reader sees half of a version.
"""

from bson import ObjectId
from pymongo import ReturnDocument

from bot.prompts.content import AssistantContent
from crm.assistant.drafts import Drafts
from crm.assistant.errors import (
    DraftChanged,
    NothingToPublish,
    SnapshotGone,
    SuiteNotGreen,
    check_variables,
)
from crm.assistant.gate import Gate
from crm.assistant.history import AssistantHistory
from crm.assistant.models import (
    VERSIONS,
    WITH_PUBLISHING,
    Author,
    content_of,
    live_knowledge,
    new_version,
    news,
    published_number,
    read_organization,
    version_read,
)
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.knowledge.versions import Versions as KnowledgeVersions


class AssistantVersions:
    """Publishes."""

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        drafts: Drafts,
        history: AssistantHistory,
        knowledge: KnowledgeVersions,
        gate: Gate,
    ) -> None:
        self._database = database
        self._events = events
        self._drafts = drafts
        self._history = history
        self._knowledge = knowledge
        self._gate = gate
        self._organizations = database.collection("organizations")
        self._versions = database.collection(VERSIONS)

    async def publish(
        self,
        organization_id: ObjectId,
        *,
        revision: int,
        reason: str,
        author: Author,
        actor: Actor,
    ) -> RawDocument:
        """Let the draft answer customers, with the newest knowledge, and return the new version.

        Raises:
            DraftChanged: somebody changed the draft after it was looked at.
            NothingToPublish, SuiteNotGreen: as they say.
            Invalid: the draft names a variable that is unknown by now, or a model that is not to be asked.
        """

        async def work(session: Session) -> RawDocument:
            organization = await read_organization(self._organizations, organization_id, session)
            draft = await self._drafts.get(organization, session)
            if draft["revision"] != revision:
                raise DraftChanged
            content = content_of(draft["content"])
            head = await self._knowledge.head(organization_id, session)
            if _answers(organization) == (content, head):
                raise NothingToPublish
            check_variables(content)
            self._drafts.check_model(organization, content)
            if not (await self._gate.state(organization_id, content, head, session)).open:
                raise SuiteNotGreen
            read, event = await self._switch(
                organization,
                content,
                head,
                author=author,
                actor=actor,
                reason=reason,
                session=session,
            )
            await self._events.append(organization_id, [event], session)
            return read

        return await self._database.in_transaction(work, serial=organization_id)

    async def roll_back(
        self,
        organization_id: ObjectId,
        number: int,
        *,
        reason: str,
        author: Author,
        actor: Actor,
        keep_knowledge: bool = False,
    ) -> RawDocument:
        """Publish an earlier version again, and return the new one.

        The knowledge of that time comes back with it; from then on changed documents go live with publishing only, for
        the next one would otherwise bring back what was just taken away. A draft without changes of its own follows.

        Args:
            organization_id: whose assistant.
            number: the version to go back to.
            reason: for the history.
            author: who does it.
            actor: the same, for the event.
            keep_knowledge: leave the documents as they answer now, and take back the rest.

        Raises:
            NotFound: there is no such version.
            NothingToPublish: it is what answers now.
            SnapshotGone: its documents are no longer kept; `keep_knowledge` still works.
        """

        async def work(session: Session) -> RawDocument:
            organization = await read_organization(self._organizations, organization_id, session)
            row = await self._history.row(organization_id, number, session)
            present, live = _answers(organization)
            former = keep_knowledge or number == published_number(organization)
            content, target = (
                content_of(row["content"]),
                live if former else int(row["knowledge_version"]),
            )
            if (content, target) == (present, live):
                raise NothingToPublish
            events = []
            draft = await self._drafts.get(organization, session)
            if content_of(draft["content"]) == present != content:
                _, followed = await self._drafts.write(
                    organization_id,
                    content,
                    revision=draft["revision"] + 1,
                    author=author,
                    actor=actor,
                    session=session,
                )
                events.append(followed)
            if target < await self._knowledge.head(organization_id, session):
                await self._organizations.update_one(
                    {"_id": organization_id},
                    {"$set": {"knowledge_goes_live": WITH_PUBLISHING}},
                    session=session,
                )
            read, published = await self._switch(
                organization,
                content,
                target,
                author=author,
                actor=actor,
                reason=reason,
                rollback_of=number,
                session=session,
            )
            await self._events.append(organization_id, [published, *events], session)
            return read

        return await self._database.in_transaction(work, serial=organization_id)

    async def _switch(
        self,
        organization: RawDocument,
        content: AssistantContent,
        knowledge_version: int,
        *,
        author: Author,
        actor: Actor,
        reason: str,
        session: Session,
        rollback_of: int | None = None,
    ) -> tuple[RawDocument, NewEvent]:
        """Append a version and make it the one that answers; return it, and the event to append."""
        organization_id, former = organization["_id"], published_number(organization)
        live = live_knowledge(organization)
        # What the former version last answered from is what rolling back to it must bring back.
        await self._versions.update_one(
            {"organization_id": organization_id, "number": former},
            {"$set": {"knowledge_version": live}},
            session=session,
        )
        try:
            await self._knowledge.publish(organization_id, knowledge_version, session)
        except NotFound:
            raise SnapshotGone from None
        row = new_version(
            organization_id,
            number=former + 1,
            content=content,
            knowledge_version=knowledge_version,
            author=author,
            reason=reason,
            rollback_of=rollback_of,
        )
        await self._versions.insert_one(row, session=session)
        assistant = {**content.document(), "version": row["number"]}
        changed = await self._organizations.find_one_and_update(
            {"_id": organization_id},
            {"$set": {"assistant": assistant, "updated_at": row["published_at"]}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        assert changed is not None, "it was read in this transaction"
        read = version_read(row, changed)
        return read, news("published", organization_id, read, actor)


def _answers(organization: RawDocument) -> tuple[AssistantContent, int]:
    """Return what customers get now."""
    return content_of(organization.get("assistant")), live_knowledge(organization)
