"""How many tokens a text costs, without asking anybody.

Exact counts need each model's own vocabulary, which would have to be fetched. Rules of thumb by script are enough to
show what a prompt costs, and are chosen to err upwards: newer vocabularies (o200k_base, Qwen) are kinder to Cyrillic than
these figures, older ones (cl100k_base) are about there. The ledger counts what providers really report.
"""

import math
import re
from typing import Final

# Letters a token of one word.
LATIN: Final = 4.0
CYRILLIC: Final = 2.6
KAZAKH: Final = 2.0
DIGITS: Final = 2.5
MESSAGE: Final = 4
"""Tokens that each message of a prompt costs beside its text."""

_WORDS: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_|\n+")
_KAZAKH: Final = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")


def tokens(text: str) -> int:
    """Return about how many tokens a language model reads `text` as."""
    return math.ceil(sum(_tokens(piece) for piece in _WORDS.findall(text)))


def cost(input_tokens: int, output_tokens: int, *, price: dict[str, float]) -> float:
    """Return what a call costs in the price's currency; `price` holds `input` and `output` per million tokens."""
    spent = input_tokens * price["input"] + output_tokens * price["output"]
    return round(spent / 1_000_000, 6)


def _tokens(piece: str) -> float:
    if piece[0].isdigit():
        return max(1.0, len(piece) / DIGITS)
    if not piece[0].isalpha():
        return 1.0
    if _KAZAKH.search(piece):
        return max(1.0, len(piece) / KAZAKH)
    if _CYRILLIC.search(piece):
        return max(1.0, len(piece) / CYRILLIC)
    return max(1.0, len(piece) / LATIN)
