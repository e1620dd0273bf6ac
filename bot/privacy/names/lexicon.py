"""What is known of a word from lists: whether it is somebody's name in some case, a place or a brand, a common word."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.privacy.names.dictionary import Dictionary
from bot.privacy.names.folding import fold, is_cyrillic, single
from bot.privacy.names.tokens import tokenize
from bot.privacy.names.wordlists import read_name_parts, read_nouns, read_things, read_words, words

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
    words("""
    nin din tin ga ge ka ke na ne ni di ti da de ta te dan den tan ten nan nen men ben pen m im in i si
    nda nde lar ler dar der tar ter zhan tai eke zhannin zhanga zhandi zhanmen
    min pin bin miz imiz larga lerge darga derge targa terge lardin lerdin dardin derdin tardin terdin s
    """)
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
    r"(?:.{2,}(?:ov|ev|mi|iv|a)|.{3,}al|.{2,}[lnrtmhv])ich(?:a|u|em|e|am|ami|i)?$|.{2,}(?:ov|ev|i)(?:na|ni|ne|nu|noi|n)$"
    r"|.{2,}(?:ich)na$|.{3,}(?:uli|ulin|ului|ulina|kizi|kis|kizin|gizi)\w{0,4}$"
)
_COMMON_ENDINGS = (
    *(
        "a",
        "u",
        "e",
        "om",
        "nin",
        "din",
        "tin",
        "ga",
        "ge",
        "ka",
        "ke",
        "di",
        "ti",
        "ni",
        "dan",
        "den",
        "men",
        "pen",
        "ben",
    ),
    *("zhan", "min", "pin", "bin"),
)
_SHORTEST = 3
_SHORTEST_COMPOUND = 5
_NOUN_FORMS = ("0", "r", "k")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the lists say of a word.

    `names`: the lists of names it is in (first, rare, last; derived: a surname made
    of a first name; compound, compounded: made of the parts of such, as it is or in a case form) with how it stands
    there: 0 as it is, r or k in a Russian or Kazakh case form, v called out. `thing`: how it stands in the list of places
    and brands. `noun`: "role" for one of people, "kind" for one of things that bear names. `word`: how it stands in the dictionaries (see `Dictionary.place`).
    """

    names: tuple[str, ...] = ()
    thing: str = ""
    noun: str = ""
    word: str = ""
    patronymic: bool = False
    surname_ending: bool = False


class _Keys:
    """The folded words of a list: with their double letters for Cyrillic, without them for Latin."""

    def __init__(self, words: Iterable[str]) -> None:
        self.cyrillic = frozenset(map(fold, words))
        latin = map(single, self.cyrillic)
        self.latin = frozenset(key for key in latin if len(key) >= _SHORTEST)


class Lexicon:
    """The lists in memory."""

    def __init__(self) -> None:
        things = [
            tuple(fold(token.text) for token in tokenize(thing) if token.is_word)
            for thing in read_things()
        ]
        self._first = _Keys(read_words("first-names.txt"))
        self._lists = {
            "first": self._first,
            "last": _Keys(read_words("surnames.txt")),
            "rare": _Keys(read_words("rare-first-names.txt")),
        }
        self._things = _Keys([keys[0] for keys in things if len(keys) == 1])
        self._long_things: dict[str, list[tuple[str, ...]]] = {}
        for keys in dict.fromkeys(things):
            if len(keys) > 1:
                self._long_things.setdefault(keys[0], []).append(keys)
        nouns = read_nouns()
        self._roles, self._kinds = (
            _Keys(
                [
                    noun
                    for kind, words in nouns.items()
                    if role == kind.startswith("role")
                    for noun in words
                ]
            )
            for role in (True, False)
        )
        self._parts = read_name_parts()
        self._dictionary = Dictionary()
        self.entry = lru_cache(maxsize=20_000)(self._entry)

    def _entry(self, word: str) -> Entry:
        cyrillic = is_cyrillic(word)
        key = fold(word) if cyrillic else single(fold(word))

        def of(keys: _Keys) -> frozenset[str]:
            return keys.cyrillic if cyrillic else keys.latin

        names = [
            f"{title}{form}"
            for title, keys in self._lists.items()
            if (form := _form(key, of(keys)))
        ]
        match = _OF_FIRST_NAME.match(key)
        if match and (match["name"] in of(self._first) or self._is_compound(match["name"])):
            names.append("derived")
        if self._is_compound(key):
            names.append("compound")
        elif any(
            key.endswith(ending) and self._is_compound(key[: -len(ending)])
            for ending in _COMMON_ENDINGS
        ):
            names.append("compounded")
        return Entry(
            names=tuple(names),
            thing=_form(key, of(self._things)).replace("v", ""),
            noun="" if any(name.endswith("0") for name in names) else self._noun(key, of),
            word=self._dictionary.place(word),
            patronymic=bool(_PATRONYMIC.match(key)),
            surname_ending=len(key) > 4 and bool(_SURNAME_ENDING.search(key)),
        )

    def _noun(self, key: str, of: Callable[[_Keys], frozenset[str]]) -> str:
        if _form(key, of(self._roles)) in _NOUN_FORMS:
            return "role"
        return "kind" if _form(key, of(self._kinds)) in _NOUN_FORMS else ""

    def _is_compound(self, key: str) -> bool:
        beginnings, ends = self._parts
        return len(key) >= _SHORTEST_COMPOUND and any(
            key[:cut] in beginnings and key[cut:] in ends for cut in range(2, len(key) - 1)
        )

    def long_things(self, keys: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield where things of several words stand in a row of folded words: first place, and the one after the last."""
        for place, key in enumerate(keys):
            for thing in self._long_things.get(key, ()):
                if tuple(keys[place : place + len(thing)]) == thing:
                    yield place, place + len(thing)


def _form(key: str, known: frozenset[str]) -> str:
    if key in known:
        return "0"
    for length in range(min(4, max(1, len(key) - 1))):
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
