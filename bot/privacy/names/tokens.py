"""Cutting a message into words, numbers, signs and line ends."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"[^\W\d_]+(?:['’ʼ`](?!s\b)[^\W\d_]+)*"  # a word; O'Brien is one, Nurlan's is two
    r"|\d+"
    r"|\n"
    r"|[^\w\s]|_"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text. `glued`: no space stands before it."""

    text: str
    start: int
    glued: bool

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.start + len(self.text)

    @property
    def is_word(self) -> bool:
        """Whether it is made of letters."""
        return self.text[0].isalpha()


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text` in order; spaces are in none of them."""
    tokens = []
    end = 0
    for match in _TOKEN.finditer(text):
        tokens.append(Token(match.group(), match.start(), match.start() == end))
        end = match.end()
    return tokens
