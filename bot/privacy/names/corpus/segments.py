"""A message in pieces: what is somebody's name and what is not."""

import random
from dataclasses import dataclass

from bot.privacy.names.corpus.romanisation import romanise, without_kazakh_letters


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a message; `name`: it is exactly one name."""

    text: str
    name: bool = False


Message = tuple[Segment, ...]

_EMOJI = "😊 🙏 ❤️ 👍 😡 🔥 🌹 😂 ✅ 👋 💐 🎂 😢 🤝".split()
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
    return message


def _in_case(message: Message, rng: random.Random) -> Message:
    draw = rng.random()
    if draw < 0.34:
        return tuple(Segment(piece.text.lower(), piece.name) for piece in message)
    if draw < 0.42:
        return tuple(Segment(piece.text.upper(), piece.name) for piece in message)
    if draw < 0.47:  # capitals at the beginning alone
        message = tuple(Segment(piece.text.lower(), piece.name) for piece in message)
        return _started(message)
    if draw < 0.50:  # a name in capitals
        return tuple(Segment(p.text.upper(), p.name) if p.name else p for p in message)
    if draw < 0.53:  # Every Word So
        return tuple(
            Segment(" ".join(w[:1].upper() + w[1:] for w in p.text.split(" ")), p.name)
            for p in message
        )
    if draw < 0.75:
        return _started(message)
    return message


def _started(message: Message) -> Message:
    first, *rest = message
    return (Segment(first.text[:1].upper() + first.text[1:], first.name), *rest)


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
