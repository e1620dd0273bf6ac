"""What a customer's message asks, looked up: retrieval without the orders a message may hold beside its question."""

from collections.abc import Sequence
from datetime import date

from bot.answering.injections import is_instruction
from bot.knowledge.embeddings import Matrix
from bot.knowledge.index import Index
from bot.knowledge.retrieval import Found, search
from bot.knowledge.sentences import sentences

PASSAGES = 5


def find(
    index: Index,
    message: str,
    *,
    language: str,
    earlier: Sequence[str] = (),
    limit: int = PASSAGES,
    day: date | None = None,
    meaning: Matrix | None = None,
) -> Found:
    """Return the passages that may answer a message; the arguments are those of `search`."""
    return search(
        index,
        question_of(message),
        language=language,
        earlier=earlier,
        limit=limit,
        day=day,
        meaning=meaning,
    )


def question_of(message: str) -> str:
    """Return a message without its sentences that give orders to the assistant; whole when nothing else is in it."""
    kept = [
        sentence
        for line in message.splitlines()
        for sentence in sentences(line)
        if not is_instruction(sentence)
    ]
    return " ".join(kept) or message
