"""The draft of an organization's assistant: changed in steps, each on the revision that was looked at."""

from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId
from pydantic import ValidationError

from bot.prompts.content import AssistantContent
from crm.assistant.errors import MODEL_REFUSED, DraftChanged, check_variables, invalid_content
from crm.assistant.models import DRAFTS, Author, content_of, news, read_organization
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import FieldError, Invalid
from crm.core.events import Actor, EventLog, NewEvent

type Refused = Callable[[Mapping[str, Any], Mapping[str, Any] | None], str | None]


def _nothing_refused(_: Mapping[str, Any], __: Mapping[str, Any] | None) -> str | None:
    return None


class Drafts:
    """Reads and changes drafts. One that nobody has touched is what is published, at revision 0."""

    def __init__(
        self, *, database: Database, events: EventLog, refused: Refused = _nothing_refused
    ) -> None:
        """`refused` tells why a version's model would not be asked, by an organization and the content's `model`."""
        self._refused = refused
        self._database = database
        self._events = events
        self._organizations = database.collection("organizations")
        self._drafts = database.collection(DRAFTS)

    async def get(self, organization: RawDocument, session: Session | None = None) -> RawDocument:
        """Return the draft of an organization that has just been read, in its read form."""
        found = await self._drafts.find_one({"_id": organization["_id"]}, session=session)
        return _read(found or {"content": organization.get("assistant")})

    async def change(
        self,
        organization_id: ObjectId,
        revision: int,
        values: Mapping[str, Any],
        *,
        author: Author,
        actor: Actor,
    ) -> RawDocument:
        """Change what is given, and return the draft.

        Raises:
            DraftChanged: `revision` is not the draft's.
            Invalid: a value does not fit, a text names an unknown variable, or the model is newly named and is
                none that may be asked.
        """

        def merged(draft: RawDocument, organization: RawDocument) -> AssistantContent:
            if draft["revision"] != revision:
                raise DraftChanged
            try:
                content = content_of(draft["content"]).with_changes(values)
            except ValidationError as error:
                raise invalid_content(error) from None
            check_variables(content)
            if content.model.name != content_of(draft["content"]).model.name:
                self.check_model(organization, content)
            return content

        return await self._store(organization_id, merged, author=author, actor=actor)

    def check_model(self, organization: RawDocument, content: AssistantContent) -> None:
        """Let nobody wait for answers of a model that will not be asked.

        Raises:
            Invalid: `provider_not_allowed` or `model_not_allowed`.
        """
        code = self._refused(organization, content.model.model_dump())
        if code is not None:
            raise Invalid(fields=[FieldError("model.name", code, MODEL_REFUSED[code])])

    async def discard(
        self, organization_id: ObjectId, *, author: Author, actor: Actor
    ) -> RawDocument:
        """Make the draft what is published, and return it."""

        def published(_: RawDocument, organization: RawDocument) -> AssistantContent:
            return content_of(organization.get("assistant"))

        return await self._store(organization_id, published, author=author, actor=actor)

    async def write(
        self,
        organization_id: ObjectId,
        content: AssistantContent,
        *,
        revision: int,
        author: Author,
        actor: Actor,
        session: Session,
    ) -> tuple[RawDocument, NewEvent]:
        """Store the draft under a revision; return it, and the event to append in the same transaction."""
        stored = {
            "organization_id": organization_id,
            "content": content.document(),
            "revision": revision,
            "updated_at": utc_now(),
            "updated_by": author.document(),
        }
        await self._drafts.replace_one(
            {"_id": organization_id}, stored, upsert=True, session=session
        )
        read = _read(stored)
        return read, news("draft_changed", organization_id, read, actor)

    async def _store(
        self,
        organization_id: ObjectId,
        make: Callable[[RawDocument, RawDocument], AssistantContent],
        *,
        author: Author,
        actor: Actor,
    ) -> RawDocument:
        async def work(session: Session) -> RawDocument:
            organization = await read_organization(self._organizations, organization_id, session)
            draft = await self.get(organization, session)
            content = make(draft, organization)
            if content == content_of(draft["content"]):
                return draft
            read, event = await self.write(
                organization_id,
                content,
                revision=draft["revision"] + 1,
                author=author,
                actor=actor,
                session=session,
            )
            await self._events.append(organization_id, [event], session)
            return read

        return await self._database.in_transaction(work, serial=organization_id)


def _read(draft: RawDocument) -> RawDocument:
    return {
        "content": content_of(draft["content"]).document(),
        "revision": draft.get("revision", 0),
        "updated_at": draft.get("updated_at"),
        "updated_by": draft.get("updated_by"),
    }
