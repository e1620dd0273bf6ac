"""What a case expects of the assistant, and what it was disappointed in.

The expectations look at the answer to the last message of a case. Only what was done (a person called, an order taken)
counts over all its messages: it is the end of a talk, wherever in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bot.knowledge.letters import fold
from crm.core.api import RequestModel
from crm.core.api.fields import Language

type Expected = Annotated[str, StringConstraints(min_length=1, max_length=500)]
type EffectKind = Literal["lead", "task", "handoff", "contact", "consent", "feedback"]

MAX_EXPECTED: Final = 20
SHOWN: Final = 300
_GAP_IN_NUMBER: Final = re.compile(r"(?<=\d)[\s\u00a0\u202f]+(?=\d)")
_SIGNS: Final = str.maketrans("–—−«»„“”’‘", '---"""""\'\'')
NO_ANSWER: Final = {"fallback", "out_of_scope"}
"""Skills that say that the bot does not know, unless they name sources."""


class EffectExpectation(RequestModel):
    """Something that must be done; each named detail must hold the text."""

    kind: EffectKind
    data: Annotated[dict[str, Expected], Field(max_length=MAX_EXPECTED)] = Field(
        default_factory=dict
    )


class Expectations(RequestModel):
    """What must be true of a case. Texts are compared without regard to case, spelling of letters and spaces in numbers."""

    contains: Annotated[list[Expected], Field(max_length=MAX_EXPECTED)] = Field(
        default_factory=list, description="Each stands in the last answer."
    )
    not_contains: Annotated[list[Expected], Field(max_length=MAX_EXPECTED)] = Field(
        default_factory=list, description="None stands in the last answer."
    )
    cites: Annotated[list[Expected], Field(max_length=MAX_EXPECTED)] = Field(
        default_factory=list, description="The last answer rests on each of these documents."
    )
    declines: bool | None = Field(
        default=None, description="The bot says that it does not know (false: it does not)."
    )
    hands_over: bool | None = Field(default=None, description="A person is called, or not.")
    language: Language | None = Field(default=None, description="Of the last answer.")
    intent: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = Field(
        default=None, description="What the last message is understood as."
    )
    effects: Annotated[list[EffectExpectation], Field(max_length=MAX_EXPECTED)] = Field(
        default_factory=list, description="What is done, for example an order taken."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(value not in (None, []) for value in self.model_dump().values()):
            raise PydanticCustomError("nothing_expected", "Expect something of the answer.")
        return self


type FailureCode = Literal[
    "text_missing",
    "text_forbidden",
    "document_not_cited",
    "answered",
    "declined",
    "wrong_language",
    "wrong_intent",
    "not_handed_over",
    "handed_over",
    "not_done",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met.

    Attributes:
        check: which one, by its name in `Expectations`.
        code: which, and how, for words in any language; they speak of the following.
        expected: the text, document, language or intent; of what is done, and of yes and no, an English word for it.
        got: what was there instead: the answer's words, or the like of what was expected.
        detail: all in one English sentence, for a shell.
        wanted: what was to be done: kind and data.
        done: what was done, where that is what was looked at.
    """

    check: str
    code: FailureCode
    expected: str
    got: str
    detail: str
    wanted: Mapping[str, Any] | None = None
    done: Sequence[Mapping[str, Any]] | None = None

    def document(self) -> dict[str, Any]:
        """Return the stored form."""
        return asdict(self)


def judge(expected: Expectations, turns: Sequence[Mapping[str, Any]]) -> list[Failure]:
    """Return what a case is disappointed in; nothing when it passed.

    Args:
        expected: the case's expectations.
        turns: what each message led to, as `TrialTurn.document()`; at least one.
    """
    last = turns[-1]
    text = said(last)
    return [
        *_texts(expected, text),
        *_sources(expected, last),
        *_declining(expected, last, text),
        *_understanding(expected, last),
        *_doings(expected, turns),
    ]


def comparable(text: str) -> str:
    """Return a text in the form in which texts are compared: folded, one kind of quotes and spaces, `1 500` as `1500`."""
    folded = fold(text.translate(_SIGNS))
    return " ".join(_GAP_IN_NUMBER.sub("", folded).split())


def said(turn: Mapping[str, Any]) -> str:
    """Return what the customer reads in answer to a message, the disclosure of the first contact left out."""
    return "\n".join(reply["text"] for reply in answers(turn))


def answers(turn: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a turn's replies without the disclosure."""
    return [reply for reply in turn["replies"] if reply["trace"].get("skill") != "disclosure"]


def declined(turn: Mapping[str, Any]) -> bool:
    """Return whether the bot did not know: the documents do not tell, or the message was not understood or foreign."""
    replies = answers(turn)
    if any(reply["trace"].get("method") == "declined" for reply in replies):
        return True
    return turn.get("skill") in NO_ANSWER and not any(reply["sources"] for reply in replies)


def refused(turn: Mapping[str, Any]) -> bool:
    """Return whether the bot said that what was wanted is switched off."""
    return any(reply["trace"].get("refused") for reply in answers(turn))


def handed_over(turns: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a person was called."""
    return any(effect["kind"] == "handoff" for turn in turns for effect in turn["effects"])


def documents(turn: Mapping[str, Any]) -> list[str]:
    """Return the names of the documents that a turn's answer rests on."""
    names = [source["document"] for reply in answers(turn) for source in reply["sources"]]
    return list(dict.fromkeys(names))


def _texts(expected: Expectations, text: str) -> Iterable[Failure]:
    folded, got = comparable(text), _shown(text)
    for part in expected.contains:
        if comparable(part) not in folded:
            yield Failure(
                "contains",
                "text_missing",
                part,
                got,
                f"The answer does not contain “{part}”. It says: “{got}”",
            )
    for part in expected.not_contains:
        if comparable(part) in folded:
            yield Failure(
                "not_contains",
                "text_forbidden",
                part,
                got,
                f"The answer contains “{part}”, which it must not. It says: “{got}”",
            )


def _sources(expected: Expectations, turn: Mapping[str, Any]) -> Iterable[Failure]:
    found = [source for reply in answers(turn) for source in reply["sources"]]
    names = {
        comparable(str(source.get(key) or "")) for source in found for key in ("document", "title")
    }
    got = ", ".join(documents(turn))
    for name in expected.cites:
        if comparable(name) not in names:
            yield Failure(
                "cites",
                "document_not_cited",
                name,
                got,
                f"The answer does not rest on “{name}”, but on {got or 'no document'}.",
            )


def _declining(expected: Expectations, turn: Mapping[str, Any], text: str) -> Iterable[Failure]:
    if expected.declines is not None and declined(turn) != expected.declines:
        detail = (
            f"The bot should have said that it does not know. It says: “{_shown(text)}”"
            if expected.declines
            else f"The bot said that it does not know: “{_shown(text)}”"
        )
        code: FailureCode = "answered" if expected.declines else "declined"
        yield Failure("declines", code, _yes(value=expected.declines), _shown(text), detail)


def _understanding(expected: Expectations, turn: Mapping[str, Any]) -> Iterable[Failure]:
    language, intent = str(turn["language"]), str(turn["intent"].get("name"))
    if expected.language is not None and language != expected.language:
        yield Failure(
            "language",
            "wrong_language",
            expected.language,
            language,
            f"The answer is in “{language}”, not in “{expected.language}”.",
        )
    if expected.intent is not None and intent != expected.intent:
        yield Failure(
            "intent",
            "wrong_intent",
            expected.intent,
            intent,
            f"The message was understood as “{intent}”, not as “{expected.intent}”.",
        )


def _doings(expected: Expectations, turns: Sequence[Mapping[str, Any]]) -> Iterable[Failure]:
    done = [
        {"kind": effect["kind"], "data": effect["data"]}
        for turn in turns
        for effect in turn["effects"]
    ]
    got = "; ".join(_told(effect["kind"], effect["data"]) for effect in done)
    if expected.hands_over is not None and handed_over(turns) != expected.hands_over:
        detail = "No person was called." if expected.hands_over else "A person was called."
        code: FailureCode = "not_handed_over" if expected.hands_over else "handed_over"
        wanted = _yes(value=expected.hands_over)
        yield Failure("hands_over", code, wanted, got, detail, done=done)
    for effect in expected.effects:
        if not any(_is_done(effect, one) for one in done):
            told = _told(effect.kind, effect.data)
            yield Failure(
                "effects",
                "not_done",
                told,
                got,
                f"Not done: {told}. Done: {got or 'nothing'}.",
                wanted=effect.model_dump(),
                done=done,
            )


def _is_done(expected: EffectExpectation, effect: Mapping[str, Any]) -> bool:
    return effect["kind"] == expected.kind and all(
        comparable(text) in comparable(str(effect["data"].get(name) or ""))
        for name, text in expected.data.items()
    )


def _told(kind: str, data: Mapping[str, Any]) -> str:
    details = ", ".join(
        f"{name}: {value}" for name, value in data.items() if value not in (None, "")
    )
    return f"{kind} ({details})" if details else kind


def _yes(*, value: bool) -> str:
    return "yes" if value else "no"


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"
