"""Talking to an assistant without consequences.

A trial goes through the real engine, rules, forms, skills and answering, under an id that is no conversation's: the internal
API recognises it, gives the skills the content and the documents under trial, and writes their doings down instead of
doing them. No contact, deal, task or message is made, nobody is called, and the published version knows nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.assistant.trial_store import TrialStore
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound, Unavailable
from crm.inbox.asking import ENGINE_TIMEOUT_SECONDS, RECORDED_AT_ONCE, ask_engine
from crm.inbox.engine import (
    EngineClient,
    EngineFailedError,
    EngineTurn,
    EngineUnavailableError,
)
from crm.inbox.models import clean
from crm.inbox.speaker import Speaker, SpokenReply, spoken_replies

ENGINE_PREFIX: Final = "trial:"
"""Before a trial's id in the engine, so that its side can be told from conversations and forgotten with it."""


class TrialFailed(Unavailable):
    """The engine or a skill failed, or is starting; the message may be sent again."""

    default_code = "trial_failed"
    title = "The assistant could not answer; try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReply:
    """One reply: what the customer would get, and what made it."""

    text: str
    buttons: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    trace: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTurn:
    """What a message led to.

    Attributes:
        text: the message.
        replies: in order; at first contact the disclosure comes first, its trace's `skill` is `disclosure`.
        intent: what the message was understood as: name and confidence.
        skill: what answered.
        language: the answer's.
        effects: what would have been done: kind (lead, task, handoff, contact, consent, feedback) and data.
        elapsed_ms: of the whole turn.
        cost: of its calls of language models, as far as prices are known.
    """

    text: str
    replies: list[TrialReply]
    intent: dict[str, Any]
    skill: str | None
    language: str
    effects: list[dict[str, Any]]
    elapsed_ms: float
    cost: float | None

    def document(self) -> RawDocument:
        """Return it as plain values."""
        return asdict(self)


class Trials:
    """Starts trials and talks in them."""

    def __init__(self, *, database: Database, engine: EngineClient) -> None:
        self._engine = engine
        self._store = TrialStore(database=database)
        self._organizations = database.collection("organizations")
        self._calls = database.collection("provider_calls")

    async def start(
        self,
        organization_id: ObjectId,
        *,
        content: AssistantContent,
        knowledge_version: int,
        version: int | None = None,
        language: str | None = None,
        channel: str = "webchat",
        history: Sequence[Mapping[str, str]] = (),
    ) -> ObjectId:
        """Begin a trial and return its id.

        Args:
            organization_id: whose.
            content: what to try.
            knowledge_version: the documents to try it with.
            version: the content's number, for traces; None for a draft.
            language: what is known of the customer's language before the first message.
            channel: where the customer is taken to write from.
            history: past messages, oldest first: role (customer, bot, operator) and text. The engine is told them first.

        Raises:
            TrialFailed: there is a history, and the engine cannot be told it.
        """
        trial_id = ObjectId()
        said = [
            {"role": str(message["role"]), "text": clean(str(message["text"]))}
            for message in history
        ][-RECORDED_AT_ONCE:]
        if said:
            events = [
                {"id": f"{trial_id}-{place}", **message} for place, message in enumerate(said)
            ]
            try:
                await self._engine.record(
                    _engine_id(trial_id), events, timeout_seconds=ENGINE_TIMEOUT_SECONDS
                )
            except (EngineUnavailableError, EngineFailedError) as error:
                raise TrialFailed(str(error)) from error
        trial = {
            "_id": trial_id,
            "organization_id": organization_id,
            "content": content.document(),
            "knowledge_version": knowledge_version,
            "version": version,
            "language": content.language_for(language),
            "channel": channel,
            "status": "open",
            "facts": {},
            "markers": [],
            "messages": said,
            "turn": 0,
            "turns": [],
            "effects": [],
            "busy_until": None,
            "created_at": utc_now(),
        }
        await self._store.add(trial)
        return trial_id

    async def read(self, organization_id: ObjectId, trial_id: ObjectId) -> RawDocument:
        """Return a trial with its turns.

        Raises:
            NotFound: there is none such in the organization.
        """
        return await self._store.find(organization_id, trial_id)

    async def say(
        self,
        organization_id: ObjectId,
        trial_id: ObjectId,
        text: str,
        *,
        payload: str | None = None,
    ) -> TrialTurn:
        """Say something to the assistant, or tap a button (`payload`), and return what it led to.

        Raises:
            NotFound: there is no such trial in the organization.
            TrialBusy: the last message is still being answered.
            TrialFull: it is too long; a new one is to be begun.
            TrialFailed: nothing came of it, and nothing was noted.
        """
        started, began_at = time.monotonic(), utc_now()
        before = await self._store.begin(organization_id, trial_id, clean(text))
        try:
            speaker = await self._speaker(before)
            message_id = str(ObjectId())
            turn = await self._ask(before, speaker, message_id, clean(text), payload)
        except BaseException as error:
            await self._store.take_back(before)
            if isinstance(error, EngineUnavailableError | EngineFailedError):
                raise TrialFailed(str(error)) from error
            raise
        language = turn.language or before["language"]
        spoken = spoken_replies(
            speaker,
            turn,
            language=language,
            channel=before["channel"],
            in_reply_to=message_id,
        )
        if spoken and not before["messages"]:
            words = speaker.disclosure(language, before["channel"])
            spoken.insert(0, SpokenReply(words, [], {"skill": "disclosure", **speaker.pins}))
        done = TrialTurn(
            text=text,
            replies=[
                TrialReply(
                    text=reply.text,
                    buttons=reply.buttons,
                    sources=reply.sources,
                    trace=reply.trace,
                )
                for reply in spoken
            ],
            intent={"name": turn.intent.name, "confidence": turn.intent.confidence},
            skill=turn.skill,
            language=language,
            effects=await self._store.effects(before, before["turn"] + 1),
            elapsed_ms=round((time.monotonic() - started) * 1000, 1),
            cost=await self._cost(organization_id, trial_id, began_at),
        )
        await self._store.finish(
            before, done.document(), language=language, said=[reply.text for reply in spoken]
        )
        return done

    async def _speaker(self, trial: RawDocument) -> Speaker:
        organization = await self._organizations.find_one({"_id": trial["organization_id"]})
        if organization is None:
            raise NotFound
        return Speaker.of(
            organization,
            AssistantContent.model_validate(trial["content"]),
            version=trial["version"],
            knowledge_version=trial["knowledge_version"],
        )

    async def _ask(
        self,
        trial: RawDocument,
        speaker: Speaker,
        message_id: str,
        text: str,
        payload: str | None,
    ) -> EngineTurn:
        metadata = {
            "organization_id": str(trial["organization_id"]),
            "conversation_id": str(trial["_id"]),
            "contact_id": str(trial["_id"]),
            "channel": trial["channel"],
            "language": None,
            "fallback_language": trial["language"],
            "assistant": speaker.rules,
        }
        said = {"id": message_id, "text": text, "payload": payload}
        return await ask_engine(self._engine, _engine_id(trial["_id"]), said, metadata)

    async def _cost(
        self, organization_id: ObjectId, trial_id: ObjectId, since: datetime
    ) -> float | None:
        calls = self._calls.find(
            {"organization_id": organization_id, "trial_id": trial_id, "at": {"$gte": since}},
            {"cost": 1},
        )
        costs = [call["cost"] async for call in calls if call.get("cost") is not None]
        return round(sum(costs), 6) if costs else None


def _engine_id(trial_id: ObjectId) -> str:
    return f"{ENGINE_PREFIX}{trial_id}"
