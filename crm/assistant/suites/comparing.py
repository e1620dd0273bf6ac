"""How two answers to the same message differ, by what matters to the customer.

First what was done, then what was said, then what it rests on. Words alone change with every version and every hour (a call is
promised for tomorrow, people answer after nine): they count as reworded where the same is done and the same figures are told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.answering.wording import without_sources
from crm.assistant.suites.expectations import NO_ANSWER, comparable

VERDICTS: Final = (
    "error",
    "now_declined",
    "different_doing",
    "different",
    "now_answered",
    "different_sources",
    "reworded",
    "same",
)
"""The one that most wants a look first."""
ALIKE: Final = frozenset({"reworded", "same"})
"""Verdicts that nobody need look at."""
MIN_SHARED: Final = 0.4
"""Share of the shorter answer's words that stand in the other one, too, where it is the same answer."""
_TIMED: Final = frozenset({"handoff", "task"})
"""Of these the words depend on the hour."""
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_STEM: Final = 5
_DENIALS: Final = re.compile(
    r"\b(?:не|нет|нельзя|жоқ|емес|болмайды|no|not|cannot|never)\b|n['’]t\b", re.IGNORECASE
)


def verdict(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return how what a message is answered with differs from what it was: one of `VERDICTS`, `error` aside.

    Args:
        before: texts, documents, skill, effects, declined, refused; see `replay.before_side`.
        after: the same now.
    """
    if before["declined"] != after["declined"]:
        return "now_declined" if after["declined"] else "now_answered"
    if _doing(before) != _doing(after):
        return "different_doing"
    said = _said(before), _said(after)
    same = comparable(said[0]) == comparable(said[1])
    # How not knowing is put, and what depends on the hour, is wording alone.
    counts = not before["declined"] and not _TIMED & set(before["effects"])
    if not same and counts and not _tells_the_same(*said):
        return "different"
    if set(before["documents"]) != set(after["documents"]):
        return "different_sources"
    return "same" if same else "reworded"


def worst(verdicts: Sequence[str]) -> str:
    """Return the verdict of a conversation: the one of its messages that most wants a look."""
    return min(verdicts, key=VERDICTS.index)


def _doing(side: Mapping[str, Any]) -> tuple[str | None, bool, list[str]]:
    """Return what was done: answering from documents, or declining to, is one thing whatever understood the message."""
    answers = side["documents"] or side["declined"] or side["skill"] in NO_ANSWER
    return "answer" if answers else side["skill"], side["refused"], sorted(side["effects"])


def _said(side: Mapping[str, Any]) -> str:
    return "\n".join(without_sources(text) for text in side["texts"])


def _tells_the_same(one: str, other: str) -> bool:
    """Return whether two answers tell the same: the same numbers, neither denies what the other does not, and shared words."""
    first, second = comparable(one), comparable(other)
    if set(_NUMBER.findall(first)) != set(_NUMBER.findall(second)):
        return False
    # Folding would make other words of these.
    if bool(_DENIALS.search(one)) != bool(_DENIALS.search(other)):
        return False
    words = [{word[:_STEM] for word in _WORD.findall(text)} for text in (first, second)]
    fewer = min(len(found) for found in words)
    return len(words[0] & words[1]) >= MIN_SHARED * fewer
