"""Whether the passages support what a model wrote, sentence by sentence, without asking a model.

A sentence is cut when it holds a link or a figure that no passage holds with that unit, when a figure stands there beside
something else (another city's price), when the passage says no and the sentence yes, and when too much of what it says is
said nowhere. It is written to err towards cutting: what is left out is then quoted from the documents.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.answering.claims import Figure, figures_of, links_of, tokens_of
from bot.answering.material import (
    PROPER,
    Clause,
    Material,
    Piece,
    clauses_of,
    holds,
    is_common,
    is_proper,
    overlap,
    without,
)
from bot.knowledge.glossary import business_glossary
from bot.knowledge.languages import detect_language
from bot.knowledge.letters import fold, is_latin
from bot.knowledge.sentences import sentences

UNKNOWN_SHARE = 0.34
"""A sentence may hold this share of words that no passage holds: paraphrase needs some."""
FIGURE_UNKNOWN_SHARE = 0.4
"""The same of a sentence with figures, all of which hold."""
NEAR_SHARE = 0.5
"""This share of its known words must stand in one place, or in two."""
FOREIGN_SHARE = 0.34
"""Where the sentence is in another language than the passages: the share of its words that must mean something there."""
SAME_CLAUSE = 0.6
"""A clause of a passage that holds this share of a clause's words is the one it restates."""
INHERITED = 0.5

_ONLY = re.compile(r"\b(?:только|лишь|исключительно|тек|гана|only|solely)\b")
_ALL = re.compile(
    r"\b(?:все|всех|всем|любой|любые|любых|любую|всегда|каждый|барлык|барлыгы|кез келген|аркашан|all|any|every|always|everyone)\b"
)
_YES_NO = re.compile(
    r"\b(?:да|нет|можно|нельзя|ия|иа|жок|болады|болмаиды|болмайды|yes|no|cannot|possible|impossible)\b"
)
_LIST_NUMBER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•–])\s+")


@dataclass(frozen=True, slots=True)
class Grounded:
    """What is left of an answer.

    Attributes:
        text: the sentences that the passages support, and courtesies, in their lines.
        cut: the others, each with why: link, figure, polarity, condition, unknown, bare (a yes or no alone).
        answers: whether something is left that the passages say; and not less than half of what was said.
    """

    text: str
    cut: tuple[tuple[str, str], ...]
    answers: bool


def ground(answer: str, passages: Sequence[str], *, question: str) -> Grounded:
    """Cut what the passages do not support.

    Args:
        answer: a model's, its markers in place.
        passages: as the model saw them, without orders to the assistant.
        question: as the model saw it. What the customer says proves nothing; only counts and hidden data (markers) of his
            may be repeated.
    """
    material = Material(passages, question)
    lines: list[str] = []
    cut: list[tuple[str, str]] = []
    told = 0
    for line in answer.splitlines():
        kept: list[str] = []
        for sentence in sentences(line):
            reason = _reason(sentence, material)
            if reason is not None:
                cut.append((sentence, reason))
                continue
            kept.append(sentence)
            told += not _is_courtesy(sentence)
        # An item whose number alone is left tells nothing.
        if any(any(map(str.isalpha, piece)) for piece in kept) or not line.strip():
            lines.append(" ".join(kept))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return Grounded(text, tuple(cut), answers=told > 0 and told >= len(cut))


def unsupported(sentence: str, passages: Sequence[str], *, question: str = "") -> str | None:
    """Return why the passages do not support one sentence; None when they do."""
    return _reason(sentence, Material(passages, question))


def unsupported_figures(text: str, materials: Iterable[str]) -> list[str]:
    """Return the figures and links of `text` that no material holds, whatever stands beside them."""
    known: set[str] = set()
    links: set[str] = set()
    for material in materials:
        known |= {figure.value for figure in figures_of(tokens_of(material))}
        links |= set(links_of(material))
    found = [
        figure.value
        for figure in figures_of(tokens_of(_LIST_NUMBER.sub("", text)))
        if figure.value not in known
    ]
    return found + [link for link in links_of(text) if link not in links]


def _reason(sentence: str, material: Material) -> str | None:
    sentence = _LIST_NUMBER.sub("", sentence)
    if any(link not in material.links for link in links_of(sentence)):
        return "link"
    if _is_courtesy(sentence):
        # A bare yes or no says much and can be compared with nothing.
        return "bare" if _YES_NO.search(fold(sentence)) and not sentence.endswith("?") else None
    clauses = clauses_of(sentence)
    if not _figures_hold(clauses, material):
        return "figure"
    if (
        material.languages
        and detect_language(sentence, material.language) not in material.languages
    ):
        return _foreign_reason(clauses, material)
    looked_at = {
        "polarity": _contradicts(clauses, material),
        "condition": _limits_otherwise(sentence, clauses, material),
        "unknown": _is_unknown(clauses, material),
    }
    return next((reason for reason, found in looked_at.items() if found), None)


# Figures


def _figures_hold(clauses: Sequence[Clause], material: Material) -> bool:
    weights: dict[str, float] = {}
    for clause in clauses:
        weights = {word: weight * INHERITED for word, weight in weights.items()}
        for word, weight in clause.weights.items():
            weights[word] = max(weight, weights.get(word, 0.0))
        if not all(_figure_holds(figure, clause, weights, material) for figure in clause.figures):
            return False
    figures = [figure for clause in clauses for figure in clause.figures]
    asked = [
        figure
        for figure in figures
        if figure.value not in material.figures and figure.amount not in material.amounts
    ]
    # "How much is the iPhone 20?" makes no price of another one its price.
    return not asked or len(figures) == 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a passage holds a figure."""

    piece: Piece
    clause: int
    figure: Figure


def _figure_holds(
    figure: Figure, clause: Clause, weights: dict[str, float], material: Material
) -> bool:
    """Tell whether some passage holds the figure, and beside nothing that belongs to another one."""
    places = [
        _Place(piece, number, other)
        for piece in material.pieces
        for number, part in enumerate(piece.clauses)
        for other in part.figures
    ]
    same = [place for place in places if _states(place.figure, figure)]
    if not same:
        return figure.unit in {None, "piece"} and figure.value in material.asked
    if figure.unit is None:
        return True
    bounds = [other for other in clause.figures if other.bound]
    if figure.unit == "free" and bounds:
        # Free from some sum on: the sum decides, wherever the ordinary price stands.
        return any(_holds_all(place.piece, bounds) for place in same)
    # The end of a range is no other answer than its beginning.
    rivals = [
        place
        for place in places
        if not _states(place.figure, figure)
        and place.figure.family == figure.family
        and place.figure.bound == figure.bound
        and not any(_states(other, figure) for other in place.piece.clauses[place.clause].figures)
    ]
    return any(not any(_fits_better(rival, place, weights) for rival in rivals) for place in same)


def _states(stated: Figure, claimed: Figure) -> bool:
    if stated.value == claimed.value and _fits(stated.unit, claimed.unit):
        return True
    return stated.amount is not None and stated.amount == claimed.amount


def _holds_all(piece: Piece, figures: Sequence[Figure]) -> bool:
    """Tell whether a piece states all of the figures."""
    stated = [figure for clause in piece.clauses for figure in clause.figures]
    return all(any(_states(other, figure) for other in stated) for figure in figures)


def _fits(stated: str | None, claimed: str | None) -> bool:
    return stated == claimed or stated is None or claimed is None


def _fits_better(rival: _Place, place: _Place, weights: dict[str, float]) -> bool:
    """Tell whether the words around a claimed figure belong to the rival rather than to the place that has the figure."""
    if rival.piece is not place.piece:
        return (
            sum(
                weight * (rival.piece.tells(word) - place.piece.tells(word))
                for word, weight in weights.items()
            )
            > 0
        )
    if rival.clause == place.clause:
        return False
    early, late = sorted((rival.clause, place.clause))
    late_weights = place.piece.clauses[late].weights
    first = frozenset(place.piece.clauses[early].weights)
    second = frozenset(late_weights)
    if place.piece.language == "kk":
        figure = place.figure if place.clause == late else rival.figure
        second = place.piece.clauses[late].words_before(figure)
    of_first = overlap(weights, without(first, second))
    of_second = overlap(weights, without(second, first))
    if place.clause == late:
        # What was said before holds for it too, but its own words must be meant.
        return of_second == 0 and of_first > 0 and bool(second)
    # What is told apart by a word of its own (a wedding cake) leaves the rest of its words to the clause before.
    telling = without(second, first)
    return of_second > of_first or (
        of_second >= 1 and of_second >= sum(late_weights.get(w, 1.0) for w in telling) / 2
    )


# Yes and no


def _contradicts(clauses: Sequence[Clause], material: Material) -> bool:
    everything: dict[str, float] = {}
    for clause in clauses:
        everything |= clause.weights
    return any(_is_denied(clause, everything, material) for clause in clauses if clause.weights)


def _is_denied(clause: Clause, everything: dict[str, float], material: Material) -> bool:
    """Tell whether all that the passages say of the same thing says the opposite."""
    needed = SAME_CLAUSE * sum(clause.weights.values())
    best, said = 0.0, set[bool]()
    for piece in material.pieces:
        around = overlap(everything, piece.everything)
        stated = [
            (shared, other.negative)
            for other in piece.clauses
            if (shared := overlap(clause.weights, frozenset(other.weights))) >= needed
        ]
        if not stated and overlap(clause.weights, piece.everything) >= needed:
            # Its words stand in an enumeration: that says no where any part of it does.
            negative = any(other.negative for other in piece.clauses)
            stated = [(needed, negative)] if len({c.negative for c in piece.clauses}) == 1 else []
        for shared, negative in stated:
            fit = shared + around
            if fit > best + 0.01:
                best, said = fit, {negative}
            elif fit > best - 0.01:
                said.add(negative)
    return bool(said) and clause.negative not in said


def _limits_otherwise(sentence: str, clauses: Sequence[Clause], material: Material) -> bool:
    """Tell whether "only" or "all" was put in that stands nowhere near the same words."""
    for marks in (_ONLY, _ALL):
        if not marks.search(fold(sentence)):
            continue
        weights: dict[str, float] = {}
        for clause in clauses:
            weights |= clause.weights
        ranked = sorted(
            material.pieces, key=lambda piece: overlap(weights, piece.everything), reverse=True
        )
        if not any(marks.search(piece.folded) for piece in ranked[:2]):
            return True
    return False


# Words that nobody said


def _is_unknown(clauses: Sequence[Clause], material: Material) -> bool:
    weights: dict[str, float] = {}
    for clause in clauses:
        weights |= clause.weights
    weights = {
        word: weight
        for word, weight in weights.items()
        if word[0] != "#" and word not in material.markers
    }
    total = sum(weights.values())
    if not total:
        return False
    known = {word: weight for word, weight in weights.items() if holds(material.words, word)}
    missing = {word for word in weights if word not in known}
    if any(weights[word] >= PROPER for word in missing):
        return True
    # What a sentence says in figures has been compared already, with what stands around them.
    told = sum(figure.unit is not None for clause in clauses for figure in clause.figures)
    allowed = FIGURE_UNKNOWN_SHARE if told else UNKNOWN_SHARE
    if (total - sum(known.values())) / total > allowed:
        return True
    ranked = sorted((overlap(known, piece.everything) for piece in material.pieces), reverse=True)
    return sum(ranked[:2]) < NEAR_SHARE * sum(known.values())


def _foreign_reason(clauses: Sequence[Clause], material: Material) -> str | None:
    """Judge a sentence in another language than the passages: by its figures, names, and the words the glossary knows."""
    weights: dict[str, float] = {}
    for clause in clauses:
        weights |= {word: weight for word, weight in clause.weights.items() if word[0] != "#"}
    missing = [
        word
        for word, weight in weights.items()
        if weight >= PROPER and not holds(material.words, word) and word not in material.markers
    ]
    if any(is_latin(word) or business_glossary().of_word(word) for word in missing):
        return "unknown"
    if any(clause.figures for clause in clauses):
        return None
    share = overlap(weights, material.words) / (sum(weights.values()) or 1.0)
    return None if share >= FOREIGN_SHARE else "unknown"


def _is_courtesy(sentence: str) -> bool:
    """Tell whether a sentence states nothing: a greeting, an offer, a question back."""
    tokens = tokens_of(sentence)
    if any(token.value is not None or token.raw[:1] == "<" for token in tokens):
        return False
    if any(is_proper(token.raw, at_start=place == 0) for place, token in enumerate(tokens)):
        return False
    telling = [token for token in tokens if not is_common(token.text)]
    return not telling or (sentence.rstrip().endswith("?") and len(telling) <= 3)
