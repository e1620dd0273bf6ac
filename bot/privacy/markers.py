"""Markers that stand for personal data in what a language model reads and writes: `<PHONE_1>`.

A marker is typed and numbered. The model may change its case, lose its brackets, or hang a case ending on it; it is
recognised all the same. A marker that was never given out is never turned into anything.
"""

import re
from dataclasses import dataclass

MARKER_TYPES = ("PHONE", "EMAIL", "IIN", "BIN", "CARD", "IBAN", "TEXT")
"""`TEXT` stands for what looked like a marker in the text before masking."""

_TYPES = "|".join(MARKER_TYPES)
_OPEN = r"(?:<|&lt;|‹|«|\[|\{|＜)"
_CLOSE = r"(?:>|&gt;|›|»|\]|\}|＞)"
# Without brackets an underscore must hold the two parts together, or "iPhone 15" and "phone 2" would be markers.
_MARKER = re.compile(
    rf"{_OPEN}{{1,2}}\s*/?\s*(?P<type>{_TYPES})\s?\\?[_\-\u2010-\u2013 ]?\s?(?P<number>\d{{1,4}})\s*/?\s*{_CLOSE}{{1,2}}"
    rf"|(?<![A-Za-z0-9])(?P<bare_type>{_TYPES})\\?_(?P<bare_number>\d{{1,4}})(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Restored:
    """A text with its markers replaced. `unknown` lists those that were never given out; they are cut from `text`."""

    text: str
    unknown: tuple[str, ...]


def find_markers(text: str) -> list[tuple[int, int]]:
    """Return the spans of everything that would be read as a marker."""
    return [match.span() for match in _MARKER.finditer(text)]


class MarkerBook:
    """Which marker stands for which value. One book serves one prompt: question, history, passages, instructions."""

    def __init__(self) -> None:
        self._markers: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._markers)

    def marker(self, kind: str, value: str) -> str:
        """Return the marker of `value`, a new one at first sight. The same spelling has the same marker."""
        key = (kind, value)
        if key not in self._markers:
            number = self._counts.get(kind, 0) + 1
            self._counts[kind] = number
            self._markers[key] = f"<{kind}_{number}>"
            self._values[kind, number] = value
        return self._markers[key]

    def restore(self, text: str) -> Restored:
        """Replace every marker by its value, exactly as it was written; cut unknown markers."""
        unknown: list[str] = []

        def value_of(match: re.Match[str]) -> str:
            kind = (match["type"] or match["bare_type"]).upper()
            number = int(match["number"] or match["bare_number"])
            value = self._values.get((kind, number))
            if value is None:
                unknown.append(match.group())
                return ""
            return value

        return Restored(_MARKER.sub(value_of, text), tuple(unknown))
