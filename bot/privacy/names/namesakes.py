"""What is called like somebody and is nobody: shops in quotes, brands of goods, firms, models in lists, headings, chat words."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from bot.privacy.names.folding import fold, single
from bot.privacy.names.lexicon import lexicon
from bot.privacy.names.tokens import Token
from bot.privacy.names.wordlists import read_words, words

NEVER = 2.0
"""More than any chance: no name."""
_HARDLY = 0.97
_UNLIKELY = 0.8

_PAIRS = {"«": "»", "“": "”", "„": "“", '"': '"'}
_CLOSING = frozenset(_PAIRS.values())
_LONGEST_QUOTE = 6
_LONGEST_BRAND = 4
_KIND = "kind"
_NAMED = {"name", "likely", "ambiguous"}
_OF_TWO = re.compile(
    r".*(?:сы|сі|ы|і|сын[ад]\w*|сін[ед]\w*|ын[ад]\w*|ін[ед]\w*|ында|інде)", re.IGNORECASE
)
"""A Kazakh noun that says it belongs to what stands before it: кафесі, дүкені, бутигінде."""
_OWNED = re.compile(r"(?:.*(?:[ндт][ыі]ң|[ндт]ин|[ндт]ын))", re.IGNORECASE)
"""A Kazakh genitive: the thing is somebody's, not called so."""
_WRITTEN = re.compile(r"(?:на|под)?пи[шс]|надпис|гравир|выгравир|engrav|writ|text|says|жаз|ойып")
"""What stands before words that are to be put on a cake or a ring."""
_FIRMS = frozenset(words("& and и & +"))
_FIRM_ENDS = frozenset(words("sons son co company bros group к ко daughters partners"))
_TITLES = frozenset(words("mr mrs ms dr miss"))
_COLOUR = re.compile(
    r"(?:бел|красн|розов|ж[её]лт|ч[её]рн|син|пудров|куст|чайн|крем|сирен|фиолет|зел[её]н|голуб|оранж|бордов|микс|поштучн)\w*"
)
_COUNTED = re.compile(r"шт\w*|штук\w*|букет\w*|см|мл|мг|гр?|кг|стебл\w*|дана|dana|sht")
_MONTHS = frozenset(
    words(
        "january february march april may june july august september october november december monday tuesday wednesday"
        " thursday friday saturday sunday mon tue wed thu fri sat sun"
    )
)
_CLOSINGS = frozenset(
    words(
        "құрметпен курметпен ізгілікпен уважением sincerely regards kurmetpen атына атыма атынан атыңызға имя"
        " рахмет рақмет спасибо thanks сәлем привет здравствуйте hello"
    )
)
_MARKUP = frozenset("#|*•")
_ENGLISH = frozenset(
    words("hi it its is am are my me we you he she to of in on at for the and this do be no please")
)
_BREAKS = frozenset(".!?…\n|#*•;:-–—")
_TITLE_AFTER = re.compile(
    r"(?:апай|апа|апке|әпке|ағай|аға|агай|ага|тәте|тате|көке|әже|ханым|мырза|apai|apay|apa|agai|agay|aga|tate|khanym|hanym|myrza)"
    r"(?:[ндт][ыі][нң]|[нт]ің|дің|[ғгқк][ае]|[нд][ыі]|[дт][ае]н?|[мбп]ен|[gkq][ae]|n[yi]n|d[yi]n|men|dan|den)?",
    re.IGNORECASE,
)


def is_title_after(token: Token) -> bool:
    """Tell whether a word is how elders are addressed behind their name: Айгүл апай, Серік ағаға."""
    return token.is_word and _TITLE_AFTER.fullmatch(token.text) is not None


@cache
def _common() -> tuple[frozenset[str], frozenset[str]]:
    """Return everyday words as they are written, and the keys of their Latin spellings."""
    as_written = frozenset(read_words("common-words.txt"))
    return as_written, frozenset(single(fold(word)) for word in as_written)


def is_everyday(token: Token, *, romanised: bool) -> bool:
    """Tell whether a word in small letters is one of everyday talk; in Latin ones where the message is `romanised`."""
    text = token.text
    if not text.islower():
        return False
    as_written, keys = _common()
    return text in as_written or (
        romanised and text.isascii() and len(text) > 1 and single(fold(text)) in keys
    )


def is_romanised(tokens: Sequence[Token]) -> bool:
    """Tell whether a message is Russian or Kazakh in Latin letters, rather than English."""
    _, keys = _common()
    foreign = english = 0
    for token in tokens:
        if token.is_word and token.text.isascii() and len(token.text) > 1:
            place = lexicon().entry(token.text.lower()).word
            common = single(fold(token.text)) in keys
            plain_english = token.text.lower() in _ENGLISH
            foreign += not plain_english and (place == "x" or (common and place != "W"))
            english += plain_english or (place in {"W", "w"} and not common)
    return foreign > english


def least_chances(tokens: Sequence[Token], evidence: Sequence[str]) -> dict[int, float]:
    """Return for places of words that are called like somebody what chance they need to be somebody all the same."""
    least: dict[int, float] = {}
    for finds in (
        _in_quotes(tokens),
        _brands(tokens, evidence),
        _firms(tokens),
        _listed_things(tokens, evidence),
        _goods(tokens, evidence),
        _singles(tokens, evidence),
    ):
        for place, chance in finds:
            least[place] = max(least.get(place, 0.0), chance)
    return least


def _kind(tokens: Sequence[Token], place: int) -> bool:
    if not 0 <= place < len(tokens) or not tokens[place].is_word:
        return False
    return lexicon().entry(tokens[place].text.lower()).noun == _KIND


def _in_quotes(tokens: Sequence[Token]) -> Iterator[tuple[int, float]]:
    """Yield the words of short quotes: a shop, a model, a work; a person's name is hardly ever put in them."""
    place = 0
    while place < len(tokens):
        closing = _PAIRS.get(tokens[place].text)
        last = min(place + _LONGEST_QUOTE, len(tokens) - 1)
        end = next((at for at in range(place + 2, last + 1) if tokens[at].text == closing), None)
        if closing is None or end is None:
            place += 1
            continue
        inside = range(place + 1, end)
        called = any(_kind(tokens, at) for at in (place - 1, place - 2, end + 1))
        full = any(
            tokens[at].text == "." or lexicon().entry(tokens[at].text.lower()).patronymic
            for at in inside
        )
        told = place > 0 and any(
            _WRITTEN.match(token.text.lower()) for token in tokens[max(0, place - 3) : place]
        )
        if not full and not told:
            yield from ((at, NEVER if called else _HARDLY) for at in inside)
        place = end + 1


def _brands(tokens: Sequence[Token], evidence: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Yield rows of capitalised words right beside what bears such names: куртка Helly Hansen, Kate Spade wallet."""
    for place in range(len(tokens)):
        if not _kind(tokens, place):
            continue
        for step in (1, -1):
            at = place + step
            row: list[int] = []
            while 0 <= at < len(tokens) and len(row) < _LONGEST_BRAND and _latin(tokens[at]):
                row.append(at)
                at += step
            # In front of the noun English alone has names; behind it nobody but in English is told of.
            noun_is_english = tokens[place].text.isascii()
            if row and (step == 1) != noun_is_english:
                yield from ((at, _HARDLY) for at in row)
        after = place + 1
        if after < len(tokens) and evidence[after] in _NAMED and not tokens[place].text.isascii():
            following = evidence[after + 1] if after + 1 < len(tokens) else ""
            initial = after + 1 < len(tokens) and len(tokens[after + 1].text) == 1
            initial = initial and tokens[after + 1].text.isupper()
            if tokens[after].text[0].isupper() and following not in _NAMED and not initial:
                yield after, _UNLIKELY
        before = place - 1
        if (
            before >= 0
            and tokens[before].is_word
            and not tokens[place].text.isascii()
            and _OF_TWO.fullmatch(tokens[place].text)
            and not _OWNED.fullmatch(tokens[before].text)
        ):
            yield before, _HARDLY


def _latin(token: Token) -> bool:
    return token.is_word and token.text.isascii() and token.text[0].isupper()


def _firms(tokens: Sequence[Token]) -> Iterator[tuple[int, float]]:
    """Yield both sides of Johnson & Sons; a first name joined so is one of two people."""
    for place in range(1, len(tokens) - 1):
        sign = tokens[place].text.lower()
        left, right = tokens[place - 1], tokens[place + 1]
        if sign not in _FIRMS or not (left.is_word and right.is_word):
            continue
        if left.text.lower() in _TITLES or not (left.text[0].isupper() and right.text[0].isupper()):
            continue
        ends = right.text.lower() in _FIRM_ENDS
        first = "first0" in lexicon().entry(left.text.lower()).names
        if ends or (sign == "&" and (not first or left.text == right.text)):
            yield place - 1, NEVER
            yield place + 1, NEVER


def _listed_things(tokens: Sequence[Token], evidence: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Yield things that stand in a list with things: для логана, дастера и калины."""
    last = -3
    for place, token in enumerate(tokens):
        if evidence[place] != "thing":
            continue
        between = place - last == 2 and tokens[place - 1].text.lower() in {",", "и", "или", "мен", "пен", "бен", "or", "and", "/"}  # fmt: skip
        if between or place - last == 1:
            yield last, _UNLIKELY
            yield place, _UNLIKELY
        elif token.text[0].islower():
            yield place, 0.5
        last = place


def _goods(tokens: Sequence[Token], evidence: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Yield flowers and sorts by what is said of them: лилия белая, роза 15 штук."""
    for place in range(len(tokens) - 1):
        if evidence[place] not in {"ambiguous", "thing", "word"} or not tokens[place].is_word:
            continue
        following = tokens[place + 1].text.lower()
        counted = following.isdigit() and (
            place + 2 >= len(tokens) or _COUNTED.fullmatch(tokens[place + 2].text.lower())
        )
        if counted or _COLOUR.fullmatch(following):
            yield place, _UNLIKELY


def _singles(tokens: Sequence[Token], evidence: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Yield months and days of English, and ordinary words that owe their capital to where they stand."""
    for place, token in enumerate(tokens):
        if not token.is_word:
            continue
        if token.text.lower() in _MONTHS:
            yield place, 0.9
        elif token.text.lower() in _CLOSINGS:
            yield place, NEVER
        elif token.text.istitle() and _is_word(token, evidence[place]) and _opens(tokens, place):
            marked = place > 0 and tokens[place - 1].text in _MARKUP
            yield place, NEVER if marked and evidence[place] != "ambiguous" else _UNLIKELY


def _is_word(token: Token, speaks: str) -> bool:
    """Tell whether a word is an ordinary one, and no more than a surname besides."""
    if speaks in {"word", "x"}:
        return True
    entry = lexicon().entry(token.text.lower())
    return entry.word == "W" and not any(
        name.endswith("0") and name.startswith("first") for name in entry.names
    )


def _opens(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a word opens a phrase and no name with an initial: Замена масла, not Даны С."""
    opening = place == 0 or tokens[place - 1].text in _BREAKS
    if opening and place and tokens[place - 1].text in {"-", "."}:
        opening = not tokens[place].glued and (place < 2 or len(tokens[place - 2].text) > 1)
    following = tokens[place + 1].text if place + 1 < len(tokens) else ""
    return opening and not (len(following) == 1 and following.isupper())
