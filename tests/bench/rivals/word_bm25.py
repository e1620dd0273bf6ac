"""BM25 over words, as search engines have it by default: k1 1.2, b 0.75, words in lower case as they stand."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"\w+")
K1, B = 1.2, 0.75


class WordBm25:
    """The passages of one tenant."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_WORD.findall(text.lower())) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        norm = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
        rows: dict[str, list[int]] = {}
        for row, count in enumerate(counts):
            for word in count:
                rows.setdefault(word, []).append(row)
        self._count = len(texts)
        self._columns: dict[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]] = {}
        for word, holding in rows.items():
            places = np.array(holding, dtype=np.int32)
            often = np.array([counts[row][word] for row in holding], dtype=np.float32)
            rarity = math.log(1 + (len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
            weights = rarity * often * (K1 + 1) / (often + norm[places])
            self._columns[word] = (places, weights.astype(np.float32))

    def search(self, question: str, limit: int) -> list[int]:
        """Return the best rows, best first."""
        scores = np.zeros(self._count, dtype=np.float32)
        for word in set(_WORD.findall(question.lower())):
            column = self._columns.get(word)
            if column is not None:
                scores[column[0]] += column[1]
        best = np.argsort(-scores, kind="stable")[:limit]
        return [int(row) for row in best if scores[row] > 0]
