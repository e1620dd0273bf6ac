"""Fits the weights of `bot.knowledge.ranking` and `bot.answering.confidence` on the development set and prints them.

    python -m tests.evaluation.knowledge.calibrate ranking       put these into the code first: the other builds on them
    python -m tests.evaluation.knowledge.calibrate confidence

Ranking: for each question the probability that a passage with its evidence comes first, by a softmax over the candidates.
Confidence: a logistic regression over standardised features with both classes weighing the same, its bias moved so that the
share `ANSWERED` of the answerable questions of companies left out of the fit is answered. Both with a ridge.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.answering.confidence import WEIGHTS as CONFIDENCE
from bot.answering.confidence import features
from bot.answering.evaluation import holds_evidence
from bot.answering.extractive import extract
from bot.answering.finding import find
from bot.knowledge.ranking import WEIGHTS as RANKING
from tests.evaluation.knowledge.measure import companies

CANDIDATES = 60
RANKING_RIDGE = 0.3
CONFIDENCE_RIDGE = 10.0
ANSWERED = 0.935
"""More than the goal of 90%: other companies' questions may be harder."""

GOAL = 0.9

BEFORE = frozenset(("accounting", "autoservice", "clinic", "demo", "school"))
"""Companies of dev whose questions nobody had in mind who wrote of the relations and concepts of the later ones."""

KEPT = ("related", "answers", "answers_heading")
"""Signals whose weights are put by hand and not fitted: who wrote the relations knew the questions of some dev companies,
so that a fit on these would trust the relations more than questions of others bear out."""

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """Rows of features with what is right: several candidates of a question, or one judgement."""

    company: str
    rows: Array
    right: Array


def ranking_examples() -> Iterator[Example]:
    """Yield the candidates of each question with evidence; right are those that hold any of it."""
    for company, index, questions in companies("dev"):
        for question in questions if company in BEFORE else ():
            earlier = [text for role, text in question.history if role == "customer"]
            found = find(
                index, question.text, language=question.language, earlier=earlier, limit=CANDIDATES
            )
            right = [
                any(holds_evidence(hit.passage, evidence) for evidence in question.evidence)
                for hit in found.hits
            ]
            if any(right) and not all(right):
                rows = [[getattr(hit.signals, name) for name in RANKING] for hit in found.hits]
                yield Example(company, np.array(rows), np.array(right, dtype=float))


def fit_ranking(examples: list[Example], steps: int = 400) -> Array:
    """Return the weights; those of `KEPT` stay what they are."""
    kept = np.array([name in KEPT for name in RANKING])
    weights = np.where(kept, list(RANKING.values()), 0.0)
    for _ in range(steps):
        slope = -RANKING_RIDGE * weights
        for example in examples:
            scores = example.rows @ weights
            share = np.exp(scores - scores.max())
            share /= share.sum()
            wanted = share * example.right
            slope += (wanted / wanted.sum() - share) @ example.rows
        weights += np.where(kept, 0.0, 2.0 * slope / len(examples))
    return weights


def confidence_examples() -> list[Example]:
    """Return the judgement of each question that found anything; right is an answerable one."""
    found = []
    for company, index, questions in companies("dev"):
        for question in questions:
            earlier = [text for role, text in question.history if role == "customer"]
            hits = find(index, question.text, language=question.language, earlier=earlier)
            if hits.hits:
                values = features(index, hits, extract(index, hits))
                row = np.array([getattr(values, name) for name in CONFIDENCE])
                found.append(Example(company, row, np.array(float(question.answerable))))
    return found


def fit_confidence(rows: Array, known: Array, steps: int = 3_000) -> tuple[Array, float]:
    """Return weights and bias."""
    middle, spread = rows.mean(0), rows.std(0) + 1e-6
    scaled = (rows - middle) / spread
    weights, bias = np.zeros(rows.shape[1]), 0.0
    share = np.where(known == 1, 0.5 / known.mean(), 0.5 / (1 - known.mean()))
    for _ in range(steps):
        error = (1 / (1 + np.exp(-(scaled @ weights + bias))) - known) * share
        weights -= 0.5 * (scaled.T @ error + CONFIDENCE_RIDGE * weights) / len(known)
        bias -= 0.5 * float(error.mean())
    return weights / spread, bias - float((middle / spread) @ weights)


def print_ranking() -> None:
    """Print the weights, and how often a right passage of a company left out comes first, and among three."""
    examples = list(ranking_examples())
    ranks = []
    for company in sorted({example.company for example in examples}):
        weights = fit_ranking([other for other in examples if other.company != company])
        for example in (each for each in examples if each.company == company):
            order = np.argsort(-(example.rows @ weights), kind="stable")
            ranks.append(int(np.argmax(example.right[order])))
    shares = [float(np.mean([rank < among for rank in ranks])) for among in (1, 3)]
    sys.stdout.write(f"# left out: first {shares[0]:.3f}, among three {shares[1]:.3f}\n")
    for name, weight in zip(RANKING, fit_ranking(examples), strict=True):
        sys.stdout.write(f'    "{name}": {weight:.2f},\n')


def print_confidence() -> None:
    """Print weights and bias, and the figures of the companies left out."""
    examples = confidence_examples()
    rows = np.array([example.rows for example in examples])
    known = np.array([float(example.right) for example in examples])
    company = np.array([example.company for example in examples])
    judged = np.zeros(len(known))
    for name in sorted(set(company)):
        weights, bias = fit_confidence(rows[company != name], known[company != name])
        judged[company == name] = rows[company == name] @ weights + bias
    high, low = judged[known == 1], judged[known == 0]
    area = float((high[:, None] > low[None]).mean())
    declined = float((low < np.quantile(high, 1 - GOAL)).mean())
    sys.stdout.write(
        f"# left out: AUC {area:.3f}, declined at {GOAL:.0%} answered {declined:.3f}\n"
    )
    threshold = float(np.quantile(high, 1 - ANSWERED))
    weights, bias = fit_confidence(rows, known)
    for name, weight in zip(CONFIDENCE, weights, strict=True):
        sys.stdout.write(f'    "{name}": {weight:.2f},\n')
    sys.stdout.write(f"BIAS = {bias - threshold:.2f}\n")


if __name__ == "__main__":
    {"ranking": print_ranking, "confidence": print_confidence}[sys.argv[1]]()
