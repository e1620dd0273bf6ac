"""Letters and words, folded so that spellings of one word meet.

Kazakh is often typed with Russian letters only, and both languages in Latin ones; `fold` and `cyrillic` bring them
together. Folding loses meaning that only a reader needs, so folded text is for comparing and never shown.
"""

import re
import unicodedata
from functools import lru_cache

_KAZAKH = str.maketrans("әғқңөұүһіёъ", "агкноуухие ")
_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")
_LATIN = re.compile(r"[a-z]")
_MARK = re.compile("[\u0300-\u036f]")
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
    ("yo", "е"),
    ("ye", "е"),
    ("ng", "н"),
)
_SINGLES = str.maketrans("abcdefghijklmnopqrstuvwxyz'", "абсдефгхижклмнопкрстувшхызь")
_VOWEL_BEFORE_Y = re.compile(r"(?<=[aeiou])y")
GRAM = 4
STEM = 5
MIN_RESPELLED = 4
"""Letters. A shorter Latin word is read in Cyrillic only where it is known to be romanised: "it" is not "ит"."""


def fold(text: str) -> str:
    """Return `text` in lower case, compatibility forms and accents resolved, Kazakh letters as their Russian kin.

    The length may change.
    """
    text = unicodedata.normalize("NFKC", text).lower().translate(_KAZAKH).replace(" ", " ")
    if text.isascii():
        return text
    kept_short = text.replace("й", "\0")
    if unicodedata.is_normalized("NFD", kept_short) and not _MARK.search(kept_short):
        return text.replace("ı", "i")
    decomposed = unicodedata.normalize("NFD", kept_short)
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", kept).replace("\0", "й").replace("ı", "i")


def words(text: str) -> list[str]:
    """Return the folded words and numbers of `text`, in order."""
    # The hard sign folds to nothing: a space would cut a word in two.
    return _WORD.findall(fold(text.replace("ъ", "").replace("Ъ", "")))


@lru_cache(maxsize=50_000)
def is_latin(word: str) -> bool:
    """Tell whether a folded word is written in Latin letters."""
    return _LATIN.search(word) is not None


@lru_cache(maxsize=20_000)
def cyrillic(word: str) -> str:
    """Return a folded Latin word as it would be typed in Cyrillic: `dostavka` -> `доставка`, `qansha` -> `канша`."""
    for latin, letter in _PAIRS:
        word = word.replace(latin, letter)
    return _VOWEL_BEFORE_Y.sub("й", word).translate(_SINGLES)


def grams(word: str) -> tuple[str, ...]:
    """Return the character n-grams of a folded word, its beginning marked; a short word is one gram."""
    marked = f"_{word}"
    if len(marked) <= GRAM:
        return (f"{marked}_",)
    return tuple(marked[start : start + GRAM] for start in range(len(marked) - GRAM + 1))


def stem(word: str) -> str:
    """Return the word's beginning, long enough to tell it from others and short enough to lose its endings."""
    return word if len(word) <= STEM else word[:STEM]
