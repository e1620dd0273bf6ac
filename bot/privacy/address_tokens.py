"""A text cut into what addresses are made of: words, house numbers, postal codes, marks."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from bot.privacy import street_words as words
from bot.privacy.typography import plain

_HOUSE_NUMBER = r"\d{1,4}(?:[а-яa-z](?![^\W_]))?(?:[/\-]\d{1,3}(?:[а-яa-z](?![^\W_]))?){0,2}(?:к\d{1,2})?(?![/\-]?\d)"
_TOKEN = re.compile(
    rf"(?<!\d)(?P<index>\d{{6}})(?!\d)|(?<!\d[.,:])(?P<number>{_HOUSE_NUMBER})(?![.,:]\d)|(?P<long>\d+)"
    r"|(?P<word>ж/[мк]|ш/а|ы/а|(?:пр-к?т|мик-н)\w?|[^\W\d_]+(?:[\-'][^\W\d_]+)*)|(?P<mark>\S)"
)
_ORDINAL = re.compile(r"-?\s?(?:й|ый|ой|я|ая|ий|го|ші|шы|інші|ыншы|th|st|nd|rd)(?![^\W_])|-")
_LIKE_A_LETTER = frozenset("абвгдabcdк")
MARKS_IN_NAME = frozenset(".\"'«»“”№-")


class Token(NamedTuple):
    """A word, number or mark; `kind` is the name of its group above, "" beyond the text's end."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """The tokens of a text, asked by their places; beyond the last there is always another, empty one."""

    text: str
    plain: str
    tokens: tuple[Token, ...]

    @classmethod
    def of(cls, text: str) -> "TokenRow":
        """Cut a text."""
        simple = plain(text)
        tokens = (
            Token(match.lastgroup or "", match.start(), match.end(), match.group())
            for match in _TOKEN.finditer(simple)
        )
        return cls(text, simple, tuple(tokens))

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, place: int) -> Token:
        if place < len(self.tokens):
            return self.tokens[place]
        return Token("", len(self.text), len(self.text), "")

    def is_word(self, place: int, *names: str) -> bool:
        """Tell whether a token is a word of one of these classes (see street_words)."""
        token = self[place]
        return token.kind == "word" and not words.classes(token.text).isdisjoint(names)

    def is_number(self, place: int) -> bool:
        """Tell whether a token may be the number of a house or flat, in digits or said."""
        if self[place].kind == "number":
            return not self.is_inside_word(place)
        return self.is_word(place, words.NUMBER_WORD)

    def is_inside_word(self, place: int) -> bool:
        """Tell whether a digit stands for a letter: no4i, b2b."""
        around = (self[place - 1], self[place + 1]) if place else ()
        return (
            len(around) == 2
            and all(token.kind == "word" for token in around)
            and self.is_glued(place)
            and self.is_glued(place + 1)
            and not self.is_word(place + 1, *words.UNITS)
        )

    def is_measured(self, place: int) -> bool:
        """Tell whether a number counts something: 20 минут, 5 адам."""
        return words.MEASURE.match(self.plain, self[place].end) is not None

    def is_glued(self, place: int) -> bool:
        """Tell whether nothing stands between a token and the one before it."""
        return place > 0 and self[place].kind != "" and self[place].start == self[place - 1].end

    def is_capital(self, place: int) -> bool:
        """Tell whether a word begins with a capital."""
        start = self[place].start
        return start < len(self.text) and self.text[start].isupper()

    def is_name_word(self, place: int) -> bool:
        """Tell whether a word may belong to a street's name: it is nothing else that addresses are made of."""
        token = self[place]
        if token.kind != "word":
            return False
        if len(token.text) == 1:
            return self.is_capital(place)
        return words.classes(token.text).isdisjoint(words.NEVER_NAMES)

    def skip(self, place: int, marks: frozenset[str] = MARKS_IN_NAME) -> int:
        """Return the first place from `place` on that is none of these marks."""
        while self[place].text in marks:
            place += 1
        return place

    def skip_ordinal(self, place: int) -> int:
        """Return the place behind a number's "-й", "-ші" or hyphen; `place` is the one behind the number."""
        ordinal = _ORDINAL.match(self.plain, self[place - 1].end)
        while ordinal and self[place].kind and self[place].start < ordinal.end():
            place += 1
        return place

    def said_end(self, place: int) -> int:
        """Return where a number in up to three words ends: двести сорок пять. Digits are one token."""
        after = place + 1
        if self.is_word(place, words.NUMBER_WORD):
            while after < place + 3 and self.is_word(after, words.NUMBER_WORD):
                after += 1
        return after

    def number_end(self, place: int) -> int:
        """Return where a number ends, with what hangs on it: 12 А, 18-ге, двести десять, 5 / 1."""
        after = self.said_end(place)
        letter = self[after].text in _LIKE_A_LETTER and self.is_capital(after)
        if self[after].kind == "word" and (self.is_glued(after) or letter):
            after += 1
        elif self._is_case_ending(after):
            after += 2
        if self[after].text in {"/", "к"} and self[after + 1].kind == "number":
            after += 2
        return after

    def _is_case_ending(self, place: int) -> bool:
        """Tell whether a hyphen and an ending hang on a number: 18-ге."""
        return (
            self[place].text == "-"
            and self.is_glued(place)
            and self.is_glued(place + 1)
            and self[place + 1].kind == "word"
            and not self.is_word(place + 1, *words.UNITS)
        )
