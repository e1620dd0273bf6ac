"""Why the bot said what it said, with everything as it was then."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from bson import ObjectId
from bson.errors import InvalidId

from crm.assistant.models import VERSIONS, mark_current, read_organization
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.inbox.models import MESSAGES
from crm.knowledge.versions import Versions as KnowledgeVersions

type Reason = Literal[
    "first_contact",
    "greeting",
    "written_from_documents",
    "quoted_from_documents",
    "not_in_documents",
    "rule",
    "still_working",
    "given_up",
]

_BY_METHOD: Final[Mapping[str, Reason]] = {
    "llm": "written_from_documents",
    "extractive": "quoted_from_documents",
    "declined": "not_in_documents",
}
_BY_SKILL: Final[Mapping[str, Reason]] = {
    "disclosure": "first_contact",
    "greet": "greeting",
    "holding": "still_working",
    "given_up": "given_up",
}
_OF_TRACE: Final = (
    "skill",
    "intent",
    "confidence",
    "method",
    "model",
    "masked_prompt",
    "raw_answer",
    "provider_error",
    "judge",
    "translated",
    "input_tokens",
    "output_tokens",
    "cost",
    "currency",
    "elapsed_ms",
    "knowledge_version",
)


class Explanations:
    """Explains messages of the bot."""

    def __init__(self, *, database: Database, knowledge: KnowledgeVersions) -> None:
        self._knowledge = knowledge
        self._messages = database.collection(MESSAGES)
        self._organizations = database.collection("organizations")
        self._versions = database.collection(VERSIONS)

    async def explain(self, organization_id: ObjectId, message_id: ObjectId) -> RawDocument:
        """Return what made a message, with the passages as they were in the snapshot it was made from.

        Raises:
            NotFound: there is no such message of the bot.
        """
        message = await self._messages.find_one(
            {"_id": message_id, "organization_id": organization_id, "author.kind": "bot"}
        )
        if message is None:
            raise NotFound("There is no such message of the bot.")
        trace: Mapping[str, Any] = message.get("trace") or {}
        return {
            "message_id": message_id,
            "text": message["text"],
            "said_at": message["created_at"],
            "reason": _reason(trace),
            "question": await self._question(organization_id, trace),
            "version": await self._version(organization_id, trace.get("assistant_version")),
            **{name: trace.get(name) for name in _OF_TRACE},
            "checks": list(trace.get("checks") or ()),
            "passages": await self.passages(organization_id, trace),
        }

    async def _question(
        self, organization_id: ObjectId, trace: Mapping[str, Any]
    ) -> RawDocument | None:
        """Return the message that was answered."""
        asked = _id(trace.get("in_reply_to"))
        found = asked and await self._messages.find_one(
            {"_id": asked, "organization_id": organization_id}, {"text": 1}
        )
        return {"id": found["_id"], "text": found["text"]} if found else None

    async def _version(self, organization_id: ObjectId, number: Any) -> RawDocument | None:
        """Return the version that spoke; None for what was said before there were versions."""
        row = await self._versions.find_one(
            {"organization_id": organization_id, "number": number},
            {"_id": 0, "organization_id": 0, "content": 0},
        )
        if row is None:
            return None
        return mark_current(row, await read_organization(self._organizations, organization_id))

    async def passages(
        self, organization_id: ObjectId, trace: Mapping[str, Any]
    ) -> list[RawDocument]:
        """Return the passages that a trace names, as they were in its snapshot."""
        found: list[Mapping[str, Any]] = list(trace.get("passages") or ())
        quotes = {source["passage_id"]: source for source in trace.get("sources") or ()}
        ids = [key for passage in found if (key := _id(passage["passage_id"])) is not None]
        version = trace.get("knowledge_version")
        rows = (
            await self._knowledge.passages_of(organization_id, int(version), ids)
            if ids and version is not None
            else []
        )
        kept = {str(row["id"]): row for row in rows}
        return [
            _passage(passage, kept.get(passage["passage_id"]), quotes.get(passage["passage_id"]))
            for passage in found
        ]


def _passage(
    passage: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    source: Mapping[str, Any] | None,
) -> RawDocument:
    """Return a passage that was looked at. Of one that is no longer kept, what the answer quoted is still known."""
    known = row or source or {}
    return {
        "passage_id": passage["passage_id"],
        "document": passage["document"],
        "score": passage["score"],
        "title": known.get("title"),
        "heading": list(known.get("heading") or ()),
        "page": known.get("page"),
        "text": row["text"] if row else None,
        "cited": source is not None,
        "quote": source["quote"] if source else None,
    }


def _reason(trace: Mapping[str, Any]) -> Reason:
    method, skill = str(trace.get("method") or ""), str(trace.get("skill") or "")
    return _BY_METHOD.get(method) or _BY_SKILL.get(skill) or "rule"


def _id(value: Any) -> ObjectId | None:
    try:
        return ObjectId(value) if value else None
    except (InvalidId, TypeError):
        return None
