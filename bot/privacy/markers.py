"""Markers that stand for personal data in what a language model reads and writes: `<PHONE_1>`.

A marker is typed and numbered. A model may change its case or its script, translate its word, lose or double its
brackets, or hang a case ending on it; it is recognised all the same. A marker that was never given out is never turned
into anything.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from bot.privacy.typography import plain

ALL_KINDS = ("PERSON", "PHONE", "EMAIL", "IIN", "BIN", "CARD", "IBAN", "ADDRESS", "PASSPORT")
"""What can be masked."""

TEXT = "TEXT"
"""The kind of what looked like a marker in a text before masking."""

# What models make of a marker's word when they answer in another language than the one they were asked in.
_WORDS = {
    "PERSON": "person человек персона лицо имя адам тұлға есім кісі name person_name",
    "PHONE": "phone phone_number телефон номер_телефона тел нөмір телефон_нөмірі",
    "EMAIL": "email e-mail email_address почта имейл эл_почта пошта электрондық_пошта",
    "IIN": "iin иин жсн",
    "BIN": "bin бин бсн",
    "CARD": "card card_number карта карты карточка",
    "IBAN": "iban ибан счёт счет шот account",
    "ADDRESS": "address адрес мекенжай мекен-жай",
    "PASSPORT": "passport паспорт төлқұжат құжат",
    TEXT: "text текст мәтін",
}
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_TYPES = "|".join(
    re.escape(word).replace("_", r"\\?[_ ]") for word in sorted(_KIND_OF, key=len, reverse=True)
)
_ANGLE_OPEN = r"(?:\\?<|&lt;|&#0{0,2}60;|%3c|[⟨〈])"
_ANGLE_CLOSE = r"(?:\\?>|&gt;|&#0{0,2}62;|%3e|[⟩〉])"
# Quotation marks may be the model's own around a marker; other brackets come from nowhere but the marker.
_OPEN = rf"(?:\\?[\[{{]{{0,2}}{_ANGLE_OPEN}{{1,3}}|\\?[\[{{]{{1,2}}|[«‹《【](?!\s*{_ANGLE_OPEN}))"
_CLOSE = rf"(?:{_ANGLE_CLOSE}{{1,3}}\\?[\]}}]{{0,2}}|\\?[\]}}]{{1,2}}|[»›》】])"
_MARKER = re.compile(
    rf"{_OPEN}\s{{0,2}}/?\s{{0,2}}(?P<type>{_TYPES})[\s\\_\-.:#№]{{0,3}}(?P<number>\d{{1,4}})"
    rf"(?P<ending>['\-]?[^\W\d_]{{1,6}})?\s{{0,2}}/?\s{{0,2}}{_CLOSE}"
    r"(?:\s?<\s?/\s?(?P=type)[_ ]?(?P=number)\s?>)?"
    rf"|{_ANGLE_OPEN}?(?<![^\W_])(?P<bare_type>{_TYPES})\\?_(?P<bare_number>\d{{1,4}})(?!\d){_ANGLE_CLOSE}?"
    rf"|<\s?/?\s?(?P<lone_type>{_TYPES})\s?/?\s?>"
    r"|<\s?/?\s?[^\W\d_][\w \-]{0,30}_\d{1,4}\s?/?\s?>"
)
_BEFORE = re.compile(r"(?:[<\[{⟨〈\\]|&lt;|&#0{0,2}60;|%3c)+$")
_AFTER = re.compile(r"(?:[>\]}⟩〉\\]|&gt;|&#0{0,2}62;|%3e)+")
_BRACKETS_REACH = 12


class MarkerRowError(ValueError):
    """A stored row is no marker. Without it values could not be told apart: nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A text with its markers replaced. `unknown` lists those that were never given out; they are cut from `text`."""

    text: str
    unknown: tuple[str, ...]


def find_markers(text: str) -> list[tuple[int, int]]:
    """Return the spans of everything that would be read as a marker."""
    return [match.span() for match in _MARKER.finditer(plain(text))]


def with_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span with the brackets that touch it: around a marker they would be taken for the marker's own."""
    reach = max(0, start - _BRACKETS_REACH)
    before = _BEFORE.search(plain(text[reach:start]))
    after = _AFTER.match(plain(text[end : end + _BRACKETS_REACH]))
    return (reach + before.start() if before else start, end + after.end() if after else end)


class MarkerBook:
    """Which marker stands for which value. One book serves a conversation: its questions, history and instructions.

    The same spelling has the same marker, another spelling another one, so that what comes back is what was written.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._last: dict[str, int] = {}
        self._loaded: frozenset[tuple[str, int]] = frozenset()

    def __len__(self) -> int:
        return len(self._values)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        """Return the book that `rows()` once wrote down.

        Where two processes gave one number to two values the first keeps it; the other gets a new one when it occurs.

        Raises:
            MarkerRowError: a row lacks its kind, number or value.
        """
        book = cls()
        book.rebase(rows)
        return book

    def rows(self) -> list[dict[str, Any]]:
        """Return all markers as `{kind, number, value}`."""
        return [
            {"kind": kind, "number": number, "value": value}
            for (kind, number), value in self._values.items()
        ]

    def values(self, kind: str) -> tuple[str, ...]:
        """Return what markers of a kind stand for, in the order of their numbers' giving."""
        return tuple(value for (of, _), value in self._values.items() if of == kind)

    def new_rows(self) -> list[dict[str, Any]]:
        """Return the markers given out since the book was made or loaded."""
        return [row for row in self.rows() if (row["kind"], row["number"]) not in self._loaded]

    def rebase(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take over the conversation's markers as others have written them down meanwhile.

        A marker of this book that stands for another value there is given up: its value gets another one when it occurs.

        Raises:
            MarkerRowError: see `from_rows`.
        """
        stored = [_read(row) for row in rows]
        own = [_read(row) for row in self.new_rows()]
        self._numbers, self._values, self._last = {}, {}, {}
        for marker in stored:
            self._take(*marker)
        self._loaded = frozenset(self._values)
        for marker in own:
            self._take(*marker)

    def _take(self, kind: str, number: int, value: str) -> None:
        if self._values.setdefault((kind, number), value) == value:
            self._numbers.setdefault((kind, value), number)
        self._last[kind] = max(number, self._last.get(kind, 0))

    def marker(self, kind: str, value: str) -> str:
        """Return the marker of `value`, a new one at first sight. The same spelling has the same marker."""
        number = self._numbers.get((kind, value))
        if number is None:
            number = self._last.get(kind, 0) + 1
            self._last[kind] = self._numbers[kind, value] = number
            self._values[kind, number] = value
        return f"<{kind}_{number}>"

    def restore(self, text: str) -> Restored:
        """Replace every marker by its value, exactly as it was written; cut unknown markers."""
        unknown: list[str] = []
        pieces: list[str] = []
        end = 0
        for match in _MARKER.finditer(plain(text)):
            value = self._value(match)
            if value is None:
                unknown.append(text[match.start() : match.end()])
            pieces += (text[end : match.start()], value or "")
            if value is not None and match["ending"]:
                pieces.append(text[match.start("ending") : match.end("ending")])
            end = match.end()
        return Restored("".join((*pieces, text[end:])), tuple(unknown))

    def _value(self, match: re.Match[str]) -> str | None:
        word = match["type"] or match["bare_type"] or match["lone_type"]
        if word is None:
            return None
        kind = _KIND_OF[word.replace("\\", "").replace(" ", "_")]
        if match["lone_type"]:
            values = [value for (of, _), value in self._values.items() if of == kind]
            return values[0] if len(values) == 1 else None
        return self._values.get((kind, int(match["number"] or match["bare_number"])))


def _read(row: Mapping[str, Any]) -> tuple[str, int, str]:
    try:
        kind, number, value = str(row["kind"]), int(row["number"]), row["value"]
    except (KeyError, TypeError, ValueError):
        raise MarkerRowError("a marker's row lacks kind, number or value") from None
    if kind not in _WORDS or number < 1 or not isinstance(value, str):
        raise MarkerRowError("a marker's row holds no marker")
    return kind, number, value
