"""Questions, answered from the organization's documents, and messages that were not understood."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from actions.crm_client import CrmClient
from actions.dissatisfaction import is_fed_up
from actions.handoff import WAITING, call_people
from actions.ledger import CrmLedger
from actions.skill import Clock, Event, Skill, Turn, set_slot, system_clock
from bot.answering.calls import Ledger


class Answer(Protocol):
    """What the answering package gives back."""

    @property
    def text(self) -> str:
        """Complete, with the line that names the sources."""

    @property
    def answered(self) -> bool:
        """Whether the documents tell."""

    @property
    def sources(self) -> Sequence[Mapping[str, Any]]:
        """What the text rests on."""

    @property
    def trace(self) -> Mapping[str, Any]:
        """How it came about."""


class Answers(Protocol):
    """The answering package, as the skills see it."""

    async def answer(
        self,
        *,
        question: str,
        language: str,
        history: Sequence[Mapping[str, str]],
        context: Mapping[str, Any],
        load_snapshot: Callable[[int], Awaitable[Mapping[str, Any]]],
        ledger: Ledger | None = None,
    ) -> Answer:
        """Answer a question from an organization's passages."""


class Answering(Skill):
    """A skill that can ask the answering package."""

    def __init__(self, crm: CrmClient, answers: Answers, *, clock: Clock = system_clock) -> None:
        super().__init__(crm, clock=clock)
        self._answers = answers

    async def ask(self, turn: Turn) -> Answer:
        """Return the answer to the customer's message."""
        context = await turn.context()

        async def load_snapshot(version: int) -> dict[str, Any]:
            return await turn.crm.knowledge(turn.organization_id, version)

        return await self._answers.answer(
            question=turn.text,
            language=turn.language,
            history=context.get("history") or [],
            context=context,
            load_snapshot=load_snapshot,
            ledger=CrmLedger(turn.crm, turn.organization_id, turn.conversation_id),
        )

    def tell(self, turn: Turn, answer: Answer) -> None:
        """Say an answer with its sources and trace in one reply."""
        # The package has named the sources in the text's last line.
        turn.dispatcher.utter_message(text=answer.text, json_message=_custom(answer))

    async def calls_for_people(self, turn: Turn) -> bool:
        """Return whether the customer has had enough of the bot, where the assistant's version cares."""
        return (await turn.assistant()).handoff.on_dissatisfaction and is_fed_up(
            turn.text, turn.tracker.events
        )

    async def fail(self, turn: Turn, answer: Answer | None, *, understood: bool) -> Sequence[Event]:
        """Say that there is no answer; after as many failures in a row as the assistant's version allows, call people.

        Args:
            turn: the turn.
            answer: how it came that the documents do not tell; None where they were not asked.
            understood: whether it was a question at all.
        """
        failures = int(turn.slot("failures") or 0) + 1
        content, status = await turn.assistant(), (await turn.context()).get("conversation", {})
        noted = [set_slot("failures", failures)]
        # The answering package's own words for it know neither the version's switches nor what comes next.
        said: dict[str, Any] = {"json_message": _custom(answer)} if answer else {}
        first = "utter_answer_missing" if understood else "utter_not_understood"
        if failures >= content.handoff.after_failures:
            reason = "unanswered" if understood else "low_confidence"
            return [*noted, *await call_people(turn, reason, first=first, **said)]
        if status.get("status") == WAITING:
            turn.say(first, **said)
            turn.say("utter_handoff_waiting")
            return noted
        turn.say("utter_answer_unknown" if understood else "utter_rephrase", **said)
        return noted


def _custom(answer: Answer) -> dict[str, Any]:
    sources = list(answer.sources)
    return {"trace": {**answer.trace, "sources": sources}, "sources": sources}


class AnswerQuestion(Answering):
    """Answers a question, or says honestly that the documents do not know."""

    action_name = "action_answer"
    switch = "answer"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer; a tapped "ask a question" button without words is invited to ask."""
        if not turn.text.strip():
            turn.say("utter_ask_question")
            return []
        if await self.calls_for_people(turn):
            return await call_people(turn, "dissatisfaction", first="utter_handoff_sorry")
        answer = await self.ask(turn)
        if not answer.answered:
            return await self.fail(turn, answer, understood=True)
        self.tell(turn, answer)
        return []


class Fallback(Answering):
    """A message that no intent fits: perhaps the documents know; else ask again, then call a person."""

    action_name = "action_fallback"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer, ask to rephrase, or call a person after too many failures in a row."""
        if await self.calls_for_people(turn):
            return await call_people(turn, "dissatisfaction", first="utter_handoff_sorry")
        answer = None
        if any(map(str.isalpha, turn.text)) and (await turn.assistant()).skills.answer:
            answer = await self.ask(turn)
            if answer.answered:
                self.tell(turn, answer)
                return []
        return await self.fail(turn, answer, understood=False)
