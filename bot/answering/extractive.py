"""The best passages' own sentences that answer, chosen without a language model."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.injections import without_instructions
from bot.knowledge.asked import holds
from bot.knowledge.blocks import BULLET
from bot.knowledge.index import Index, read_words
from bot.knowledge.matching import match
from bot.knowledge.pieces import is_row, paragraphs_of
from bot.knowledge.query import Query, QueryWord
from bot.knowledge.retrieval import Found, Hit

MAX_PIECES = 3
MAX_LENGTH = 600
"""Characters of an answer; a single longer sentence is given whole."""

SHORT_PASSAGE = 240
"""Characters. Such a passage is quoted whole: cutting it saves nothing and may lose a condition."""

_NEAR_BEST = 0.75
_MISSING_GAIN = 0.15
_KIND_BONUS = 0.3
_EARLY_BONUS = 0.08
_SECOND_SCORE = 0.55
_SECOND_GAIN = 0.3


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, list item or table row, with how well it fits the question (0 to about 1.4)."""

    place: int
    text: str
    fit: float
    covered: frozenset[int]
    """Which of the question's words it holds."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What is quoted of one passage. `coverage` is the share of the question's weight that quote and headings hold."""

    hit: Hit
    text: str
    coverage: float


def extract(index: Index, found: Found) -> list[Extract]:
    """Return the quotes that answer best, usually of one passage, of two when the question asks for two things.

    Sentences that give orders to an assistant are never quoted.
    """
    hits = [hit for hit in found.hits if without_instructions(hit.passage.text)]
    if not hits:
        return []
    query = found.query
    weighted = list(zip(found.weighted.words, found.weighted.weights, strict=True))
    first, covered = _extract(index, hits[0], query, weighted, frozenset())
    extracts = [first]
    # Only this question's own words call for a second quote: what was asked before has been answered.
    own = range(len(query.words))
    total = sum(weighted[place][1] for place in own)
    for hit in hits[1:3]:
        missing = [place for place in own if place not in covered]
        lacks = sum(weighted[place][1] for place in missing)
        same_language = hit.passage.language == hits[0].passage.language
        if (
            total
            and lacks / total > _SECOND_GAIN
            and same_language
            and hit.score > _SECOND_SCORE * hits[0].score
        ):
            second, also = _extract(index, hit, query, weighted, covered)
            gained = sum(weighted[place][1] for place in also if place in missing)
            if gained / total > _SECOND_GAIN and second.text != first.text:
                return [first, second]
    return extracts


def _extract(
    index: Index,
    hit: Hit,
    query: Query,
    weighted: Sequence[tuple[QueryWord, float]],
    already: frozenset[int],
) -> tuple[Extract, frozenset[int]]:
    above = index.heading_words_of(hit.row)
    above_places = frozenset(
        place for place, (word, _) in enumerate(weighted) if match(word, above) > 0
    )
    text = without_instructions(hit.passage.text)
    paragraphs = paragraphs_of(text)
    texts = [piece for paragraph in paragraphs for piece in paragraph]
    if len(text) <= SHORT_PASSAGE and not any(map(is_row, texts)):
        covered = frozenset(
            place
            for place, (word, _) in enumerate(weighted)
            if match(word, index.words_of(hit.row))
        )
        return _extract_of(hit, texts, covered, weighted), covered
    degrees = [_degrees(index, text, weighted) for text in texts]
    shares = _shares(degrees, above_places, already)
    rated = [
        _rate(place, texts[place], query, weighted, degrees[place], shares)
        for place in range(len(texts))
    ]
    best = max(rated, key=lambda piece: (piece.fit, -piece.place))
    chosen = {best.place: best}
    # A question that only the headings match is answered by the beginning of what stands under them.
    whole = not best.covered - above_places
    _add_what_is_missing(chosen, rated, above_places, weighted)
    for piece in sorted(rated, key=lambda other: (-other.fit, other.place)):
        fits = piece.fit >= _NEAR_BEST * best.fit and bool(piece.covered - above_places)
        if fits or (whole and piece.place - 1 in chosen):
            _add(chosen, piece)
    _add_what_follows(chosen, rated, paragraphs)
    if whole:
        _fill(chosen, rated)
    _finish(chosen, rated)
    ordered = [chosen[place] for place in sorted(chosen)]
    covered = frozenset[int]().union(above_places, *(piece.covered for piece in ordered))
    return _extract_of(hit, [piece.text for piece in ordered], covered, weighted), covered


def _extract_of(
    hit: Hit,
    texts: Sequence[str],
    covered: frozenset[int],
    weighted: Sequence[tuple[QueryWord, float]],
) -> Extract:
    total = sum(weight for _, weight in weighted)
    share = sum(weighted[place][1] for place in covered) / total if total else 0.0
    return Extract(hit, join_pieces(texts), share)


def _add(chosen: dict[int, Piece], piece: Piece) -> None:
    """Take a piece if there is room."""
    length = sum(len(other.text) for other in chosen.values())
    if len(chosen) < MAX_PIECES and length + len(piece.text) < MAX_LENGTH:
        chosen[piece.place] = piece


def _add_what_is_missing(
    chosen: dict[int, Piece],
    rated: Sequence[Piece],
    above: frozenset[int],
    weighted: Sequence[tuple[QueryWord, float]],
) -> None:
    """Take the pieces that hold much of the question that those taken, and the headings, do not."""
    total = sum(weight for _, weight in weighted) or 1.0
    for _ in range(MAX_PIECES - 1):
        held = above.union(*(piece.covered for piece in chosen.values()))

        def gain(piece: Piece, held: frozenset[int] = held) -> float:
            return sum(weighted[place][1] for place in piece.covered - held) / total

        best = max(rated, key=lambda piece: (gain(piece), piece.fit))
        if gain(best) < _MISSING_GAIN:
            return
        _add(chosen, best)


def _add_what_follows(
    chosen: dict[int, Piece], rated: Sequence[Piece], paragraphs: Sequence[Sequence[str]]
) -> None:
    """Take the sentence after the last one taken in its paragraph: it often holds the condition."""
    last, end = max(chosen), 0
    for paragraph in paragraphs:
        end += len(paragraph)
        if last < end:
            break
    short = sum(len(piece.text) for piece in chosen.values()) < SHORT_PASSAGE
    if short and last + 1 < end:
        _add(chosen, rated[last + 1])


def _fill(chosen: dict[int, Piece], rated: Sequence[Piece]) -> None:
    """Add the pieces that follow the first chosen one, as long as there is room."""
    length = sum(len(piece.text) for piece in chosen.values())
    for piece in rated[min(chosen) :]:
        if len(chosen) >= MAX_PIECES or length + len(piece.text) > MAX_LENGTH:
            return
        if piece.place not in chosen:
            chosen[piece.place] = piece
            length += len(piece.text)


def _finish(chosen: dict[int, Piece], rated: Sequence[Piece]) -> None:
    """Add what pieces that end in a colon or a semicolon go on with: half a list of conditions is a wrong answer."""
    length = sum(len(piece.text) for piece in chosen.values())
    for place in sorted(chosen):
        while chosen[place].text.endswith((":", ";")) and place + 1 < len(rated):
            place += 1  # noqa: PLW2901 - the list's items, one after another
            if place not in chosen:
                length += len(rated[place].text)
                if length > MAX_LENGTH:
                    return
                chosen[place] = rated[place]


def _degrees(index: Index, text: str, weighted: Sequence[tuple[QueryWord, float]]) -> list[float]:
    known = read_words(text, index.glossary)
    return [match(word, known) for word, _ in weighted]


def _shares(
    degrees: Sequence[Sequence[float]], above: frozenset[int], already: frozenset[int]
) -> list[float]:
    """Return how much each word tells the pieces apart: little when most hold it, or the headings or another quote do."""
    shares = []
    for place in range(len(degrees[0])):
        holding = sum(of_piece[place] > 0 for of_piece in degrees)
        share = 0.3 if len(degrees) > 2 and holding > len(degrees) / 2 else 1.0
        if place in already:
            share = 0.1
        elif place in above:
            share = min(share, 0.5)
        shares.append(share)
    return shares


def _rate(
    place: int,
    text: str,
    query: Query,
    weighted: Sequence[tuple[QueryWord, float]],
    degrees: Sequence[float],
    shares: Sequence[float],
) -> Piece:
    total = sum(weight for _, weight in weighted)
    fit = sum(
        weight * degree * share
        for (_, weight), degree, share in zip(weighted, degrees, shares, strict=True)
    )
    fit = fit / total if total else 0.0
    if query.kinds:
        fit += _KIND_BONUS * holds(text, query.kinds)
    covered = frozenset(word for word, degree in enumerate(degrees) if degree)
    return Piece(place, text, fit + (_EARLY_BONUS if place == 0 else 0.0), covered)


def join_pieces(texts: Sequence[str]) -> str:
    """Join sentences with spaces and items and rows with line ends; a single one needs no bullet."""
    if len(texts) == 1:
        return readable(texts[0])
    joined = ""
    for text in texts:
        listed = text.startswith(BULLET) or is_row(text)
        shown = BULLET + readable(text) if listed else readable(text)
        own_line = listed or joined.rpartition("\n")[2].startswith(BULLET)
        joined = f"{joined}\n{shown}" if joined and own_line else f"{joined} {shown}".strip()
    return joined


def readable(text: str) -> str:
    """Return a piece as one says it: without a bullet or a step's number, a row led by what it is about."""
    stripped = text.removeprefix(BULLET).strip()
    if is_row(stripped):
        return _spoken_row(stripped)
    number, dot, rest = stripped.partition(". ")
    return rest if dot and number.isdecimal() and len(number) <= 2 else stripped


def _spoken_row(row: str) -> str:
    """Return `Astana: cost — 1 500 ₸; time — 2–3 days` for `Where to: Astana; Cost: 1 500 ₸; Time: 2–3 days`."""
    cells = [cell.partition(": ") for cell in row.split("; ")]
    if any(not colon or len(name.split()) > 4 for name, colon, _ in cells):
        return row
    if " — " in cells[0][0]:
        # "Address — Almaty: Abai 9; Astana: ...": what the row is about stands first, and each column answers.
        return row
    about = cells[0][2]
    rest = "; ".join(f"{_small(name)} — {value}" for name, _, value in cells[1:])
    return f"{about}: {rest}"


def _small(name: str) -> str:
    """Return a column's name within a sentence; abbreviations keep their capitals."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]
