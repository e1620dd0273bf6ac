"""Whether a folded word is an ordinary word of Russian, Kazakh or English, in whatever form it stands."""

from collections.abc import Iterator

from bot.privacy.names.wordlists import read_words

_SHORTEST = 3

# Endings of Russian forms, and what the dictionary's form may end with instead.
_NOUN = "a u om em e i ov ev am ami ah ei oi ia iu iam iami iah im iei iem"
_ADJECTIVE = "ogo ego omu emu im ih om em imi aia oi ei uiu iuiu oe ee ie iaia o e a i ee"
_VERB = (
    "u iu esh et em ete ut iut ish it im ite at iat l la lo li i ite al ala alo ali il ila ilo ili el ela eli aet"
    " aiu aesh aem aete aiut iaet iaiu iaem iaete iaiut ai aite uiu uet uesh uem uete uiut ui uite ial iala iali"
    " nu net nul nula nuli nem nite iv av via"
)
_RUSSIAN = tuple(
    (frozenset(endings.split()), instead)
    for endings, instead in (
        (_NOUN, ("", "a", "ia", "o", "e", "ie", "i")),
        (_ADJECTIVE, ("i", "oi", "ni")),
        (_VERB, ("t", "at", "it", "et", "iat", "ut", "nut", "ovat", "evat", "ti", "ch")),
    )
)
_REFLEXIVE = ("sia", "s")
_KAZAKH = frozenset(
    """
    lar ler dar der tar ter nin din tin ga ge ka ke na ne a e ni di ti n da de ta te nda nde dan den tan ten nan nen
    men ben pen im in i si miz niz imiz iniz m lari leri dari deri tari teri
    dim dik tim tik diniz tiniz ip p ap ep gan gen kan ken ar er r ai ei iu u sa se min sin siz
    ma me ba be pa pe mai mei iz ik ak ek la le dai dei tai tei shi dagi degi tagi tegi nar
    """.split()
)
_ENGLISH = (("s", ("",)), ("es", ("",)), ("ed", ("", "e")), ("d", ("",)), ("ing", ("", "e")), ("er", ("", "e")), ("li", ("",)))  # fmt: skip


class Dictionary:
    """The three word lists in memory."""

    def __init__(self) -> None:
        self._ru = frozenset(read_words("words-ru.txt"))
        self._kk = frozenset(read_words("words-kk.txt"))
        self._en = frozenset(read_words("words-en.txt"))

    def languages(self, word: str) -> str:
        """Return in which languages a folded word is one: R, K, E as it stands, r, k, e in another form."""
        return "".join(self._languages(word))

    def _languages(self, word: str) -> Iterator[str]:
        if word in self._ru:
            yield "R"
        elif self._is_russian(word):
            yield "r"
        if word in self._kk:
            yield "K"
        elif self._is_kazakh(word):
            yield "k"
        if word in self._en:
            yield "E"
        elif any(
            word.endswith(ending) and any(word[: -len(ending)] + end in self._en for end in ends)
            for ending, ends in _ENGLISH
        ):
            yield "e"

    def _is_russian(self, word: str) -> bool:
        for reflexive in _REFLEXIVE:
            if word.endswith(reflexive) and len(word) > 5:
                cut = word[: -len(reflexive)]
                if any(f"{end}sia" in self._ru or f"{end}s" in self._ru for end in self._forms(cut)):
                    return True
        return any(form in self._ru for form in self._forms(word))

    @staticmethod
    def _forms(word: str) -> Iterator[str]:
        for length in range(min(5, len(word) - 1)):
            beginning, ending = word[: len(word) - length], word[len(word) - length :]
            if len(beginning) < _SHORTEST - 1:
                return
            if not ending:
                yield beginning + "a"
                yield beginning + "ia"
                continue
            for endings, instead in _RUSSIAN:
                if ending in endings:
                    for end in instead:
                        if len(beginning) + len(end) >= _SHORTEST:
                            yield beginning + end

    def _is_kazakh(self, word: str) -> bool:
        for stem in _without_kazakh_ending(word, _SHORTEST):
            if stem in self._kk:
                return True
            if any(shorter in self._kk for shorter in _without_kazakh_ending(stem, _SHORTEST + 1)):
                return True
        return False


def _without_kazakh_ending(word: str, shortest: int) -> Iterator[str]:
    for length in range(1, min(5, len(word) - shortest + 1)):
        if word[-length:] in _KAZAKH:
            yield word[:-length]
