"""The intent model without Rasa: folded text features, logistic regression, and a score that knows what it has not seen.

The score of an intent is sqrt(probability x similarity), where similarity is the cosine to the nearest training example. A
message unlike anything ever seen gets a low score even when the regression is sure, which is what rejects foreign topics.
Everything is stored as arrays and JSON: loading a model executes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack, load_npz, save_npz
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.engine.nlu.features import VIEWS, View

Floats = npt.NDArray[np.float64]

ARRAYS_FILE = "arrays.npz"
EXAMPLES_FILE = "examples.npz"
NAMES_FILE = "names.json"


@dataclass(frozen=True)
class Options:
    """How a model is trained.

    Attributes:
        regularisation: Inverse strength of the regression's penalty.
        views: Names of the feature views, see `features.VIEWS`.
    """

    regularisation: float = 20.0
    views: tuple[str, ...] = tuple(VIEWS)


@dataclass
class IntentModel:
    """A trained model; make one with `train` or `load`."""

    options: Options
    labels: list[str]
    vectorizers: dict[str, TfidfVectorizer]
    weights: Floats
    bias: Floats
    examples: csr_matrix
    _scale: float = field(default=1.0)

    @cached_property
    def _examples_by_feature(self) -> csr_matrix:
        # The product wants this order, and would make it anew for every message: 8 ms instead of 0.4.
        return self.examples.T.tocsr()

    def features(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row a text; each view is scaled by its weight, and rows have unit length."""
        return _features(texts, self.vectorizers, fit=False)

    def probabilities(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Return probabilities (texts x labels) and the cosine of each text to its nearest training example."""
        rows = self.features(texts)
        scores = rows @ self.weights.T + self.bias
        # One classifier a label, as liblinear trains them; normalised as scikit-learn does.
        single = 1.0 / (1.0 + np.exp(-scores))
        probabilities = single / single.sum(axis=1, keepdims=True)
        nearest = (rows @ self._examples_by_feature).max(axis=1).toarray().ravel()
        return probabilities, np.clip(nearest, 0.0, 1.0)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        np.savez_compressed(
            folder / ARRAYS_FILE,
            weights=self.weights.astype(np.float32),
            bias=self.bias.astype(np.float32),
            **{
                f"idf_{name}": vectorizer.idf_.astype(np.float32)
                for name, vectorizer in self.vectorizers.items()
            },
        )
        save_npz(folder / EXAMPLES_FILE, self.examples.astype(np.float32))
        names: dict[str, Any] = {
            "labels": self.labels,
            "regularisation": self.options.regularisation,
            "vocabularies": {
                name: sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
                for name, vectorizer in self.vectorizers.items()
            },
        }
        (folder / NAMES_FILE).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")


def train(texts: Sequence[str], labels: Sequence[str], options: Options) -> IntentModel:
    """Train on texts and their intents; the same input always gives the same model."""
    vectorizers = {name: VIEWS[name].vectorizer() for name in options.views}
    rows = _features(texts, vectorizers, fit=True)
    regression = LogisticRegression(
        C=options.regularisation,
        class_weight="balanced",
        solver="liblinear",
        multi_class="ovr",
        random_state=0,
    ).fit(rows, list(labels))
    return IntentModel(
        options=options,
        labels=[str(label) for label in regression.classes_],
        vectorizers=vectorizers,
        weights=regression.coef_.astype(np.float32),
        bias=regression.intercept_.astype(np.float32),
        examples=rows,
    )


def load(folder: Path) -> IntentModel:
    """Read a model from a folder.

    Raises:
        OSError: A file is missing.
        ValueError: A file is not what `IntentModel.save` wrote.
    """
    names = json.loads((folder / NAMES_FILE).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS_FILE, allow_pickle=False) as arrays:
        vectorizers = {}
        for name, vocabulary in names["vocabularies"].items():
            vectorizer = VIEWS[name].vectorizer(vocabulary=vocabulary)
            vectorizer.idf_ = arrays[f"idf_{name}"]
            vectorizers[name] = vectorizer
        return IntentModel(
            options=Options(names["regularisation"], tuple(names["vocabularies"])),
            labels=names["labels"],
            vectorizers=vectorizers,
            weights=arrays["weights"],
            bias=arrays["bias"],
            examples=load_npz(folder / EXAMPLES_FILE).tocsr(),
        )


def _features(
    texts: Sequence[str], vectorizers: dict[str, TfidfVectorizer], *, fit: bool
) -> csr_matrix:
    blocks = []
    for name, vectorizer in vectorizers.items():
        view: View = VIEWS[name]
        seen = [view.text(text) for text in texts]
        block = vectorizer.fit_transform(seen) if fit else vectorizer.transform(seen)
        blocks.append(block * view.weight)
    rows = hstack(blocks).tocsr().astype(np.float32)
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1)).A.ravel()
    lengths[lengths == 0] = 1.0
    return csr_matrix(rows.multiply(1.0 / lengths[:, None]))
