"""Questions, answered from the organization's documents, and messages that were not understood."""

from collections.abc import Sequence
from typing import Any

from actions.asking import Answer, ask, custom, tell
from actions.dissatisfaction import is_fed_up
from actions.handoff import WAITING, call_people
from actions.skill import Event, Skill, Turn, set_slot

WORDLESS = {
    "audio": "utter_wordless_voice",
    "video": "utter_wordless_file",
    "image": "utter_wordless_file",
    "document": "utter_wordless_file",
    "location": "utter_wordless_place",
}
"""What is said to who sent something that people will see and the bot cannot read."""


class Answering(Skill):
    """A skill that can ask the answering package."""

    async def ask(self, turn: Turn) -> Answer:
        """Return the answer to the customer's message."""
        return await ask(turn, self._answers)

    async def calls_for_people(self, turn: Turn) -> bool:
        """Return whether the customer has had enough of the bot, where the assistant's version cares."""
        return (await turn.assistant()).handoff.on_dissatisfaction and is_fed_up(
            turn.text, turn.tracker.events
        )

    async def fail(
        self,
        turn: Turn,
        answer: Answer | None,
        *,
        understood: bool,
        again: str = "utter_rephrase",
    ) -> Sequence[Event]:
        """Say that there is no answer; after as many failures in a row as the assistant's version allows, call people.

        Args:
            turn: the turn.
            answer: how it came that the documents do not tell; None where they were not asked.
            understood: whether it was a question at all.
            again: how to ask for other words when it was not understood.
        """
        failures = int(turn.slot("failures") or 0) + 1
        content, status = await turn.assistant(), (await turn.context()).get("conversation", {})
        noted = [set_slot("failures", failures)]
        # The answering package's own words for it know neither the version's switches nor what comes next.
        said: dict[str, Any] = {"json_message": custom(answer)} if answer else {}
        first = "utter_answer_missing" if understood else "utter_not_understood"
        if failures >= content.handoff.after_failures:
            reason = "unanswered" if understood else "low_confidence"
            return [*noted, *await call_people(turn, reason, first=first, **said)]
        if status.get("status") == WAITING:
            turn.say(first, **said)
            turn.say("utter_handoff_waiting")
            return noted
        turn.say("utter_answer_unknown" if understood else again, **said)
        return noted


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
        tell(turn, answer)
        return []


class Fallback(Answering):
    """A message that no intent fits: perhaps the documents know; else ask again, then call a person."""

    action_name = "action_fallback"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Answer, ask to rephrase, or call a person after too many failures in a row."""
        if await self.calls_for_people(turn):
            return await call_people(turn, "dissatisfaction", first="utter_handoff_sorry")
        if not any(map(str.isalnum, turn.text)) and turn.kind in WORDLESS:
            return await self.fail(turn, None, understood=False, again=WORDLESS[turn.kind])
        answer = None
        if any(map(str.isalpha, turn.text)) and (await turn.assistant()).skills.answer:
            answer = await self.ask(turn)
            if answer.answered:
                tell(turn, answer)
                return []
        return await self.fail(turn, answer, understood=False)
