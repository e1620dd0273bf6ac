"""Words that call a person, found in whatever form and spelling a customer uses.

"юрист" is found in "юристу", "юристами", "ЮРИСТ!!"; "шағым" in "shagymymdy"; "возврат денег" in "возврата денег". Words are
compared folded, and may go on with endings of the three languages, but not with another word: "суд" is not in "судно".
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.engine.nlu.folding import words

# Letters a word may lose before it takes other endings: "жалоба" -> "жалобу", "компания" -> "компаний".
_LOST = re.compile(r"(?:ia|iu|ie|ii|a|e|i|o|u)$")
_MIN_STEM = 3
# Folded: "ы", "й" and "и" are all "i". Kazakh endings follow one another: -лар-ыңыз-ға.
_RUSSIAN = (
    "a|u|e|i|o|iu|ia|ei|oi|ii|om|em|am|iam|ami|iami|ah|iah|ov|ev|ogo|ego|omu|emu|im|imi|ih|aia|oe|ie|uiu|oiu|eiu|"
    "it|at|iat|ut|iut|il|ila|ili|al|ala|ali|ite|aite|ite|iu|esh|ish|la|li|t|ti|tsia|sia"
)
_KAZAKH = (
    "lar|ler|ar|er|dar|der|tar|ter|im|in|ini|iniz|imiz|m|n|miz|niz|si|i|ga|ge|ka|ke|na|ne|a|e|di|ti|ni|da|de|ta|te|nda|nde|dan|"
    "den|tan|ten|nan|nen|din|tin|nin|men|ben|pen|gi|ki|dik|tik|lik|shi|sha|she|ma|me|ba|be|pa|pe|min|sin|siz|aiin|eiin"
)
_ENGLISH = "s|es|ed|d|ing|er|ers|or|ors|ly"
_ENDINGS = re.compile(rf"(?:{_RUSSIAN}|{_ENGLISH}|(?:{_KAZAKH}){{1,5}})?")
# A short word begins many others: it takes the plainest endings only.
_SHORT = 4
_SHORT_ENDINGS = re.compile(
    r"(?:a|u|e|i|o|om|ov|am|ami|ah|s|ga|ge|ka|ke|ti|di|ta|da|tan|dan|tar|lar|dar)?"
)


def called_by(text: str, listed: Sequence[str]) -> str | None:
    """Return the first of the listed words and phrases that a text holds, in any form; `None` when it holds none."""
    if not listed:
        return None
    said = words(text)
    for phrase in listed:
        pattern = _pattern(phrase)
        length = len(pattern)
        if length and any(
            all(
                _is_form_of(word, part)
                for word, part in zip(said[place : place + length], pattern, strict=True)
            )
            for place in range(len(said) - length + 1)
        ):
            return phrase
    return None


@lru_cache(maxsize=5_000)
def _pattern(phrase: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, _stem(word)) for word in words(phrase))


def _stem(word: str) -> str:
    stem = _LOST.sub("", word)
    return stem if len(stem) >= _MIN_STEM else word


def _is_form_of(word: str, listed: tuple[str, str]) -> bool:
    whole, stem = listed
    if word == whole:
        return True
    if len(whole) < _MIN_STEM or not word.startswith(stem):
        return False
    endings = _SHORT_ENDINGS if len(whole) <= _SHORT else _ENDINGS
    return endings.fullmatch(word[len(stem) :]) is not None
