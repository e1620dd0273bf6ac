"""Reading a text without its typographic accidents: every character becomes one plain character, so places stay.

Digits of any script become 0-9, dashes a hyphen, spaces and invisible characters a blank, full-width letters plain
ones, capitals small ones. Line ends stay.
"""

import unicodedata

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0f\u20e3"
_QUOTES = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u02b9": "'", "\u3002": "."}


class _Table(dict[int, str]):
    """A table for `str.translate` that fills itself; there are fewer characters than would matter."""

    def __missing__(self, code: int) -> str:
        self[code] = character = _plain(chr(code))
        return character


def _plain(character: str) -> str:
    if character in "\n\r":
        return character
    if character.isspace() or character in _INVISIBLE:
        return " "
    if character in _HYPHENS:
        return "-"
    if character in _QUOTES:
        return _QUOTES[character]
    if character.isdigit():
        return str(unicodedata.digit(character))
    simple = unicodedata.normalize("NFKC", character)
    lower = (simple if len(simple) == 1 else character).lower()
    return lower if len(lower) == 1 else character


_PLAIN = _Table()


def plain(text: str) -> str:
    """Return `text` in plain characters: the result is as long, and a span of one is a span of the other."""
    return text.translate(_PLAIN)
