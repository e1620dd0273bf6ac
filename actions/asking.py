"""Asking the answering package, and saying what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from actions.ledger import CrmLedger
from bot.answering.calls import Ledger

if TYPE_CHECKING:
    from actions.skill import Turn


class Answer(Protocol):
    """What the answering package gives back."""

    @property
    def text(self) -> str:
        """Complete, with the line that names the sources."""

    @property
    def answered(self) -> bool:
        """Whether the documents tell."""

    @property
    def confidence(self) -> float:
        """How sure it is that the documents tell, 0 to 1."""

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


async def ask(turn: Turn, answers: Answers, *, alone: bool = False) -> Answer:
    """Return the answer to the customer's message; `alone`: it is no question that leans on what was said before."""
    context = await turn.context()

    async def load_snapshot(version: int) -> dict[str, Any]:
        return await turn.crm.knowledge(turn.organization_id, version)

    return await answers.answer(
        question=turn.text,
        language=turn.language,
        history=[] if alone else context.get("history") or [],
        context=context,
        load_snapshot=load_snapshot,
        ledger=CrmLedger(turn.crm, turn.organization_id, turn.conversation_id),
    )


def tell(turn: Turn, answer: Answer) -> None:
    """Say an answer with its sources and trace in one reply."""
    # The package has named the sources in the text's last line.
    turn.dispatcher.utter_message(text=answer.text, json_message=custom(answer))


def custom(answer: Answer) -> dict[str, Any]:
    """Return what goes with the reply that says an answer, or that there is none."""
    sources = list(answer.sources)
    return {"trace": {**answer.trace, "sources": sources}, "sources": sources}
