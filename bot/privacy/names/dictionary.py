"""Whether a word is an ordinary one of Russian, Kazakh or English, in whatever form it stands."""

from collections.abc import Iterator

from bot.privacy.names.folding import fold, is_cyrillic, single
from bot.privacy.names.wordlists import read_words, words

_SHORTEST = 3
_LONGEST_ENDING = 4
# Folded endings of Russian forms, and what the dictionary's form may end with instead.
_NOUN = "a u om em e i ov ev am ami ah ei oi ia iu iam iami iah im iei iem"
_ADJECTIVE = "ogo ego omu emu im ih om em imi aia oi ei uiu iuiu oe ee ie iaia o e a i"
_VERB = (
    "u iu esh et em ete ut iut ish it im ite at iat l la lo li i al ala alo ali il ila ilo ili el ela eli aet"
    " aiu aesh aem aete aiut iaet iaiu iaem iaete iaiut ai aite uiu uet uesh uem uete uiut ui uite ial iala iali"
    " nu net nul nula nuli nem nite"
)
_RUSSIAN = tuple(
    (frozenset(endings.split()), instead.split("/"))
    for endings, instead in (
        (_NOUN, "/а/я/о/е/ь/й/ие/ия/ья"),
        (_ADJECTIVE, "ый/ий/ой/ный"),
        (_VERB, "ть/ать/ить/еть/ять/уть/нуть/овать/евать/ти/чь"),
    )
)
_REFLEXIVE = ("ся", "сь")
_KAZAKH = frozenset(
    words("""
    lar ler dar der tar ter nin din tin ga ge ka ke na ne a e ni di ti n da de ta te nda nde dan den tan ten nan nen
    men ben pen im in i si miz niz imiz iniz m lari leri dari deri tari teri
    dim dik tim tik diniz tiniz ip p ap ep gan gen kan ken ar er r ai ei iu u sa se min sin siz
    ma me ba be pa pe mai mei iz ik ak ek la le dai dei tai tei shi dagi degi tagi tegi nar
    """)
)
_HARDENED = {"б": "п", "г": "к", "ғ": "қ"}
_ENGLISH = (
    *(("s", ("",)), ("es", ("",)), ("ed", ("", "e")), ("d", ("",)), ("ing", ("", "e"))),
    *(("er", ("", "e")), ("ly", ("",)), ("ies", ("y",))),
)
_PLAIN = str.maketrans("әғқңөұүһі", "агкноуухи")


class Dictionary:
    """The three word lists in memory."""

    def __init__(self) -> None:
        self._ru = frozenset(read_words("words-ru.txt"))
        self._kk = frozenset(read_words("words-kk.txt"))
        self._en = frozenset(read_words("words-en.txt"))
        self._plain_kk = frozenset(word.translate(_PLAIN) for word in self._kk)
        self._romanised = frozenset(single(fold(word)) for word in self._ru | self._kk)

    def place(self, word: str) -> str:
        """Return how a word stands in the lists of its script.

        "W": as it is; "w": in another form; "p": typed without the Kazakh letters; "x": a Russian or Kazakh one in
        Latin letters; "": not at all.
        """
        word = word.lower().replace("ё", "е")
        return self._place_of_cyrillic(word) if is_cyrillic(word) else self._place_of_latin(word)

    def _place_of_latin(self, word: str) -> str:
        if word in self._en:
            return "W"
        if any(self._is_english(word)):
            return "w"
        return "x" if any(form in self._romanised for form in _romanised_forms(word)) else ""

    def _place_of_cyrillic(self, word: str) -> str:
        if word in self._ru or word in self._kk:
            return "W"
        if any(form in self._ru for form in _russian_forms(word)) or self._is_kazakh(
            word, self._kk
        ):
            return "w"
        plain = word in self._plain_kk or self._is_kazakh(word, self._plain_kk)
        return "p" if plain else ""

    def _is_english(self, word: str) -> Iterator[bool]:
        for ending, instead in _ENGLISH:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST - 1:
                for end in instead:
                    yield word[: -len(ending)] + end in self._en

    @staticmethod
    def _is_kazakh(word: str, known: frozenset[str]) -> bool:
        return any(
            stem in known
            or any(shorter in known for shorter in _without_kazakh_ending(stem, _SHORTEST + 1))
            for stem in _without_kazakh_ending(word, _SHORTEST)
        )


def _russian_forms(word: str) -> Iterator[str]:
    """Yield what may be the dictionary's forms of a word."""
    for reflexive in _REFLEXIVE:
        if word.endswith(reflexive) and len(word) > 5:
            cut = word[: -len(reflexive)]
            yield from (form + "ся" for form in _russian_forms(cut))
            yield from _russian_forms(cut)
    for length in range(min(_LONGEST_ENDING + 1, len(word) - _SHORTEST + 2)):
        beginning = word[: len(word) - length]
        if not length:
            yield from (beginning + end for end in ("а", "я", "о"))
            continue
        ending = fold(word[-length:])
        for endings, instead in _RUSSIAN:
            if ending in endings:
                yield from (
                    beginning + end for end in instead if len(beginning) + len(end) >= _SHORTEST
                )


def _romanised_forms(word: str) -> Iterator[str]:
    """Yield what may be the dictionary's forms of a Russian or Kazakh word in Latin letters, folded."""
    key = single(fold(word))
    yield key
    for length in range(1, min(_LONGEST_ENDING, len(key) - _SHORTEST) + 1):
        beginning, ending = key[:-length], key[-length:]
        if ending in _KAZAKH or any(ending in endings for endings, _ in _RUSSIAN):
            yield from (beginning + end for end in ("", "a", "ia", "i", "t", "at", "it"))


def _without_kazakh_ending(word: str, shortest: int) -> Iterator[str]:
    for length in range(1, min(_LONGEST_ENDING + 1, len(word) - shortest + 1)):
        if fold(word[-length:]) in _KAZAKH:
            stem = word[:-length]
            yield stem
            if stem[-1] in _HARDENED:
                yield stem[:-1] + _HARDENED[stem[-1]]
