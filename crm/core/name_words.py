"""Words of people's names, as they are stored for looking people up in what is written about them.

A name in a text may be inflected ("Айгерімге", "Айгеримом"), lower case, or typed in other letters. What is stored of a name
word is its folded beginning without the last vowels; what is looked up of a text are the beginnings of its words. So a
name is found by an index, and whoever needs certainty compares the found names with the text itself.

Stored values depend on this module: a change of it needs a migration that writes them anew.
"""

import re
import unicodedata
from collections.abc import Iterable

MIN_LETTERS = 3
LONGEST_ENDING = 6
"""Letters an ending may add to a stored beginning: "Айгерим" in "Айгеримнікі"."""
MOST_WORDS = 400

_WORD = re.compile(r"[^\W\d_]+")
_PAIRS = (
    ("shch", "щ"),
    ("sch", "щ"),
    ("zh", "ж"),
    ("kh", "х"),
    ("gh", "г"),
    ("ts", "ц"),
    ("ch", "ч"),
    ("sh", "ш"),
    ("yu", "ю"),
    ("ju", "ю"),
    ("ya", "я"),
    ("ja", "я"),
)
_LATIN = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абсдефгхижклмнопкрстуввхиз")
_KIN = str.maketrans("әғқңөұүһіёйъыэ", "агкноуухиеиьие")
_VOWELS = "аеиоуюяь"


def name_words(names: Iterable[str | None]) -> list[str]:
    """Return the beginnings under which people of these names are stored, sorted."""
    found = {_beginning(word) for name in names if name for word in _folded(name)}
    return sorted(word for word in found if len(word) >= MIN_LETTERS)


def lookup_words(texts: Iterable[str]) -> list[str]:
    """Return the beginnings that may be stored for names in these texts, the last texts counting most."""
    seen: dict[str, None] = {}
    for text in reversed(list(texts)):
        for word in _folded(text):
            if len(word) >= MIN_LETTERS:
                seen.setdefault(word)
        if len(seen) >= MOST_WORDS:
            break
    return sorted({part for word in list(seen)[:MOST_WORDS] for part in _beginnings(word)})


def _folded(text: str) -> list[str]:
    lowered = unicodedata.normalize("NFKC", text).lower().translate(_KIN)
    return [_in_cyrillic(word) for word in _WORD.findall(lowered)]


def _in_cyrillic(word: str) -> str:
    if not word.isascii():
        return word
    for latin, letter in _PAIRS:
        word = word.replace(latin, letter)
    return word.translate(_LATIN)


def _beginning(word: str) -> str:
    bare = word.rstrip(_VOWELS)
    return bare if len(bare) >= MIN_LETTERS else word[: max(MIN_LETTERS, len(bare))]


def _beginnings(word: str) -> Iterable[str]:
    shortest = max(MIN_LETTERS, len(word) - LONGEST_ENDING)
    return (word[:length] for length in range(shortest, len(word) + 1))
