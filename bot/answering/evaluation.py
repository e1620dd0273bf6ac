"""How well a folder of documents is answered from, without any language model: every question of a file is asked.

A line of the file is {"text", "lang", "answer"?: null, "evidence": [{"doc", "quote"}], "must_contain"?: [...],
"history"?: [{"role": "user"|"assistant", "text"}], "kind"}. A question is answerable when it has evidence or an answer. A
quote counts as found when a passage of that document (`*`: of any) holds 60% of its words, a quote of up to three words
when it holds all of them.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from bot.answering import Answer, Answerer
from bot.answering.confidence import Features, features
from bot.answering.extractive import extract
from bot.answering.finding import find
from bot.knowledge.documents import KINDS, passages_of
from bot.knowledge.errors import DocumentError
from bot.knowledge.index import Index
from bot.knowledge.languages import LANGUAGES, detect_language
from bot.knowledge.letters import words
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.retrieval import Found

FOUND_SHARE = 0.6
SHORT_QUOTE = 3
_ROLES = {"user": "customer", "customer": "customer", "assistant": "bot", "bot": "bot"}


class BadInputError(ValueError):
    """A folder or a file of questions cannot be used; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the answer stands. `document` is a file name, a path within the folder, or `*`."""

    document: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of the file; `history` is (customer or bot, text), oldest first."""

    text: str
    language: str
    kind: str
    answerable: bool
    evidence: tuple[Evidence, ...] = ()
    must_contain: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question.

    Attributes:
        question: what was asked.
        found: what retrieval gave.
        ranks: for each piece of evidence the place of the first passage that holds it, from 0; None: not among those given.
        answer: what the customer would read.
        features: what the confidence is made of; None when nothing was found.
        search_ms: how long retrieval took.
    """

    question: Question
    found: Found
    ranks: tuple[int | None, ...]
    answer: Answer
    features: Features | None
    search_ms: float = field(compare=False)

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return self.question.answerable

    @property
    def rank(self) -> int | None:
        """The place of the first passage with any of the evidence, from 0; None: not among those given."""
        return min((rank for rank in self.ranks if rank is not None), default=None)


def read_folder(folder: Path, left_out: Callable[[str], None] = lambda _: None) -> Index:
    """Return the index of all documents of a folder and the folders in it.

    Args:
        folder: the folder.
        left_out: is told, in one sentence, of each document that cannot be read.

    Raises:
        BadInputError: there is no such folder, or it holds nothing that can be read.
    """
    if not folder.is_dir():
        raise BadInputError(f"There is no folder {folder}.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS)
    passages: list[Passage] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            passages += passages_of(name=name, content=path.read_bytes())
        except DocumentError as error:
            left_out(f"{name} is left out: {error.detail}")
    if not passages:
        raise BadInputError(
            f"The folder {folder} holds no document that can be read, of {', '.join(KINDS)}."
        )
    return Index(Snapshot(1, tuple(passages)))


def read_questions(path: Path) -> list[Question]:
    """Return the questions of a file.

    Raises:
        BadInputError: there is no such file, it is empty, or a line is not of the form told above.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError:
        raise BadInputError(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise BadInputError(f"{path} is not UTF-8.") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_question(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise BadInputError(
                    f"{path}, line {number}: expected an object with text, and perhaps lang, kind, evidence, must_contain, history."
                ) from None
    if not found:
        raise BadInputError(f"{path} holds no questions.")
    return found


def _question(fields: Mapping[str, Any]) -> Question:
    text = fields["text"].strip()
    language = fields.get("lang")
    evidence = fields.get("evidence") or ()
    answerable = bool(evidence or fields.get("answer"))
    return Question(
        text=text,
        language=language if language in LANGUAGES else detect_language(text),
        kind=str(fields.get("kind") or ("direct" if answerable else "unanswerable")),
        answerable=answerable,
        evidence=tuple(Evidence(str(each["doc"]), str(each["quote"])) for each in evidence),
        must_contain=tuple(map(str, fields.get("must_contain") or ())),
        history=tuple(
            (_ROLES[turn["role"]], str(turn["text"])) for turn in fields.get("history") or ()
        ),
    )


async def evaluate(
    index: Index, questions: Sequence[Question], *, day: date | None = None
) -> list[Result]:
    """Answer every question without a language model. `day`: see `find`."""
    answerer = Answerer()
    snapshot = {"version": 1, "passages": [passage.to_mapping() for passage in index.passages]}
    context = {
        "organization": {"id": "evaluation", "name": "evaluation"},
        "assistant": {"version": 1, "knowledge_version": 1, "llm": None},
    }

    async def load(_: int) -> dict[str, Any]:
        return snapshot

    results = []
    for question in questions:
        earlier = [text for role, text in question.history if role == "customer"]
        began = time.perf_counter()
        found = find(index, question.text, language=question.language, earlier=earlier, day=day)
        search_ms = (time.perf_counter() - began) * 1000
        answer = await answerer.answer(
            question=question.text,
            language=question.language,
            history=[{"role": role, "text": text} for role, text in question.history],
            context=context,
            load_snapshot=load,
        )
        ranks = tuple(_rank(found, evidence) for evidence in question.evidence)
        judged = features(index, found, extract(index, found)) if found.hits else None
        results.append(Result(question, found, ranks, answer, judged, search_ms))
    return results


def _rank(found: Found, evidence: Evidence) -> int | None:
    for rank, hit in enumerate(found.hits):
        if holds_evidence(hit.passage, evidence):
            return rank
    return None


def holds_evidence(passage: Passage, evidence: Evidence) -> bool:
    """Tell whether a passage is of the evidence's document and holds enough of its quote."""
    if evidence.document != "*" and not _same_document(passage.document, evidence.document):
        return False
    held = set(words(" ".join((passage.title, *passage.heading, passage.text))))
    quoted = words(evidence.quote)
    if not quoted:
        return False
    share = sum(word in held for word in quoted) / len(quoted)
    return share >= (1.0 if len(quoted) <= SHORT_QUOTE else FOUND_SHARE)


def _same_document(name: str, asked: str) -> bool:
    """Compare by whole paths, by file names, or by file names without their endings."""
    path, other = PurePosixPath(name.lower()), PurePosixPath(asked.lower().strip())
    return other in (path, PurePosixPath(path.name), PurePosixPath(path.stem)) or (
        path.name == other.name
    )
