"""How well a word of a question is found among the words of a passage."""

from functools import lru_cache

from bot.knowledge.index import MIN_COMPARED, PassageWords
from bot.knowledge.letters import stem
from bot.knowledge.query import QueryWord

CONCEPT_MATCH = 0.9
STEM_MATCH = 0.95
_MIN_SIMILAR = 0.62
_MIN_SIMILAR_OF_MEANT = 0.76
"""The same of a word whose meaning is known: it is hardly a misspelling of another one."""
_OF_LONGER = 0.6
"""The share of the longer word that two forms of one have in common at least: the rest is an ending."""


def match(word: QueryWord, passage: PassageWords) -> float:
    """Return 0-1: 1 the very word, a little less another form or a word of the same meaning, less a likely misspelling."""
    spellings = word.spellings
    for spelling in spellings:
        if spelling in passage.words:
            return 1.0
    for spelling in spellings:
        if len(spelling) > 3 and stem(spelling) in passage.stems:
            return STEM_MATCH
    if not passage.concepts.isdisjoint(word.concepts):
        return CONCEPT_MATCH
    if word.known:
        return 0.0
    best = 0.0
    for spelling in spellings:
        if len(spelling) < MIN_COMPARED or spelling.isdecimal():
            continue
        for other in passage.by_letter.get(spelling[0], ()):
            best = max(best, similarity(spelling, other))
    least = _MIN_SIMILAR_OF_MEANT if word.concepts else _MIN_SIMILAR
    return best if best >= least else 0.0


@lru_cache(maxsize=100_000)
def similarity(one: str, other: str) -> float:
    """Return 0-1: how far one word may be a form or a misspelling of the other. Beginnings count, endings hardly do.

    Words of very different length are neither: `самолёты` is no form of `само`.
    """
    shorter, longer = sorted((len(one), len(other)))
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    if common >= 4 and common >= 0.7 * shorter and common >= _OF_LONGER * longer:
        return 0.9
    if longer - shorter > shorter // 2:
        return 0.0
    length = min(shorter, 8)
    # Too few letters in common: counting the changes would only confirm it.
    if len({*one[:length]} & {*other[:length]}) < 0.6 * len({*one[:length]}):
        return 0.0
    distance = _edits(one[:length], other[:length])
    return max(0.0, 1 - 1.4 * distance / length)


def _edits(one: str, other: str) -> int:
    """Return the number of single-letter changes, a swap of neighbours counting as one."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                cost = min(cost, before_last[column - 2] + 1)
            current.append(cost)
        before_last, last = last, current
    return last[-1]
