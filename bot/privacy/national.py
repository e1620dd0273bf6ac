"""Finding IIN and BIN: twelve digits that are one, or look like one, or are called one (a mistyped IIN is still somebody's)."""

import re
from collections.abc import Iterator

from bot.privacy import identifiers
from bot.privacy.spoken import find_spoken
from bot.privacy.typography import plain

_SEPARATOR = r"[\s\-./_,]"
_TWELVE = re.compile(rf"(?<!\d)(?=(\d(?:{_SEPARATOR}{{0,2}}\d){{11}})(?!\d))")
_ON_END = re.compile(r"\d{6}[ -]?\d{6}")
_REACH = 36
_IIN_WORD = re.compile(
    r"(?<![^\W_])(?:и\.?\s?и\.?\s?н|ж\.?\s?с\.?\s?н|iin|jsn|zhsn|инн|individual identification)\.?(?![^\W\d_]{6})"
)
_OTHER_WORD = re.compile(
    r"заказ|тапсырыс|накладн|сч[её]т|шот|чек(?!\w)|артикул|заявк|трек|order|invoice|track|sku|договор|штрих|код(?!\w)|№|#"
)
_BIN_WORD = re.compile(
    r"(?<![^\W_])(?:б\.?\s?и\.?\s?н|б\.?\s?с\.?\s?н|bin|bsn|business identification)\.?(?![^\W\d_]{6})"
)


def find_iins(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of individual identification numbers."""
    text = plain(text)
    for start, end, digits in _twelve_digits(text):
        before = text[max(0, start - _REACH) : start]
        if identifiers.is_bin(digits):
            continue
        mistyped = digits[6] != "0" and identifiers.looks_like_iin(digits)
        mistyped = mistyped and _stands_for_itself(text, start, end)
        if identifiers.is_iin(digits) or mistyped or _IIN_WORD.search(before):
            yield start, end


def find_bins(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of business identification numbers."""
    text = plain(text)
    for start, end, digits in _twelve_digits(text):
        before = text[max(0, start - _REACH) : start]
        mistyped = identifiers.looks_like_bin(digits) and _stands_for_itself(text, start, end)
        if identifiers.is_bin(digits) or mistyped or _BIN_WORD.search(before):
            yield start, end


def _stands_for_itself(text: str, start: int, end: int) -> bool:
    """Tell whether digits are written on end, or in two halves, and no word before them calls them something else."""
    written = _ON_END.fullmatch(text, start, end) is not None
    return written and _OTHER_WORD.search(text[max(0, start - _REACH) : start]) is None


def _twelve_digits(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _TWELVE.finditer(text):
        yield *match.span(1), "".join(filter(str.isdecimal, match[1]))
    for run in find_spoken(text):
        for first in range(len(run)):
            digits = ""
            for last in range(first, len(run)):
                digits += run[last].digits
                if len(digits) >= 12:
                    break
            if len(digits) == 12 and digits.isdecimal():
                yield run[first].start, run[last].end, digits
