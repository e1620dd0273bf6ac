"""A question, with the turns before it -> what to look for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.knowledge.asked import asked_for, asks_whether
from bot.knowledge.glossary import Glossary, is_city
from bot.knowledge.layouts import as_meant
from bot.knowledge.letters import cyrillic, fold, is_latin, stem, words
from bot.knowledge.stopwords import SOFT_STEMS, STOP_WORDS

MAX_WORDS = 60
"""Words of a question that are looked at: a longer message is a story whose point is at its beginning or end."""

EARLIER_WEIGHT = 0.5
SOFT_WEIGHT = 0.35
"""Of words that tell little about what is asked, such as "come" and "husband"."""

FEW_WORDS = 2
_FOLLOWS = re.compile(
    r"^(?:а|и|ну а|а если|ал|сонда|онда|тогда|and|what about|how about|so|also|then|а что|а как|а по|сосын|олай болса)\b"
)
_POINTS_BACK = re.compile(
    r"\b(?:это|этот|эта|эту|этого|там|туда|его|ее|их|него|нее|они|такой|такая|тот|оны|онын|ондай|сонын|соны|сол|осы|осынын|ол|онда|оган|"
    r"it|that|there|they|them|this|those|its)\b"
)


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word to look for.

    Attributes:
        spellings: the folded word and, for a Latin one, its Cyrillic reading.
        concepts: what it means.
        related: what a question about that is often answered by.
        weight: how much it tells by itself.
        known: the documents hold it, or words that begin like it: it is no misspelling.
    """

    spellings: tuple[str, ...]
    concepts: frozenset[str]
    related: frozenset[str] = frozenset()
    weight: float = 1.0
    known: bool = False


@dataclass(frozen=True)
class Query:
    """What to look for.

    Attributes:
        words: of the question itself.
        earlier: of the turns before it, when the question leans on them.
        kinds: what is asked for (see `asked`).
        language: of the customer.
        asks_whether: it asks whether there is something, whether something is done, or what it costs.
    """

    words: tuple[QueryWord, ...]
    earlier: tuple[QueryWord, ...]
    kinds: frozenset[str]
    language: str
    asks_whether: bool = False

    @property
    def is_follow_up(self) -> bool:
        """Whether the question leans on earlier turns."""
        return bool(self.earlier)

    @cached_property
    def all_concepts(self) -> frozenset[str]:
        """The concepts of the question and of the turns it leans on."""
        return frozenset[str]().union(*(word.concepts for word in (*self.words, *self.earlier)))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The beginnings of all its words."""
        return frozenset(
            stem(spelling) for word in (*self.words, *self.earlier) for spelling in word.spellings
        )


def make_query(
    question: str,
    *,
    language: str,
    earlier: Sequence[str],
    glossary: Glossary,
    is_known: Callable[[str], bool] = lambda _: False,
    holds_concept: Callable[[str], bool] = lambda _: False,
) -> Query:
    """Return what to look for.

    Args:
        question: the customer's message.
        language: ru, kk or en.
        earlier: the customer's messages before it, oldest first.
        glossary: the concepts.
        is_known: tells whether the documents hold a folded word; for a keyboard switched to the other letters.
        holds_concept: tells whether they speak of a concept: only where they do not, related ones are looked for.
    """

    def known_words(text: str) -> int:
        listed = words(text)
        concepts = glossary.of_words(listed)
        return sum(
            bool(names) or word in STOP_WORDS or cyrillic(word) in STOP_WORDS or is_known(word)
            for word, names in zip(listed, concepts, strict=True)
        )

    question = as_meant(question, known_words)
    own = _query_words(question, glossary, is_known, holds_concept)
    kinds = asked_for(question)
    whether = asks_whether(question)
    if not earlier or not _leans_back(question, own):
        return Query(own, (), kinds, language, whether)
    before: list[QueryWord] = []
    has_city = any(is_city(name) for word in own for name in word.concepts)
    known = {spelling for word in own for spelling in word.spellings}
    strength = EARLIER_WEIGHT
    for text in reversed(earlier[-3:]):
        for word in _query_words(text, glossary, is_known, holds_concept):
            other_city = has_city and any(map(is_city, word.concepts))
            if not other_city and known.isdisjoint(word.spellings):
                before.append(replace(word, weight=word.weight * strength))
                known.update(word.spellings)
        kinds = kinds or asked_for(text)
        if sum(bool(word.concepts) for word in before) > 0 and len(before) > FEW_WORDS:
            break
        strength *= 0.6
    return Query(own, tuple(before), kinds, language, whether)


def _leans_back(question: str, own: Sequence[QueryWord]) -> bool:
    folded = fold(question).strip()
    if _FOLLOWS.match(folded) and len(own) <= 5:
        return True
    if _POINTS_BACK.search(folded) and len(own) <= 5:
        return True
    return len(own) <= FEW_WORDS


def _query_words(
    text: str,
    glossary: Glossary,
    is_known: Callable[[str], bool],
    holds_concept: Callable[[str], bool],
) -> tuple[QueryWord, ...]:
    listed = words(text)
    if len(listed) > MAX_WORDS:
        listed = listed[: MAX_WORDS // 2] + listed[-MAX_WORDS // 2 :]
    concepts = glossary.of_words(listed)
    found: dict[str, QueryWord] = {}
    for word, names in zip(listed, concepts, strict=True):
        if (
            word in found
            or (word in STOP_WORDS and not names)
            or (len(word) == 1 and not word.isdecimal() and not names)
        ):
            continue
        spellings: tuple[str, ...] = (word, cyrillic(word)) if is_latin(word) else (word,)
        known = any(map(is_known, spellings))
        # What the documents speak of directly needs no guess.
        related = frozenset() if any(map(holds_concept, names)) else glossary.related(names)
        if word in STOP_WORDS:
            # The word serves only as half of a pair such as "how much".
            found[word] = QueryWord((), names, related)
        elif not names and any(stem(spelling) in SOFT_STEMS for spelling in spellings):
            found[word] = QueryWord(spellings, names, weight=SOFT_WEIGHT, known=known)
        else:
            found[word] = QueryWord(spellings, names, related, known=known)
    return tuple(found.values())
