"""Lines of one section -> texts of passages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.knowledge.sentences import sentences

MIN_LENGTH = 300
MAX_LENGTH = 900
"""Characters. A section shorter than the least stays whole; a single longer sentence is not cut for being so."""

HARD_LIMIT = 4_000
"""Characters that no passage exceeds: what is longer without an end of a sentence is no sentence, and slow to look through."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of a passage, and the line of its section it begins with."""

    text: str
    line: int


def cut(lines: Sequence[str]) -> list[str]:
    """Return the texts of `pieces`."""
    return [piece.text for piece in pieces(lines)]


def pieces(lines: Sequence[str]) -> list[Piece]:
    """Return the pieces, each at most `MAX_LENGTH` long where sentences allow, none (but of a short section) below
    `MIN_LENGTH` where they allow. A line that introduces a list is repeated when the list goes on in the next piece.
    """
    units = list(_units(lines))
    total = sum(len(unit.text) + 1 for unit in units)
    if total <= MAX_LENGTH:
        return [Piece("\n".join(lines), 0)] if units else []
    # Equal shares, so that no small rest is left at the end.
    goal = max(MIN_LENGTH, total // -(-total // MAX_LENGTH) + MIN_LENGTH // 3)
    found: list[Piece] = []
    current, begins = "", 0
    for unit in units:
        joined = _join(current, unit.text, new_line=unit.begins)
        if current and len(current) >= MIN_LENGTH and len(joined) > min(goal, MAX_LENGTH):
            found.append(Piece(current, begins))
            repeats = unit.lead and unit.lead != unit.text
            current = _join(unit.lead, unit.text, new_line=True) if repeats else unit.text
            begins = unit.line
        else:
            current = joined
    if current:
        found.append(Piece(current, begins))
    if (
        len(found) > 1
        and len(found[-1].text) < MIN_LENGTH
        and len(found[-2].text) + len(found[-1].text) < MAX_LENGTH
    ):
        found[-2:] = [Piece(f"{found[-2].text}\n{found[-1].text}", found[-2].line)]
    return found


class _Unit(NamedTuple):
    """What is never cut: a line or a sentence."""

    text: str
    begins: bool
    """Whether a line begins with it."""
    lead: str
    """The line that introduces the list it is in."""
    line: int


def _units(lines: Sequence[str]) -> Iterator[_Unit]:
    lead = ""
    for place, line in enumerate(lines):
        if not _is_item(line):
            lead = ""
        if len(line) <= MAX_LENGTH // 2:
            yield _Unit(line, True, lead if _is_item(line) else "", place)  # noqa: FBT003 - a row of values
        else:
            for number, sentence in enumerate(sentences(line)):
                # What has no end of its own is cut between words, or where there are none, anywhere.
                for part, text in enumerate(_bounded(sentence)):
                    yield _Unit(text, number == part == 0, "", place)
        if line.endswith(":") and len(line) <= MAX_LENGTH // 2:
            lead = line


def _bounded(sentence: str) -> Iterator[str]:
    most = HARD_LIMIT - MIN_LENGTH  # it may be joined to a short unit before it
    while len(sentence) > most:
        space = sentence.rfind(" ", most // 2, most)
        end = space if space > 0 else most
        yield sentence[:end]
        sentence = sentence[end:].lstrip()
    if sentence:
        yield sentence


def _is_item(line: str) -> bool:
    return line.startswith("•") or line[:3].rstrip(". ").isdigit()


def _join(before: str, text: str, *, new_line: bool) -> str:
    if not before:
        return text
    return f"{before}\n{text}" if new_line else f"{before} {text}"
