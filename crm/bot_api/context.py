"""All a skill needs to know about where it acts, read at once."""

from __future__ import annotations

import asyncio
from typing import Final

from crm.bot_api.hours import opening
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.secrets import SecretBox
from crm.core.settings import Settings
from crm.inbox.store import ConversationStore

HISTORY_LENGTH: Final = 10
_ROLES: Final = {"contact": "customer", "bot": "bot", "operator": "operator"}


class SkillContexts:
    """Reads contexts.

    The language model is the organization's own, else the one of the settings, else none.
    """

    def __init__(self, *, store: ConversationStore, settings: Settings, secrets: SecretBox) -> None:
        self._store = store
        self._settings = settings
        self._secrets = secrets
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
        open_now, opens_at = opening(organization, utc_now())
        return {
            "organization": {
                "id": organization["_id"],
                "name": organization["name"],
                "timezone": organization["timezone"],
                "language": organization["language"],
                "open_now": open_now,
                "opens_at": opens_at,
            },
            "assistant": self.assistant(organization),
            "conversation": {
                "id": conversation["_id"],
                **{
                    name: conversation[name]
                    for name in ("language", "channel", "facts", "owner", "status")
                },
            },
            "contact": _contact(contact or {"_id": conversation["contact_id"]}, conversation),
            "newest_deal": deal,
            "history": history,
        }

    def assistant(self, organization: RawDocument) -> RawDocument:
        """How the assistant of an organization answers, and with which model."""
        assistant = organization.get("assistant") or {}
        return {
            "version": assistant.get("version", 1),
            "name": assistant.get("name", ""),
            "tone": assistant.get("tone", ""),
            "instructions": assistant.get("instructions", ""),
            "knowledge_version": organization.get("knowledge_version") or 0,
            "llm": self._llm(organization.get("llm")),
        }

    def _llm(self, own: RawDocument | None) -> RawDocument | None:
        if own and own.get("model"):
            key = own.get("api_key_encrypted")
            return {
                "model": own["model"],
                "base_url": own.get("base_url"),
                "api_key": self._secrets.decrypt(key) if key else None,
            }
        if self._settings.llm_model:
            key = self._settings.llm_api_key
            return {
                "model": self._settings.llm_model,
                "base_url": self._settings.llm_base_url,
                "api_key": key.get_secret_value() if key else None,
            }
        return None

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
                "conversation_id": conversation["_id"],
                "kind": {"$nin": ["note", "event"]},
                "author.kind": {"$in": list(_ROLES)},
                "state": {"$ne": "cancelled"},
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
    consents = [c for c in contact.get("consents", ()) if c["kind"] == "marketing"]
    return {
        "id": contact["_id"],
        "name": contact.get("name"),
        "phone": contact.get("phone"),
        "email": contact.get("email"),
        "marketing_consent": consents[-1]["granted"] if consents else None,
    }
