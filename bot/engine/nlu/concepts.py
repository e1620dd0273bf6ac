"""Concepts of the trade in a message: words of one meaning in three languages become one token.

The letters view learns what was in the training data; the concepts view carries it over to the other languages and spellings,
and knows words that no example happened to hold. The list is `concepts.txt` beside this file.
"""

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from bot.engine.nlu.folding import fold

LIST = Path(__file__).with_name("concepts.txt")
MAX_STEM = 16
_WORD = re.compile(r"[a-z0-9]+|[?!]")
# Kazakh negates inside the verb: "жіберме-ңіз", "керек-пе-йді"; folded.
_NEGATED_VERB = re.compile(
    r"\w{2,}(?:ma|me|ba|be|pa|pe)(?:niz|nizdar|nizder|nizshi|nizdarshi|i|imin|imiz|isiz|idi|sin|dim|dimiz|gan|gen|dik|di|di|shi|ndar|nder)"
)


class Concepts:
    """The list, ready for looking words up.

    Raises:
        ValueError: A line of the list has no name.
    """

    def __init__(self, text: str) -> None:
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._stems: dict[str, set[str]] = defaultdict(set)
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            name, separator, stems = line.partition(":")
            if not separator:
                raise ValueError(f"a concept without a name: {line[:40]}")
            for stem in stems.split():
                self._add(name.strip(), stem)

    def _add(self, name: str, stem: str) -> None:
        exact = stem.endswith("=")
        parts = tuple(
            part for part in (fold(part) for part in stem.rstrip("=").strip("_").split("_")) if part
        )
        parts = tuple(re.sub(r"[^a-z0-9]", "", part) for part in parts)
        if len(parts) > 1:
            self._phrases[parts[0][:2]].append((parts, name))
        elif exact:
            self._exact[parts[0]].add(name)
        else:
            self._stems[parts[0][:MAX_STEM]].add(name)

    def find(self, folded: str) -> list[str]:
        """Return the concepts of a folded text in order; a word may have several, most have none."""
        words = _WORD.findall(folded)
        found: list[str] = []
        for place, word in enumerate(words):
            names = set(self._exact.get(word, ()))
            for length in range(2, min(len(word), MAX_STEM) + 1):
                names |= self._stems.get(word[:length], set())
            for parts, name in self._phrases.get(word[:2], ()):
                if all(
                    place + step < len(words) and words[place + step].startswith(part)
                    for step, part in enumerate(parts)
                ):
                    names.add(name)
            if _NEGATED_VERB.fullmatch(word):
                names.add("negated")
            if word in "?!":
                names.add("asks" if word == "?" else "shouts")
            found += sorted(names)
        return found


@lru_cache(maxsize=1)
def concepts() -> Concepts:
    """Return the list that belongs to this version."""
    return Concepts(LIST.read_text(encoding="utf-8"))
