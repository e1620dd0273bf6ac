"""Reading the lists of names and words that the product ships with (data/README.md tells their sources)."""

from collections.abc import Iterator
from pathlib import Path

_DATA = Path(__file__).parent / "data"


def words(text: str) -> list[str]:
    """Return the words of a short list that is written in the code."""
    return text.split()


def read_words(name: str) -> Iterator[str]:
    """Yield the words of a list; lines that begin with # are remarks."""
    for line in (_DATA / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from line.split()


def read_things() -> Iterator[str]:
    """Yield the places, brands and works that might pass for people."""
    for line in (_DATA / "not-people.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from line.split("; ")


def read_nouns() -> dict[str, list[str]]:
    """Return nouns by kind: role.ru, role.kk, role.en of people; product; venue.ru, venue.kk, venue.en."""
    return {kind: words.split("; ") for kind, words in _by_kind("nouns.txt")}


def read_name_parts() -> tuple[frozenset[str], frozenset[str]]:
    """Return the first and the last parts of which Turkic first names are made, folded."""
    parts = {kind: frozenset(words.split()) for kind, words in _by_kind("name-parts.txt")}
    return parts["first"], parts["last"]


def _by_kind(name: str) -> Iterator[tuple[str, str]]:
    for line in (_DATA / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, words = line.split(": ", 1)
            yield kind, words
