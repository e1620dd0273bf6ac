"""The intent model as a Rasa component, with the rule that turns a low score into "not understood"."""

from __future__ import annotations

import logging
import re
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu import model as intent_model

logger = logging.getLogger(__name__)

FALLBACK_INTENT = "nlu_fallback"
RANKING_LENGTH = 5
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
# Messages of signs only: what the commonest ones say to a business.
_SIGNS = {
    "affirm": "👍👌✅🆗☑✔",
    "deny": "👎❌🙅⛔",
    "thanks": "🙏❤💐🌹🤝🫶",
    "greet": "👋🙋",
}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FoldedIntentClassifier(GraphComponent, IntentClassifier):
    """Classifies by `nlu.model`; below `threshold` the intent becomes `nlu_fallback`, the ranking stays as it was."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The defaults; how the threshold was chosen stands in docs/decisions/0001-nlu-pipeline.md."""
        return {
            "threshold": 0.32,
            "regularisation": intent_model.Options.regularisation,
            "views": list(intent_model.Options.views),
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: intent_model.IntentModel | None = None,
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FoldedIntentClassifier:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FoldedIntentClassifier:
        """Load a trained component."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, intent_model.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Train on every example that has a text and an intent, and store the result."""
        examples = [
            (example.get(TEXT), example.get(INTENT))
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        options = intent_model.Options(
            float(self._config["regularisation"]), tuple(self._config["views"])
        )
        self._model = intent_model.train(
            [text for text, _ in examples], [intent for _, intent in examples], options
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Give each message its intent and a ranking."""
        for message in messages:
            intent, ranking = self._classify(message.get(TEXT) or "")
            message.set(INTENT, intent, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing that trains later needs our predictions."""
        return training_data

    def _classify(self, text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        unknown = {"name": FALLBACK_INTENT, "confidence": 0.0}
        if not _LETTER_OR_DIGIT.search(text):
            for intent, signs in _SIGNS.items():
                if any(sign in text for sign in signs):
                    return {"name": intent, "confidence": 1.0}, [
                        {"name": intent, "confidence": 1.0}
                    ]
            return unknown, []
        if self._model is None:
            return unknown, []
        probabilities, nearest = self._model.probabilities([text])
        scores = np.sqrt(probabilities[0] * nearest[0])
        order = np.argsort(-scores)[:RANKING_LENGTH]
        ranking = [
            {"name": self._model.labels[place], "confidence": round(float(scores[place]), 4)}
            for place in order
        ]
        best = ranking[0]
        if best["confidence"] < self._config["threshold"]:
            return {"name": FALLBACK_INTENT, "confidence": best["confidence"]}, ranking
        return best, ranking
