"""What every skill stands on: one typed view of rasa-sdk, the turn it runs in, and its services."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rasa_sdk import Action, Tracker  # type: ignore[import-untyped, unused-ignore]
from rasa_sdk.events import (  # type: ignore[import-untyped, unused-ignore]
    ActiveLoop,
    SlotSet,
)
from rasa_sdk.executor import CollectingDispatcher  # type: ignore[import-untyped, unused-ignore]

from actions.abilities import abilities, refusal
from actions.asking import Answers, ask, tell
from actions.crm_client import CrmClient
from bot.prompts.content import AssistantContent, SkillName

Event = dict[str, Any]
DEFAULT_TIMEZONE = "Asia/Almaty"
LANGUAGES = ("ru", "kk", "en")
SURE = 0.9
"""Confidence of an answer in the documents' own words that is given to who asked for something that is switched off."""


class Clock(Protocol):
    """Tells the time; tests pass their own."""

    def __call__(self) -> datetime:
        """Return the present moment, aware, in UTC."""


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Turn:
    """The message being answered and the conversation around it."""

    tracker: Any
    dispatcher: Any
    crm: CrmClient
    clock: Clock
    _context: dict[str, Any] = field(default_factory=dict)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the CRM said about this message; never taken from the customer's words."""
        return self.tracker.latest_message.get("metadata") or {}

    @property
    def text(self) -> str:
        """The customer's words, as cleaned by the engine."""
        return self.tracker.latest_message.get("text") or ""

    @property
    def kind(self) -> str:
        """What the message is, as the CRM says it: text, image, audio, location, ..."""
        return str(self.metadata.get("kind") or "text")

    @property
    def intent(self) -> str:
        """Name of the intent."""
        return (self.tracker.latest_message.get("intent") or {}).get("name") or ""

    @property
    def confidence(self) -> float:
        """Confidence of the intent, 0 to 1."""
        return float((self.tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)

    @property
    def organization_id(self) -> str:
        """The organization the conversation belongs to."""
        return str(self.metadata.get("organization_id") or "")

    @property
    def conversation_id(self) -> str:
        """The CRM's conversation."""
        return str(self.metadata.get("conversation_id") or self.tracker.sender_id)

    @property
    def language(self) -> str:
        """Language of the answer: ru, kk or en."""
        language = self.tracker.get_slot("language")
        return language if language in LANGUAGES else "ru"

    @property
    def began_form(self) -> bool:
        """Whether this message has just started a form."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                return False
            if event.get("event") == "active_loop" and event.get("name"):
                return True
        return False

    async def now(self) -> datetime:
        """Return the present moment in the organization's time zone."""
        return self.clock().astimezone(await self.timezone())

    async def timezone(self) -> ZoneInfo:
        """Return the organization's time zone; it comes with the message, or else from the CRM."""
        name = self.metadata.get("timezone") or (await self.context())["organization"]["timezone"]
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(DEFAULT_TIMEZONE)

    def source_key(self, what: str) -> str:
        """Return the key by which the CRM does this turn's `what` only once."""
        message_id = self.metadata.get("message_id") or self.tracker.latest_message.get(
            "message_id"
        )
        return f"{message_id}:{what}"

    def slot(self, name: str) -> Any:
        """Return a slot's value."""
        return self.tracker.get_slot(name)

    def entity(self, name: str) -> str | None:
        """Return the longest value of an entity in the message."""
        values = [
            str(found.get("value") or "")
            for found in self.tracker.latest_message.get("entities") or []
            if found.get("entity") == name
        ]
        return max(values, key=len, default=None) or None

    async def context(self) -> dict[str, Any]:
        """Return what the CRM knows around the conversation; asked once a turn."""
        if not self._context:
            self._context.update(await self.crm.context(self.organization_id, self.conversation_id))
        return self._context

    async def assistant(self) -> AssistantContent:
        """Return what the assistant's version says."""
        # What was stored is valid; without it (an older web process) everything is as by default.
        content = (await self.context()).get("assistant", {}).get("content")
        return AssistantContent.model_validate(content or {})

    def say(self, response: str, **values: Any) -> None:
        """Say one of the domain's responses, in the conversation's language."""
        self.dispatcher.utter_message(response=response, **values)


class Skill(Action):  # type: ignore[misc, unused-ignore]
    """A custom action with its collaborators. Subclasses give `action_name` and `handle`.

    Attributes:
        action_name: Its name in the domain.
        switch: The switch of the assistant's version that must be on for it to be performed.
        ends_form: Whether an active form is this skill's own, and ends when the skill is off.
        asks_documents: Whether the documents may know what to do instead when the skill is off.
    """

    action_name: str
    switch: ClassVar[SkillName | None] = None
    ends_form: ClassVar[bool] = False
    asks_documents: ClassVar[bool] = False

    def __init__(self, crm: CrmClient, answers: Answers, *, clock: Clock = system_clock) -> None:
        self._crm = crm
        self._answers = answers
        self._clock = clock

    def name(self) -> str:
        """The action's name in the domain."""
        return self.action_name

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: Mapping[str, Any],  # noqa: ARG002 - rasa-sdk's interface; ours is not sent one
    ) -> Sequence[Event]:
        """Run the skill; rasa-sdk calls this."""
        turn = Turn(tracker, dispatcher, self._crm, self._clock)
        if self.switch and not getattr((await turn.assistant()).skills, self.switch):
            return await self.decline(turn)
        return await self.handle(turn)

    async def decline(self, turn: Turn) -> Sequence[Event]:
        """Say that this is switched off, and what can be done instead: as the documents know it, or else the assistant."""
        assert self.switch is not None, "only a skill with a switch can be off"
        answered = await self._answer_instead(turn)
        skills, language = (await turn.assistant()).skills, turn.language
        turn.say(
            "utter_skill_off",
            refusal=refusal(self.switch, language),
            abilities="" if answered else abilities(skills, language),
            json_message={"trace": {"refused": True}},
        )
        return leave_form() if turn.tracker.active_loop_name and self.ends_form else []

    async def _answer_instead(self, turn: Turn) -> bool:
        """Answer the message from the documents, where they know it; return whether they did."""
        if not self.asks_documents or not turn.text.strip():
            return False
        if not (await turn.assistant()).skills.answer or (self.ends_form and not turn.began_form):
            return False
        answer = await ask(turn, self._answers, alone=True)
        # A wish is no question: only what surely belongs to it is better than saying no.
        written = answer.trace.get("method") == "llm"
        if not answer.answered or not (written or answer.confidence >= SURE):
            return False
        tell(turn, answer)
        return True

    @abstractmethod
    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer the turn: say something, and return what changes in the conversation.

        Raises:
            CrmUnavailable: the turn is to be tried again.
        """


def set_slot(name: str, value: Any) -> Event:
    """Return the event that sets a slot."""
    return dict(SlotSet(name, value))


def leave_form() -> list[Event]:
    """Return the events that end an active form and keep what it learnt."""
    return [dict(ActiveLoop(None)), set_slot("requested_slot", None)]


def end_form() -> list[Event]:
    """Return the events by which a form's validation ends the form; what follows its end is then done."""
    # Rasa takes a validation that sets nothing but `requested_slot` for a message about something else.
    return [set_slot("skippable", None), set_slot("requested_slot", None)]
