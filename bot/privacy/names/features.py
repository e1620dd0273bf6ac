"""What the tagger looks at: for each token a list of strings."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.privacy.names.folding import fold
from bot.privacy.names.lexicon import Entry, lexicon
from bot.privacy.names.tokens import Token

_KAZAKH_LETTERS = re.compile("[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_NOTHING = Entry((), "", patronymic=False, surname_ending=False)
_LONG_LINE = 12


@dataclass(frozen=True, slots=True)
class _Look:
    """A token as the tagger sees it."""

    key: str
    known: Entry
    shape: str
    name: str
    word: str


def features(
    tokens: Sequence[Token], *, unknown: Collection[int] = (), unmet: Collection[int] = ()
) -> list[list[str]]:
    """Return the features of each token.

    Args:
        tokens: the tokens of one message.
        unknown: places of words to take for ones in no list and never met, as training does now and then.
        unmet: places of words to take for ones never met in training, though lists may have them.
    """
    style = _style(tokens)
    looks = [
        _look(token, listed=place not in unknown, met=place not in unknown and place not in unmet)
        for place, token in enumerate(tokens)
    ]
    size = _size(sum(token.is_word for token in tokens))
    return [_of(place, tokens, looks, style, size) for place in range(len(tokens))]


def _style(tokens: Sequence[Token]) -> str:
    """Return how a message uses capitals: l none, U only, m as it should be."""
    words = [token.text for token in tokens if token.is_word and len(token.text) > 1]
    if not any(word[0].isupper() for word in words):
        return "l"
    return "U" if sum(word.isupper() for word in words) * 3 > len(words) * 2 else "m"


def _size(words: int) -> str:
    if words < 4:
        return str(words)
    return "few" if words < _LONG_LINE else "many"


def _look(token: Token, *, listed: bool, met: bool) -> _Look:
    text = token.text
    if not token.is_word:
        kind = "9" if text.isdigit() else text if text.isascii() else "☺"
        return _Look(kind, _NOTHING, kind, "", "")
    key = fold(text)
    known = lexicon().entry(key) if listed else _hidden(key)
    if len(text) == 1:
        shape = "X" if text.isupper() else "x"
    elif text.isupper():
        shape = "XX"
    elif text[0].isupper():
        shape = "Xx"
    else:
        shape = "xx" if text.islower() else "xX"
    name = known.names[0] if known.names else ""
    return _Look(key if met else "?", known, shape, name, known.words)


def _hidden(key: str) -> Entry:
    known = lexicon().entry(key)
    return Entry((), "", patronymic=known.patronymic, surname_ending=known.surname_ending)


def _of(
    place: int, tokens: Sequence[Token], looks: Sequence[_Look], style: str, size: str
) -> list[str]:
    token, look = tokens[place], looks[place]
    found = [
        "b",
        f"s={look.shape}{style}",
        f"k={look.key}",
    ]
    if token.is_word:
        found += _of_word(token, look, style, size)
    for distance in (-3, -2, -1, 1, 2):
        other = place + distance
        if 0 <= other < len(tokens):
            beside = looks[other]
            found.append(f"k{distance}={beside.key}")
            if abs(distance) < 3:
                found.append(f"n{distance}={beside.name}|{beside.word}")
                found.append(f"s{distance}={beside.shape}")
            if abs(distance) == 1 and beside.known.patronymic:
                found.append(f"p{distance}")
            if abs(distance) == 1 and beside.known.surname_ending:
                found.append(f"e{distance}")
        elif abs(distance) < 3:
            found.append(f"k{distance}=^")
    if token.glued:
        found.append("glued")
    return found


def _of_word(token: Token, look: _Look, style: str, size: str) -> list[str]:
    key = look.key if look.key != "?" else fold(token.text)
    known = look.known
    script = (
        "kk"
        if _KAZAKH_LETTERS.search(token.text)
        else "ru"
        if _CYRILLIC.search(token.text)
        else "la"
    )
    names = "+".join(known.names)
    found = [
        f"c={script}",
        f"n={names}",
        f"w={known.words}",
        f"nw={look.name}|{known.words}",
        f"nws={look.name}|{known.words}|{look.shape}{style}",
        f"ncw={look.name}|{known.words}|{script}",
        f"z={size}|{look.name}",
        f"l={min(len(key), 12)}",
        f"e2={key[-2:]}",
        f"e3={key[-3:]}",
        f"e4={key[-4:]}",
        f"a2={key[:2]}",
        f"a3={key[:3]}",
        f"a4={key[:4]}",
    ]
    if known.patronymic:
        found.append(f"patr|{known.words}")
    if known.surname_ending:
        found.append(f"sure|{known.words}|{look.shape}{style}")
    return found
