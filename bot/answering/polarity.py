"""Whether a clause says yes or no."""

import re
from collections.abc import Sequence

from bot.answering.claims import Token

_WORDS = frozenset(
    [
        "не",
        "нет",
        "нельзя",
        "никогда",
        "невозможно",
        "запрещено",
        "запрещен",
        "запрещена",
        "запрещены",
        "запрещается",
        "отсутствует",
        "отсутствуют",
        "емес",
        "жок",
        "болмайды",
        "тыиым",
        "тыйым",
        "мумкин_емес",
        "not",
        "no",
        "cannot",
        "never",
        "nor",
        "neither",
        "unavailable",
        "without",
        "void",
        "prohibited",
        "forbidden",
        "nothing",
        "none",
    ]
)
_ENGLISH = re.compile(r"n['’]t$|^(?:dont|doesnt|cant|wont|isnt|arent)$|^non-")
# Verbs of Kazakh carry the negation inside: -ма, -ме, -ба, -бе, -па, -пе before the ending.
_KAZAKH = re.compile(
    r"(?<=[^\W\d_]{2})[мбп][ае](?:й(?:ды|ди|мын|мин|мыз|миз|сыз|сиз|тын|тин|мыз)|(?:ган|ген)(?:дар|дер)?(?:га|ге)?|са(?:ныз|к)?|се(?:низ|к)?|с(?:тан|тен)?|у)$"
)
# "Not less than" is a bound, "not only" an addition; neither says no.
_BOUNDS = frozenset(
    [
        "меньше",
        "менее",
        "больше",
        "более",
        "позднее",
        "раньше",
        "позже",
        "только",
        "less",
        "more",
        "later",
        "earlier",
        "only",
        "fewer",
    ]
)
# Adjectives with the negation in them.
_PREFIXES = re.compile(r"^(?:невозврат|недоступ|недейств|нерабоч|невозмож|бесполез)")


def is_negative(tokens: Sequence[Token]) -> bool:
    """Tell whether the clause says no. Two negations make a yes, but Russian doubles them with `ни` only."""
    count = 0
    for place, token in enumerate(tokens):
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if token.text in _WORDS or _ENGLISH.search(token.raw.lower()):
            count += after not in _BOUNDS
        elif _PREFIXES.match(token.text) or _KAZAKH.search(token.text):
            count += 1
    return count % 2 == 1
