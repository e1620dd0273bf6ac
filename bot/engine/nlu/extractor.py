"""Products and names in a message, by a linear-chain CRF over folded words.

The CRF sees each word's folded spelling, its ends, its shape and its neighbours; the training data's annotations teach it.
Phones, e-mails and times are not its business: they have a grammar, and the action server's parsers know it.
"""

from __future__ import annotations

import re
from typing import Any

import pycrfsuite
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.concepts import concepts
from bot.engine.nlu.folding import fold

MODEL_FILE = "details.crfsuite"
MAX_WORDS = 80
MIN_CONFIDENCE = 0.3
# Annotated intents, and small talk that looks like names and products without being any. The others mention products that
# nobody annotated, from which the CRF would learn to overlook them.
TRAINED_ON = {
    "place_order",
    "give_contact",
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "cancel",
    "ask_human",
    "change_language",
}
# A capital letter makes "Сәлем" look like a name.
NEVER_NAMES = {"greeting", "farewell", "thanks", "yes", "refusal"}
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+|[^\w\s]")
_OUTSIDE = "O"


def tokens(text: str) -> list[tuple[int, int]]:
    """Return the places of words, numbers and signs in a text."""
    return [match.span() for match in _WORD.finditer(text)][:MAX_WORDS]


def word_features(text: str, spans: list[tuple[int, int]]) -> list[list[str]]:
    """Return the features of each token."""
    surfaces = [text[start:end] for start, end in spans]
    folded = [fold(surface) for surface in surfaces]
    meanings = [concepts().find(word) or ["none"] for word in folded]
    rows = []
    for place, (surface, word) in enumerate(zip(surfaces, folded)):
        row = [
            "bias",
            f"w={word}",
            f"shape={_shape(surface)}",
            *(f"p{size}={word[:size]}" for size in (2, 3, 4)),
            *(f"s{size}={word[-size:]}" for size in (1, 2, 3, 4)),
            f"first={place == 0}",
            f"last={place == len(spans) - 1}",
            f"count={min(len(spans), 8)}",
            *(f"c={meaning}" for meaning in meanings[place]),
        ]
        for distance in (-2, -1, 1, 2):
            other = place + distance
            near = folded[other] if 0 <= other < len(folded) else "<>"
            row.append(f"{distance}w={near}")
            if near != "<>":
                row += [f"{distance}c={meaning}" for meaning in meanings[other]]
            if abs(distance) == 1:
                row += [
                    f"{distance}s={near[-3:]}",
                    f"{distance}shape={_shape(surfaces[other]) if near != '<>' else ''}",
                ]
                row.append(f"{distance}pair={near}|{word}")
        rows.append(row)
    return rows


def _shape(surface: str) -> str:
    if surface.isdigit():
        return f"9x{min(len(surface), 5)}"
    if not surface[0].isalpha():
        return surface
    if surface.isupper() and len(surface) > 1:
        return "XX"
    return "Xx" if surface[0].isupper() else "xx"


def bio_labels(spans: list[tuple[int, int]], entities: list[dict[str, Any]]) -> list[str]:
    """Return one label a token: outside, or the beginning or inside of an entity."""
    labels = []
    for start, end in spans:
        inside = next(
            (found for found in entities if start >= found["start"] and end <= found["end"]), None
        )
        if inside is None:
            labels.append(_OUTSIDE)
        else:
            labels.append(f"{'B' if start == inside['start'] else 'I'}-{inside['entity']}")
    return labels


def _is_small_talk(found: dict[str, Any], text: str) -> bool:
    meanings = set(concepts().find(fold(text[found["start"] : found["end"]])))
    return found["entity"] == "name" and bool(meanings & NEVER_NAMES)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class DetailExtractor(GraphComponent, EntityExtractorMixin):
    """Extracts `product` and `name`."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: bytes | None = None,
    ) -> None:
        self._storage = model_storage
        self._resource = resource
        # The tagger reads from these bytes as long as it lives, and does not hold them itself.
        self._model = model
        self._tagger: pycrfsuite.Tagger | None = None
        if model is not None:
            self._tagger = pycrfsuite.Tagger()
            self._tagger.open_inmemory(model)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DetailExtractor:
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
    ) -> DetailExtractor:
        """Load a trained component."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, (folder / MODEL_FILE).read_bytes())

    def train(self, training_data: TrainingData) -> Resource:
        """Train on annotated messages, and on plain ones of the intents in `TRAINED_ON`."""
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(
            {"c1": 0.01, "c2": 0.3, "max_iterations": 80, "feature.possible_transitions": True}
        )
        for example in training_data.intent_examples:
            entities = example.get(ENTITIES) or []
            text = example.get(TEXT)
            if text and (entities or example.get("intent") in TRAINED_ON):
                spans = tokens(text)
                trainer.append(word_features(text, spans), bio_labels(spans, entities))
        with self._storage.write_to(self._resource) as folder:
            path = folder / MODEL_FILE
            trainer.train(str(path))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message."""
        for message in messages:
            found = self.extract(message.get(TEXT) or "")
            message.set(ENTITIES, (message.get(ENTITIES) or []) + found, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing that trains later needs our entities."""
        return training_data

    def extract(self, text: str) -> list[dict[str, Any]]:
        """Return the entities of a text with their places and confidences."""
        spans = tokens(text)
        if self._tagger is None or not spans:
            return []
        labels = self._tagger.tag(word_features(text, spans))
        found: list[dict[str, Any]] = []
        for place, (label, (start, end)) in enumerate(zip(labels, spans)):
            kind, _, entity = label.partition("-")
            if not entity:
                continue
            confidence = float(self._tagger.marginal(label, place))
            if (
                kind == "I"
                and found
                and found[-1]["entity"] == entity
                and found[-1]["_last"] == place - 1
            ):
                found[-1].update(
                    end=end, confidence=min(confidence, found[-1]["confidence"]), _last=place
                )
            else:
                found.append(
                    {
                        "entity": entity,
                        "start": start,
                        "end": end,
                        "confidence": confidence,
                        "_last": place,
                    }
                )
        return [
            {
                "entity": one["entity"],
                "start": one["start"],
                "end": one["end"],
                "value": text[one["start"] : one["end"]],
                "confidence_entity": round(one["confidence"], 3),
                "extractor": "DetailExtractor",
            }
            for one in found
            if one["confidence"] >= MIN_CONFIDENCE and not _is_small_talk(one, text)
        ]
