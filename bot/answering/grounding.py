"""Whether the numbers of an answer stand in what it was made from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\d+(?:[ \u00a0\u202f\u2009]\d{3})*(?:[.,]\d+)?")
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009](?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True)
class Grounded:
    text: str
    cut: tuple[tuple[str, str], ...]
    answers: bool


def ground(answer: str, passages: Sequence[str], *, question: str) -> Grounded:
    bad = unsupported_figures(answer, [*passages, question])
    return Grounded(answer, tuple((answer, "number") for _ in bad[:1]), not bad)


def unsupported_figures(answer: str, materials: Iterable[str]) -> list[str]:
    known = {number for material in materials for number in _numbers(material)}
    return [number for number in _numbers(answer) if len(number) > 1 and number not in known]


def _numbers(text: str) -> list[str]:
    joined = _GROUPS.sub("", text)
    found: list[str] = []
    for match in _NUMBER.finditer(joined):
        whole = match.group().replace(",", ".").lstrip("0") or "0"
        found += (
            [whole]
            if "." not in whole
            else [whole, *(part.lstrip("0") or "0" for part in whole.split("."))]
        )
    return found
