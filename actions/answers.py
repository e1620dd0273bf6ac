"""Questions, answered from the organization's documents, and messages that were not understood."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from actions.crm_client import CrmClient
from actions.skill import Clock, Event, Skill, Turn, set_slot, system_clock

FAILURES_BEFORE_PERSON = 2


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
        )

    def tell(self, turn: Turn, answer: Answer) -> None:
        """Say the answer with its sources and trace in one reply; offer a person when it is not one."""
        custom = {
            "trace": {**answer.trace, "sources": list(answer.sources)},
            "sources": list(answer.sources),
        }
        if answer.answered:
            # The package has named the sources in the text's last line.
            turn.dispatcher.utter_message(text=answer.text, json_message=custom)
        else:
            # The response brings its buttons; its own text stands in when the package gave none.
            text = {"text": answer.text} if answer.text else {}
            turn.say("utter_answer_unknown", json_message=custom, **text)


class AnswerQuestion(Answering):
    """Answers a question, or says honestly that the documents do not know."""

    action_name = "action_answer"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer; a tapped "ask a question" button without words is invited to ask."""
        if not turn.text.strip():
            turn.say("utter_ask_question")
            return []
        self.tell(turn, await self.ask(turn))
        return []


class Fallback(Answering):
    """A message that no intent fits: perhaps the documents know; else ask again, then offer a person."""

    action_name = "action_fallback"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer, ask to rephrase, or offer a person after two failures in a row."""
        if any(map(str.isalpha, turn.text)):
            answer = await self.ask(turn)
            if answer.answered:
                self.tell(turn, answer)
                return []
        failures = int(turn.slot("failures") or 0) + 1
        if failures >= FAILURES_BEFORE_PERSON:
            turn.say("utter_not_understood")
        else:
            turn.say("utter_rephrase")
        return [set_slot("failures", failures)]
