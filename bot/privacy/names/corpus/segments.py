"""A message in pieces: what is somebody's name and what is not."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.privacy.names.corpus.romanisation import romanise, without_kazakh_letters
from bot.privacy.names.wordlists import words


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a message; `name`: it is exactly one name."""

    text: str
    name: bool = False


Message = tuple[Segment, ...]

_EMOJI = tuple(words("😊 🙏 ❤️ 👍 😡 🔥 🌹 😂 ✅ 👋 💐 🎂 😢 🤝"))
_PUNCTUATION = str.maketrans("", "", '.,!?;:«»"()-–—')
_SIGNS = str.maketrans({",": " ", "!": " ", "?": " ", ".": " "})
_ROMAN_SHARE = 0.08


def disturbed(message: Message, rng: random.Random) -> Message:
    """Return a message as a hurried hand would write it."""
    roll = rng.random
    if roll() < _ROMAN_SHARE:
        message = tuple(Segment(romanise(piece.text, rng), piece.name) for piece in message)
    elif roll() < 0.12:
        message = tuple(Segment(without_kazakh_letters(p.text), p.name) for p in message)
    if roll() < 0.18:
        message = tuple(_mistyped(piece, rng) for piece in message)
    if roll() < 0.30:
        signs = _PUNCTUATION if roll() < 0.5 else _SIGNS
        message = tuple(p if p.name else Segment(p.text.translate(signs), p.name) for p in message)
    message = _in_case(message, rng)
    if roll() < 0.06:
        emoji = Segment(f" {rng.choice(_EMOJI)}" * rng.choice((1, 1, 2, 3)))
        message = (
            (*message, emoji) if roll() < 0.8 else (Segment(emoji.text.strip() + " "), *message)
        )
    if roll() < 0.05:
        message = (
            *message,
            Segment(rng.choice(("!!!", "...", "??", ")", "))", " )))", "!", ".", "?", " ?", " !"))),
        )
    return tuple(piece for piece in message if piece.text)


def _in_case(message: Message, rng: random.Random) -> Message:
    """Return a message with capitals as some hand would set them, or as they were."""
    (change,) = rng.choices(_CASES, _CASE_SHARES)
    return change(message)


def _mapped(
    change: Callable[[str], str], *, names_alone: bool = False
) -> Callable[[Message], Message]:
    return lambda message: tuple(
        Segment(change(piece.text), piece.name) if piece.name or not names_alone else piece
        for piece in message
    )


def _titled(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def _started(message: Message) -> Message:
    first, *rest = message
    return (Segment(first.text[:1].upper() + first.text[1:], first.name), *rest)


_lower = _mapped(str.lower)
_CASES: tuple[Callable[[Message], Message], ...] = (
    _lower,
    _mapped(str.upper),
    lambda message: _started(_lower(message)),
    _mapped(str.upper, names_alone=True),
    _mapped(_titled),
    _started,
    lambda message: message,
)
_CASE_SHARES = (34, 8, 5, 3, 3, 22, 25)


def _mistyped(piece: Segment, rng: random.Random) -> Segment:
    words = piece.text.split(" ")
    for place, word in enumerate(words):
        if len(word) > 4 and word.isalpha() and rng.random() < (0.12 if piece.name else 0.25):
            words[place] = _slip(word, rng)
    return Segment(" ".join(words), piece.name)


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    vowels = {
        "а": "о",
        "о": "а",
        "е": "и",
        "и": "е",
        "ы": "и",
        "і": "и",
        "я": "е",
        "a": "o",
        "e": "i",
    }
    return word[:at] + vowels.get(word[at], word[at]) + word[at + 1 :]
