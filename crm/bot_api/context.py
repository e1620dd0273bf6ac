"""All a skill needs to know about where it acts, read at once."""

from __future__ import annotations

import asyncio
from typing import Final

from bot.prompts.content import AssistantContent
from crm.bot_api.hours import opening
from crm.contacts.consents import holds
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.inbox.speaker import Speaker
from crm.inbox.store import ConversationStore
from crm.providers.blocks import ContextBlocks

HISTORY_LENGTH: Final = 10
_ROLES: Final = {"contact": "customer", "bot": "bot", "operator": "operator"}


class SkillContexts:
    """Reads contexts. `blocks` tells which language model is asked, and what is masked before."""

    def __init__(self, *, store: ConversationStore, blocks: ContextBlocks) -> None:
        self._store = store
        self._blocks = blocks
        self._deals = store.database.db["deals"]
        self._pipelines = store.database.db["pipelines"]

    async def read(self, conversation: RawDocument, organization: RawDocument) -> RawDocument:
        """The context of a conversation, in the form of ``SkillContext``."""
        contact, deal, history = await asyncio.gather(
            self._store.contacts.find_one(
                {
                    "organization_id": conversation["organization_id"],
                    "_id": conversation["contact_id"],
                }
            ),
            self._newest_deal(conversation),
            self._history(conversation),
        )
        speaker = Speaker.published(organization)
        return {
            **await self._around(organization, speaker, conversation, history),
            "contact": _contact(contact or {"_id": conversation["contact_id"]}, conversation),
            "newest_deal": deal,
            "history": history,
        }

    async def of_trial(self, trial: RawDocument, organization: RawDocument) -> RawDocument:
        """The same of a trial: its own content and documents, and a customer known by what was said."""
        speaker = Speaker.of(
            organization,
            AssistantContent.model_validate(trial["content"]),
            version=trial["version"],
            knowledge_version=trial["knowledge_version"],
        )
        facts, history = trial["facts"], trial["messages"][-HISTORY_LENGTH:]
        return {
            **await self._around(organization, speaker, {**trial, "owner": "bot"}, history),
            "contact": {
                "id": trial["_id"],
                **{name: facts.get(name) for name in ("name", "phone", "email")},
                "marketing_consent": facts.get("marketing_consent"),
            },
            "newest_deal": None,
            "history": history,
        }

    async def _around(
        self,
        organization: RawDocument,
        speaker: Speaker,
        conversation: RawDocument,
        history: list[RawDocument],
    ) -> RawDocument:
        assistant = self._assistant(organization, speaker, conversation)
        assistant["embeddings"] = await self._blocks.embeddings(
            organization, speaker.knowledge_version
        )
        # Where no provider is asked, nobody need be looked for.
        asks = assistant["llm"] or assistant["embeddings"]
        texts = [said["text"] for said in history] if asks else []
        open_now, opens_at = opening(organization, utc_now())
        names = ("language", "channel", "facts", "owner", "status")
        return {
            "organization": {
                "id": organization["_id"],
                "name": organization["name"],
                "timezone": organization["timezone"],
                "language": organization["language"],
                "open_now": open_now,
                "opens_at": opens_at,
            },
            "assistant": assistant,
            "privacy": await self._blocks.privacy(organization, conversation, texts),
            "conversation": {
                "id": conversation["_id"],
                **{name: conversation[name] for name in names},
            },
        }

    def _assistant(
        self, organization: RawDocument, speaker: Speaker, conversation: RawDocument
    ) -> RawDocument:
        channel = conversation["channel"]
        return {
            "version": speaker.version,
            "knowledge_version": speaker.knowledge_version,
            "content": speaker.content.document(),
            "name": speaker.content.name,
            "tone": speaker.content.tone,
            "instructions": speaker.instructions(conversation["language"], channel),
            "variables": speaker.variables(channel),
            "llm": self._blocks.llm(organization, speaker.content.model.model_dump()),
        }

    async def _newest_deal(self, conversation: RawDocument) -> RawDocument | None:
        where = {
            "organization_id": conversation["organization_id"],
            "contact_id": conversation["contact_id"],
        }
        if conversation.get("claimed"):  # see SkillActions: the phone was typed, not verified
            where["conversation_id"] = conversation["_id"]
        deal = await self._deals.find_one(where, sort=[("created_at", -1)])
        if deal is None:
            return None
        pipeline = await self._pipelines.find_one(
            {"organization_id": conversation["organization_id"]}
        )
        stages = pipeline["stages"] if pipeline else []
        stage = next((stage for stage in stages if stage["id"] == deal["stage_id"]), None)
        if stage is None:
            return None
        return {
            "id": deal["_id"],
            "title": deal["title"],
            "stage": stage,
            "updated_at": deal["updated_at"],
        }

    async def _history(self, conversation: RawDocument) -> list[RawDocument]:
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
        newest = (
            await cursor.sort([("created_at", -1), ("_id", -1)]).limit(HISTORY_LENGTH).to_list()
        )
        return [
            {"role": _ROLES[message["author"]["kind"]], "text": message["text"]}
            for message in reversed(newest)
        ]


def _contact(contact: RawDocument, conversation: RawDocument) -> RawDocument:
    if conversation.get("claimed"):
        contact = {
            "_id": contact["_id"],
            "consents": contact.get("consents", ()),
            **conversation["facts"],
        }
    return {
        "id": contact["_id"],
        "name": contact.get("name"),
        "phone": contact.get("phone"),
        "email": contact.get("email"),
        "marketing_consent": holds(contact.get("consents", ()), "marketing"),
    }
