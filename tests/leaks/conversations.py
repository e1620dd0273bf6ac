"""Mixed conversations made of the held-out sets: labelled messages, questions of companies, and the rest of a prompt."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from crm.cli.installation import Installation

ROOT = Installation.here().root / "tests/evaluation"
STRUCTURED = frozenset({"PHONE", "EMAIL", "IIN", "BIN", "CARD", "IBAN"})
"""Kinds of which nothing at all may leave."""
_TONES = ("friendly", "на «вы», коротко", "сыпайы, қысқа")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with what is personal in it, as (kind, value)."""

    text: str
    language: str
    entities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the turns before it."""

    text: str
    language: str
    history: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Company:
    """Documents, and what is asked about them."""

    folder: Path
    questions: tuple[Question, ...]


@dataclass(slots=True)
class Conversation:
    """What is said in one, and what of it is personal.

    Attributes:
        company: whose.
        language: the customer's.
        turns: what the customer writes, one question after the other.
        replies: what operators write in between.
        instructions: the company's own, with its people in them.
        known: names of the company's contacts and operators.
        entities: all that is personal in it, as (kind, value).
        innocent: texts in which the same words are not personal.
    """

    company: Company
    language: str
    turns: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    instructions: str = ""
    known: list[str] = field(default_factory=list)
    entities: list[tuple[str, str]] = field(default_factory=list)
    innocent: list[str] = field(default_factory=list)
    tone: str = "friendly"

    def add(self, message: Labelled) -> str:
        """Take a labelled message in, and return its text."""
        self.entities += message.entities
        rest = message.text
        for _, value in message.entities:
            rest = rest.replace(value, " ")
        self.innocent.append(rest)
        return message.text


@cache
def labelled(part: str = "heldout") -> tuple[Labelled, ...]:
    """Return all labelled messages of the privacy sets."""
    files = sorted((ROOT / "privacy" / part).glob("*.jsonl"))
    rows = [row for path in files for row in _rows(path)]
    return tuple(
        Labelled(
            row["text"],
            row["lang"],
            tuple((entity["type"], entity["value"]) for entity in row["entities"]),
        )
        for row in rows
    )


@cache
def companies() -> tuple[Company, ...]:
    """Return the companies of the knowledge sets that have a folder of documents."""
    found = []
    for path in sorted((ROOT / "knowledge").glob("*/*/questions.jsonl")):
        folder = path.parent / "documents"
        if folder.is_dir():
            questions = tuple(
                Question(row["text"], row["lang"], tuple(row.get("history", ())))
                for row in _rows(path)
            )
            found.append(Company(folder, questions))
    return tuple(found)


def conversations(count: int, *, seed: int = 1) -> Iterator[Conversation]:
    """Yield conversations. Over enough of them every labelled message is said at least once."""
    chance = random.Random(seed)
    deck: list[Labelled] = []

    def draw() -> Labelled:
        if not deck:
            deck.extend(labelled())
            chance.shuffle(deck)
        return deck.pop()

    for _ in range(count):
        company = chance.choice(companies())
        language = chance.choice(("ru", "kk", "en"))
        conversation = Conversation(company, language, tone=chance.choice(_TONES))
        staff = conversation.add(draw())
        conversation.instructions = f"Обращайтесь вежливо. {staff}\nЖалобы передавайте старшему."
        for _ in range(chance.randint(1, 3)):
            asked = chance.choice(company.questions)
            conversation.innocent += [asked.text, *(turn["text"] for turn in asked.history)]
            told = [conversation.add(draw()) for _ in range(chance.randint(1, 2))]
            conversation.turns.append("\n".join(_shuffled([*told, asked.text], chance)))
            conversation.replies.append(conversation.add(draw()))
        names = [value for kind, value in conversation.entities if kind == "PERSON"]
        # Some of those who are spoken of are in the company's book.
        conversation.known = [name for name in names if chance.random() < 0.3]
        yield conversation


def _shuffled(texts: Sequence[str], chance: random.Random) -> list[str]:
    return chance.sample(list(texts), len(texts))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
