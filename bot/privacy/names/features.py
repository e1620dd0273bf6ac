"""What the tagger looks at: for each token a list of strings."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.privacy.names.folding import fold
from bot.privacy.names.lexicon import Entry, lexicon
from bot.privacy.names.tokens import Token
from bot.privacy.names.wordlists import words

_KAZAKH = re.compile("[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_NOTHING = Entry()
_UNMET = "?"
_PLAIN = str.maketrans("әғқңөұүһіё", "агкноуухие")
_WORDS = ("W", "w", "p")
_SUREST_FIRST = tuple(
    words(
        "first0 last0 rare0 firstr firstk lastr lastk rarer rarek derived compound compounded firstv rarev lastv"
    )
)
_LONG_LINE = 12
_ENDS = frozenset(".!?…\n")


@dataclass(frozen=True, slots=True)
class _Look:
    """A token as the tagger sees it."""

    key: str
    known: Entry
    shape: str
    script: str
    name: str
    word: str
    thing: str

    @property
    def side(self) -> str:
        """What matters of it to the words beside it."""
        return self.word if self.word in _WORDS else f"{self.name}|{self.thing}"

    @property
    def evidence(self) -> str:
        """How much the lists speak for a name: in one word, to be looked at in pairs."""
        if self.thing:
            return "thing"
        if self.word == "W" or (self.word and not self.name.endswith("0")):
            return "ambiguous" if self.name else "word"
        return "name" if self.name.endswith("0") else "likely" if self.name else self.word

    @property
    def group(self) -> str:
        """What the lists say of it, in short."""
        return f"{self.name}|{self.word}|{self.thing}"


def features(
    tokens: Sequence[Token],
    *,
    unknown: Collection[int] = (),
    unmet: Collection[int] = (),
    doubted: Collection[int] = (),
) -> tuple[list[list[str]], list[str]]:
    """Return the features of each token, and what the lists say of it in one word (see `_Look.evidence`).

    Args:
        tokens: the tokens of one message.
        unknown: places of words to take for ones in no list and never met, as training does now and then.
        unmet: places of words to take for ones never met in training, though lists may have them.
        doubted: places of words to take for ordinary ones of the dictionary.
    """
    style = _style(tokens)
    looks = [
        _look(
            token,
            listed=place not in unknown,
            met=place not in unknown and place not in unmet,
            doubted=place in doubted,
        )
        for place, token in enumerate(tokens)
    ]
    starts = _starts(tokens)
    _mark_long_things(tokens, looks)
    size = _size(sum(token.is_word for token in tokens))
    found = [_of(place, tokens, looks, style + starts[place], size) for place in range(len(tokens))]
    return found, [look.evidence for look in looks]


def _style(tokens: Sequence[Token]) -> str:
    """Return how a message uses capitals: l none, U only, m as it should be."""
    words = [token.text for token in tokens if token.is_word and len(token.text) > 1]
    if not any(word[0].isupper() for word in words):
        return "l"
    return "U" if sum(word.isupper() for word in words) * 3 > len(words) * 2 else "m"


def _starts(tokens: Sequence[Token]) -> str:
    """Return for each token ^ if it begins a sentence, else -."""
    return "".join(
        "^" if place == 0 or tokens[place - 1].text in _ENDS else "-"
        for place in range(len(tokens))
    )


def _mark_long_things(tokens: Sequence[Token], looks: list[_Look]) -> None:
    places = [place for place, token in enumerate(tokens) if token.is_word]
    keys = [fold(tokens[place].text) for place in places]
    for first, after in lexicon().long_things(keys):
        if places[after - 1] - places[first] < 2 * (after - first):
            for place in places[first:after]:
                looks[place] = replace(looks[place], thing="m")


def _size(words: int) -> str:
    if words < 4:
        return str(words)
    return "few" if words < _LONG_LINE else "many"


def _look(token: Token, *, listed: bool, met: bool, doubted: bool) -> _Look:
    text = token.text
    if not token.is_word:
        kind = "9" if text.isdigit() else "¶" if text == "\n" else text if text.isascii() else "☺"
        return _Look(kind, _NOTHING, kind, "", "", "", "")
    known = lexicon().entry(text.lower())
    if not listed:
        known = replace(known, names=(), thing="", word="")
    if doubted:
        known = replace(known, word="W")
    if len(text) == 1:
        shape = "X" if text.isupper() else "x"
    elif text.isupper():
        shape = "XX"
    elif text[0].isupper():
        shape = "Xx"
    else:
        shape = "xx" if text.islower() else "xX"
    script = "kk" if _KAZAKH.search(text) else "ru" if _CYRILLIC.search(text) else "la"
    return _Look(
        _context(text, script) if met else _UNMET,
        known,
        shape,
        script,
        _name_class(known),
        known.word,
        known.thing,
    )


def _context(text: str, script: str) -> str:
    """Return how a word counts for the words beside it: Kazakh letters and Latin spellings of a sound make no difference."""
    return fold(text) if script == "la" else text.lower().translate(_PLAIN)


def _name_class(known: Entry) -> str:
    """Return the surest of what makes a word look like a name."""
    for name in _SUREST_FIRST:
        # A word of the dictionary is hardly ever a case form of a name as well.
        if name in known.names and (name.endswith("0") or known.word != "W"):
            return name
    if known.word == "W":
        return ""
    if known.patronymic:
        return "patronymic"
    return "ending" if known.surname_ending else ""


def _of(
    place: int, tokens: Sequence[Token], looks: Sequence[_Look], style: str, size: str
) -> list[str]:
    token, look = tokens[place], looks[place]
    found = [
        "b",
        f"s={look.shape}{style}",
        f"s-={look.shape}{style[0]}",
        f"k={_spelling(token, look)}",
    ]
    if token.is_word:
        found += _of_word(token, look, style, size)
    for distance in (-3, -2, -1, 1, 2):
        other = place + distance
        near = abs(distance)
        if 0 <= other < len(tokens):
            beside = looks[other]
            found.append(f"k{distance}={beside.key}")
            if near < 3:
                found.append(f"c{distance}={beside.side}")
                if beside.known.noun and (
                    near == 1 or (near == 2 and tokens[place + distance // 2].is_word)
                ):
                    found.append(f"r{distance}={beside.known.noun}")
                    found.append(f"re{distance}={beside.known.noun}|{look.evidence}|{look.shape}")
                found.append(f"s{distance}={beside.shape}")
            if near == 1 and token.is_word:
                found.append(f"kn{distance}={beside.key}|{look.name}")
                found.append(f"ee{distance}={beside.evidence}|{look.evidence}|{look.shape}")
                found.append(f"es{distance}={beside.evidence}|{beside.shape}|{look.evidence}")
        elif near < 3:
            found.append(f"k{distance}=^")
    if token.glued and place:
        found.append("glued")
    return found


def _of_word(token: Token, look: _Look, style: str, size: str) -> list[str]:
    key = token.text.lower()
    group = look.group
    found = [
        f"r={look.known.noun}",
        f"ev={look.evidence}",
        f"evs={look.evidence}|{look.shape}{style}",
        f"c={group}",
        f"cs={group}|{look.shape}{style}",
        f"cl={group}|{look.script}",
        f"n={look.name}",
        f"ns={look.name}|{look.shape}{style}",
        f"nl={look.name}|{look.script}",
        f"w={look.word}",
        f"ws={look.word}|{look.shape}{style}|{look.script}",
        f"t={look.thing}",
        f"ts={look.thing}|{look.name}|{look.shape}",
        f"z={size}|{look.name}",
        f"l={_length(key)}|{look.evidence}",
        f"e2={key[-2:]}|{look.evidence}",
    ]
    if look.key != _UNMET:
        found += [f"e3={key[-3:]}", f"a3={key[:3]}", f"e4={key[-4:]}", f"a4={key[:4]}"]
    return found


def _spelling(token: Token, look: _Look) -> str:
    """Return a word in small letters: its folded key may be that of quite another word."""
    return token.text.lower() if token.is_word and look.key != _UNMET else look.key


def _length(key: str) -> str:
    return str(len(key)) if len(key) < 4 else "4" if len(key) < 9 else "9"
