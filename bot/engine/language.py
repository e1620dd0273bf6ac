"""Which language a message is in, and which language the bot answers in.

Kazakh, Russian and English words are told apart by short lists of frequent words and endings, compared in the folded
spelling of `nlu.folding`, so that Kazakh with Russian letters and both languages in Latin letters need no lists of their own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.lexicon import ENDINGS, LETTERS, WORDS
from bot.engine.nlu.folding import fold, words

LANGUAGES = ("ru", "kk", "en")
DEFAULT_LANGUAGE = "ru"
MAX_WORDS = 120
# A conversation changes its language only on this much more evidence; one borrowed word is not enough.
SWITCH_MARGIN = 1.6
# What a word tells, against 1 for a known word.
KAZAKH_LETTER_WEIGHT, LETTERS_WEIGHT, ENDING_WEIGHT, UNKNOWN_WEIGHT = 1.3, 0.5, 0.4, 0.25
LONG_WORD = 5
_KAZAKH_LETTERS = re.compile("[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NAMED = {
    "kk": re.compile(r"\b(?:po )?(?:kazah|kazak|kaz\b)\w*"),
    "ru": re.compile(r"\b(?:po )?(?:rus|oris)\w*"),
    "en": re.compile(r"\b(?:po )?(?:englis|angli|inglis|agilshin)\w*"),
}
_REFUSED_BEFORE = re.compile(
    r"(?:\bne|\bnot|\bno|\bnot in|\bne na|\bne po|\bwithout|\bvmesto|\binstead of|speak)\s*$"
)
_REFUSED_AFTER = re.compile(
    r"^\s*(?:emes|tusinbei\w*|bilmei\w*|ne (?:ponima|znai|govor|umei)\w*|isn|is not|no\b|kerek emes)"
)
_NOT_KNOWN_BEFORE = re.compile(
    r"(?:ne (?:ponima|znai|govor|umei|vladei)\w*|dont (?:speak|understand|know)|not speak)\s*(?:na |po |in )?$"
)


@dataclass(frozen=True)
class Guess:
    """What a text's language seems to be.

    Attributes:
        language: "ru", "kk", "en", or `None` when the text gives no hint.
        margin: Evidence for it over the next language, in words.
        romanised: Whether Kazakh or Russian is written in Latin letters.
    """

    language: str | None
    margin: float
    romanised: bool


def detect(text: str) -> Guess:
    """Return the language of a text by the words in it. Never raises, whatever the text."""
    scores: dict[str, float] = dict.fromkeys(LANGUAGES, 0.0)
    latin = cyrillic = 0
    for word in _WORD.findall(text)[:MAX_WORDS]:
        latin += bool(_LATIN.search(word))
        cyrillic += bool(_CYRILLIC.search(word))
        for language, weight in _word_scores(word).items():
            scores[language] += weight
    best, second = sorted(scores, key=lambda language: scores[language], reverse=True)[:2]
    if scores[best] == 0 or scores[best] == scores[second]:
        return Guess(None, 0.0, romanised=False)
    return Guess(best, scores[best] - scores[second], romanised=best != "en" and latin > cyrillic)


def without_names(text: str, entities: Iterable[Mapping[str, Any]], *, is_name: bool) -> str:
    """Return what of a text tells its language: a person's or a place's name tells nothing.

    Args:
        text: The customer's message.
        entities: What the NLU found in it, with places.
        is_name: Whether a name was asked for; then only words that a language is known by count.
    """
    spans = [(found["start"], found["end"]) for found in entities if found.get("entity") == "name"]
    return " ".join(
        match[0]
        for match in _WORD.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in spans)
        and (not is_name or _is_known(match[0]))
    )


def _is_known(word: str) -> bool:
    folded = "".join(words(word))
    return any(folded in known for known in WORDS.values())


def requested_language(text: str) -> str | None:
    """Return the language that a text asks to be spoken to in, by its name; `None` when it names none.

    Meant for messages that ask for a language: "I don't understand Kazakh, Russian please" gives Russian.
    """
    folded = fold(text)
    found: list[tuple[int, str]] = []
    for language, pattern in _NAMED.items():
        for match in pattern.finditer(folded):
            before, after = folded[: match.start()], folded[match.end() :]
            if not (
                _REFUSED_AFTER.search(after) or _NOT_KNOWN_BEFORE.search(before) or _refused(before)
            ):
                found.append((match.start(), language))
    return max(found)[1] if found else None


def _refused(before: str) -> bool:
    match = _REFUSED_BEFORE.search(before)
    return match is not None and match[0].strip() != "speak"


def answer_language(
    text: str,
    *,
    current: str | None,
    pinned: bool,
    requested: str | None,
    hint: str | None,
    fallback: str | None,
) -> str:
    """Return the language to answer a message in.

    An explicit request wins, now and until the next one. Otherwise a clear message decides, a short or mixed one keeps the
    conversation's language, and the very first message falls back to the contact's, then to the organisation's language.

    Args:
        text: The customer's message.
        current: Language of the conversation so far.
        pinned: Whether the customer asked for `current` explicitly.
        requested: Language that this message asks for.
        hint: Language known of the contact.
        fallback: The organisation's language.
    """
    if requested in LANGUAGES:
        return str(requested)
    if pinned and current in LANGUAGES:
        return str(current)
    guess = detect(text)
    known = next((language for language in (current, hint) if language in LANGUAGES), None)
    if guess.language is not None and (
        known is None or guess.language == known or guess.margin >= SWITCH_MARGIN
    ):
        return guess.language
    if known is not None:
        return known
    return fallback if fallback in LANGUAGES else DEFAULT_LANGUAGE


def _word_scores(word: str) -> Mapping[str, float]:
    """Return how much one word speaks for each language."""
    lowered = word.lower()
    cyrillic = _CYRILLIC.search(lowered) is not None
    possible = ("ru", "kk") if cyrillic else LANGUAGES
    folded = "".join(words(lowered))
    scores = {language: float(folded in WORDS[language]) for language in possible}
    if _KAZAKH_LETTERS.search(lowered):
        scores["kk"] += KAZAKH_LETTER_WEIGHT
    if any(scores.values()):
        return scores
    for language in possible:
        if any(letters in lowered for letters in LETTERS[language]):
            scores[language] += LETTERS_WEIGHT
        if len(folded) >= LONG_WORD and folded.endswith(ENDINGS[language]):
            scores[language] += ENDING_WEIGHT
    if not any(scores.values()):
        # Unknown words lean to the usual language of their letters.
        scores["ru" if cyrillic else "en"] = UNKNOWN_WEIGHT
    return scores
