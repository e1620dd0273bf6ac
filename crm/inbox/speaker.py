"""Who speaks for the bot in a conversation: a version of the organization's assistant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.prompts.content import LANGUAGES, AssistantContent, Language
from bot.prompts.rules import engine_rules
from bot.prompts.values import values_of
from bot.prompts.variables import render
from crm.core.clock import utc_now
from crm.inbox.engine import EngineTurn
from crm.inbox.models import Document
from crm.inbox.store import ConversationStore

FIELDS: Final = ("name", "timezone", "business_hours", "assistant", "knowledge_version")
"""What of an organization a speaker is made of."""
GREETING_SKILL: Final = "greet"
DEFAULT_TIMEZONE: Final = "Asia/Almaty"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A version as it speaks: its content, and what its variables stand for.

    Attributes:
        content: what it is told to be.
        version: its number; None for a draft.
        knowledge_version: the documents it answers from.
        company: the organization's name.
        timezone: the organization's.
        business_hours: the organization's.
    """

    content: AssistantContent
    version: int | None
    knowledge_version: int
    company: str
    timezone: str
    business_hours: Mapping[str, Any]

    @classmethod
    def published(cls, organization: Mapping[str, Any]) -> Speaker:
        """The version that answers the organization's customers."""
        assistant = organization.get("assistant") or {}
        return cls.of(
            organization,
            AssistantContent.model_validate(assistant),
            version=int(assistant.get("version") or 1),
            knowledge_version=int(organization.get("knowledge_version") or 0),
        )

    @classmethod
    def of(
        cls,
        organization: Mapping[str, Any],
        content: AssistantContent,
        *,
        version: int | None,
        knowledge_version: int,
    ) -> Speaker:
        """Any content, speaking for the organization."""
        return cls(
            content=content,
            version=version,
            knowledge_version=knowledge_version,
            company=str(organization.get("name") or ""),
            timezone=str(organization.get("timezone") or DEFAULT_TIMEZONE),
            business_hours=organization.get("business_hours") or {},
        )

    @property
    def rules(self) -> dict[str, Any]:
        """What the engine itself obeys."""
        return engine_rules(self.content)

    @property
    def pins(self) -> dict[str, Any]:
        """What every message of the bot names: which version spoke, knowing which documents."""
        return {
            "assistant_version": self.version,
            "knowledge_version": self.knowledge_version,
        }

    def values(
        self, language: Language, channel: str, moment: datetime | None = None
    ) -> dict[str, str]:
        """What the variables stand for now."""
        return values_of(
            company=self.company,
            assistant=self.content.name,
            timezone=self.timezone,
            business_hours=self.business_hours,
            moment=moment or utc_now(),
            language=language,
            channel=channel,
        )

    def variables(self, channel: str) -> dict[str, dict[str, str]]:
        """What the variables stand for now, in each language."""
        moment = utc_now()
        return {language: self.values(language, channel, moment) for language in LANGUAGES}

    def language(self, language: str | None) -> Language:
        """The language to speak to who is known to speak ``language``."""
        return self.content.language_for(language)

    def disclosure(self, language: str | None, channel: str) -> str:
        """What is said at first contact: that an AI answers (law of Kazakhstan, platform rules)."""
        own = self.language(language)
        return render(self.content.disclosure_in(own), self.values(own, channel))

    def greeting(self, language: str | None, channel: str) -> str:
        """The answer to who only greets."""
        own = self.language(language)
        return render(self.content.greeting.in_language(own), self.values(own, channel))

    def instructions(self, language: str | None, channel: str) -> str:
        """The company's own instructions."""
        return render(self.content.instructions, self.values(self.language(language), channel))


async def speaker_of(store: ConversationStore, conversation: Mapping[str, Any]) -> Speaker:
    """Who speaks for the bot in a conversation now: the published version."""
    organization = await store.organizations.find_one(
        {"_id": conversation["organization_id"]}, dict.fromkeys(FIELDS, 1)
    )
    return Speaker.published(organization or {})


@dataclass(frozen=True, slots=True)
class SpokenReply:
    """One reply as the customer gets it. ``trace`` says what made it."""

    text: str
    buttons: list[Document]
    trace: Document

    @property
    def sources(self) -> list[Document]:
        """What it rests on."""
        return list(self.trace.get("sources") or ())


def spoken_replies(
    speaker: Speaker, turn: EngineTurn, *, language: str | None, channel: str, in_reply_to: str
) -> list[SpokenReply]:
    """The engine's replies in the words of the assistant's version: its own greeting stands for the engine's."""
    spoken: list[SpokenReply] = []
    for reply in turn.replies:
        if not reply.text:
            continue
        greets = turn.skill == GREETING_SKILL and not spoken
        text = speaker.greeting(turn.language or language, channel) if greets else reply.text
        trace = {
            "intent": turn.intent.name,
            "confidence": turn.intent.confidence,
            "skill": turn.skill,
            "in_reply_to": in_reply_to,
            **speaker.pins,
            **reply.custom.get("trace", {}),
        }
        buttons = [button.model_dump() for button in reply.buttons]
        spoken.append(SpokenReply(text, buttons, trace))
    return spoken
