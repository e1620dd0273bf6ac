"""Fits the weights of `bot.answering.confidence` on the development set and prints them.

A ridge logistic regression with both classes weighing the same. The bias is moved so that, leaving one question out at
a time, nine of ten answerable questions are answered.
"""

import asyncio

import numpy as np
import numpy.typing as npt

from bot.answering.confidence import WEIGHTS
from tests.evaluation.knowledge.measure import results_of

RIDGE = 0.3
ANSWERED = 0.9

type Array = npt.NDArray[np.float64]


def fit(rows: Array, known: Array, steps: int = 4_000) -> tuple[Array, float]:
    """Return weights and bias."""
    weights, bias = np.zeros(rows.shape[1]), 0.0
    share = np.where(known == 1, 0.5 / known.mean(), 0.5 / (1 - known.mean()))
    for _ in range(steps):
        error = (1 / (1 + np.exp(-(rows @ weights + bias))) - known) * share
        weights -= 0.5 * (rows.T @ error + RIDGE * weights) / len(known)
        bias -= 0.5 * float(error.mean())
    return weights, bias


def main() -> None:
    """Print weights and bias."""
    judged = [r for r in asyncio.run(results_of("dev")) if r.features is not None]
    rows = np.array([[getattr(r.features, name) for name in WEIGHTS] for r in judged])
    known = np.array([float(r.answerable) for r in judged])
    left_out = []
    for place in range(len(known)):
        weights, bias = fit(np.delete(rows, place, 0), np.delete(known, place), steps=600)
        left_out.append(rows[place] @ weights + bias)
    threshold = float(np.quantile(np.array(left_out)[known == 1], 1 - ANSWERED))
    weights, bias = fit(rows, known)
    for name, weight in zip(WEIGHTS, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')  # noqa: T201
    print(f"BIAS = {bias - threshold:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
