"""What is known of a word from lists: whether it is somebody's name in some case, and whether it is a common word."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.privacy.names.dictionary import Dictionary
from bot.privacy.names.folding import fold
from bot.privacy.names.wordlists import read_words

# What a Russian case form of a folded name ends with, and what its first form ends with instead.
_RUSSIAN = {
    "a": ("",),
    "u": ("", "a"),
    "e": ("", "a", "i", "ei", "ia"),
    "i": ("a", "ia", ""),
    "om": ("",),
    "im": ("",),
    "em": ("", "i", "ei"),
    "ei": ("ia", "a"),
    "oi": ("a", ""),
    "iu": ("ia", "", "i"),
    "ia": ("i", ""),
    "iei": ("ia",),
    "iem": ("i", ""),
    "ih": ("",),
    "imi": ("",),
    "": ("a", "ia"),  # Саш, Наташ, Жень
}
_KAZAKH = frozenset(
    """
    nin din tin ga ge ka ke na ne ni di ti da de ta te dan den tan ten nan nen men ben pen m im in i si
    lar ler dar der tar ter zhan tai eke zhannin zhanga zhandi zhanmen
    min pin bin miz imiz larga lerge darga derge targa terge lardin lerdin dardin derdin tardin terdin s
    """.split()
)
_SURNAME_ENDING = re.compile(
    r"(?:ov|ev|in|ski|tski|skii|enko|chenko|uk|iuk|chuk|ian|dze|shvili|ich|ets|ko|aev|baev|bekov)"
    r"(?:a|oi|u|im|om|e|ih|imi|ogo|omu|oe|aia|uiu|ie|i)?$"
    r"|(?:ska|tska)(?:ia|iu|oi|ei)$"
)
_OF_FIRST_NAME = re.compile(
    r"(?P<name>.{3,}?)(?:ov|ev|in)(?:a|oi|u|im|om|e|ih|imi|i|nin|din|tin|ga|ka|tar|tarta)?$"
)
_PATRONYMIC = re.compile(
    r".{2,}(?:ov|ev|mi|iv|a)ich(?:a|u|em|e|am|ami|i)?$|.{2,}(?:ov|ev|i)(?:na|ni|ne|nu|noi|n)$"
    r"|.{2,}(?:ich)na$|.{3,}(?:uli|ulin|ului|ulina|kizi|kis|kizin|gizi)\w{0,4}$"
)
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What the lists say of a word.

    `name`: "" or the list it is in (first, rare, last, derived) and how it stands there (0 as it is, r or k in a
    Russian or Kazakh case form). `words`: the languages in whose dictionaries it is, in capitals when exactly so.
    """

    names: tuple[str, ...]
    words: str
    patronymic: bool
    surname_ending: bool


class Lexicon:
    """The lists in memory."""

    def __init__(self) -> None:
        self._first = frozenset(map(fold, read_words("first-names.txt")))
        self._rare = frozenset(map(fold, read_words("rare-first-names.txt"))) - self._first
        self._last = frozenset(map(fold, read_words("surnames.txt")))
        self._dictionary = Dictionary()
        self.entry = lru_cache(maxsize=20_000)(self._entry)

    def _entry(self, key: str) -> Entry:
        names: list[str] = []
        for title, known in (("first", self._first), ("last", self._last), ("rare", self._rare)):
            form = self._form(key, known)
            if form:
                names.append(f"{title}{form}")
        match = _OF_FIRST_NAME.match(key)
        if match and (match["name"] in self._first or match["name"].endswith(("bai", "bek"))):
            names.append("derived")
        return Entry(
            names=tuple(names),
            words=self._dictionary.languages(key),
            patronymic=bool(_PATRONYMIC.match(key)),
            surname_ending=len(key) > 4 and bool(_SURNAME_ENDING.search(key)),
        )

    @staticmethod
    def _form(key: str, known: frozenset[str]) -> str:
        if key in known:
            return "0"
        for length in range(min(4, len(key) - _SHORTEST + 1)):
            stem = key[: len(key) - length]
            for beginning in _RUSSIAN.get(key[len(stem) :], ()):
                if stem + beginning in known and len(stem + beginning) >= _SHORTEST:
                    return "r" if length else "v"
        for length in range(1, min(8, len(key) - _SHORTEST + 1)):
            if key[-length:] in _KAZAKH and key[:-length] in known:
                return "k"
        return ""


@cache
def lexicon() -> Lexicon:
    """Return the process's lexicon."""
    return Lexicon()
