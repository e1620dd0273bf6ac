"""What an operator gets of the assistant: a suggested reply, and a summary. Through the same masked path as answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bson import ObjectId

from bot.answering import Answerer
from bot.answering.summary import summarise
from crm.core.database import RawDocument
from crm.core.errors import NotFound
from crm.inbox.models import Document
from crm.inbox.store import ConversationStore
from crm.inbox.summary import summarize
from crm.providers.ledger import BoundLedger, ProviderLedger

MAX_MESSAGES: Final = 40
QUESTIONS: Final = 3
"""How many of the customer's last messages, written one after the other, are one question."""
_ROLES: Final = {"contact": "customer", "bot": "bot", "operator": "operator"}

type ReadContext = Callable[[RawDocument, RawDocument], Awaitable[RawDocument]]
type LoadSnapshot = Callable[[ObjectId, int], Awaitable[Mapping[str, Any]]]


class OperatorHelp:
    """Suggests and summarises. Changes nothing in the conversation but its markers."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        answerer: Answerer,
        ledger: ProviderLedger,
        read_context: ReadContext,
        load_snapshot: LoadSnapshot,
    ) -> None:
        """`read_context` gives what skills get; `load_snapshot` an organization's passages at a version."""
        self._store = store
        self._answerer = answerer
        self._ledger = ledger
        self._read_context = read_context
        self._load_snapshot = load_snapshot

    async def suggest(self, organization_id: ObjectId, conversation_id: ObjectId) -> RawDocument:
        """Return a reply to the customer's last words; empty where the documents do not tell.

        Raises:
            NotFound: there is no such conversation here.
        """
        conversation, context = await self._context(organization_id, conversation_id)
        history = await self._said(conversation)
        asked: list[str] = []
        while history and history[-1]["role"] == "customer" and len(asked) < QUESTIONS:
            asked.insert(0, history.pop()["text"])
        if not asked:
            return {"text": "", "answered": False, "sources": [], "method": "none", "error": None}

        async def load(version: int) -> Mapping[str, Any]:
            return await self._load_snapshot(organization_id, version)

        answer = await self._answerer.answer(
            question="\n".join(asked),
            language=conversation["language"],
            history=history,
            context=context,
            load_snapshot=load,
            ledger=BoundLedger(self._ledger, organization_id, conversation_id),
            purpose="suggest",
        )
        return {
            "text": answer.body if answer.answered else "",
            "answered": answer.answered,
            "sources": answer.sources,
            "method": answer.trace["method"],
            "error": answer.trace["provider_error"],
        }

    async def summarise(self, organization_id: ObjectId, conversation_id: ObjectId) -> RawDocument:
        """Return what the conversation is about: a model's words, else the facts and the customer's own.

        Raises:
            NotFound: there is no such conversation here.
        """
        conversation, context = await self._context(organization_id, conversation_id)
        text, error = await summarise(
            self._answerer.gateway,
            turns=await self._said(conversation),
            language=context["organization"]["language"],
            context=context,
            ledger=BoundLedger(self._ledger, organization_id, conversation_id),
        )
        if text is not None:
            return {"text": text, "method": "llm", "error": None}
        plain = await summarize(self._store, conversation)
        return {"text": plain, "method": "built_in", "error": error}

    async def _context(
        self, organization_id: ObjectId, conversation_id: ObjectId
    ) -> tuple[Document, RawDocument]:
        conversation = await self._store.conversations.find_one(
            {"_id": conversation_id, "organization_id": organization_id}
        )
        organization = await self._store.organizations.find_one({"_id": organization_id})
        if conversation is None or organization is None:
            raise NotFound("There is no such conversation.")
        return conversation, await self._read_context(conversation, organization)

    async def _said(self, conversation: Document) -> list[dict[str, str]]:
        """Return the conversation's last messages, oldest first."""
        cursor = self._store.messages.find(
            {
                "organization_id": conversation["organization_id"],
                "conversation_id": conversation["_id"],
                "kind": {"$nin": ["note", "event"]},
                "author.kind": {"$in": list(_ROLES)},
                "state": {"$ne": "cancelled"},
                "deleted_at": None,  # what was taken back is no model's business
            },
            {"text": 1, "author": 1},
        )
        newest = await cursor.sort([("created_at", -1), ("_id", -1)]).limit(MAX_MESSAGES).to_list()
        return [
            {"role": _ROLES[message["author"]["kind"]], "text": message["text"]}
            for message in reversed(newest)
            if message["text"]
        ]
