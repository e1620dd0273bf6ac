"""Presidio recognisers for what people in Kazakhstan type into chats.

Presidio's own ones are left out: the e-mail one may fetch a list of domains from the network, and the others take long
numbers for foreign documents, which spoils order numbers. No recogniser here needs a language model or a tokenizer.
"""

from collections.abc import Callable, Iterator
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

from bot.privacy import addresses, documents, emails, national, payments, phones, street_words
from bot.privacy.names import find_people
from bot.privacy.spans import joined

LANGUAGE = "xx"
"""Presidio wants a language; ours do not depend on one."""

ORDER = ("IBAN", "EMAIL", "CARD", "IIN", "BIN", "PHONE", "PASSPORT", "ADDRESS", "PERSON", "TEXT")
"""Whose finds win over an overlapping other, first ones first."""

type Find = Callable[[str], Iterator[tuple[int, int]]]


class SpanRecogniser(EntityRecognizer):
    """A recogniser of one entity that is found by looking at the text alone; what is found is certain."""

    def __init__(self, entity: str, find: Find) -> None:
        self._find = find
        super().__init__(supported_entities=[entity], supported_language=LANGUAGE, name=entity)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[RecognizerResult]:  # noqa: ARG002
        """Return the spans that were found, those that overlap made one, with the score 1."""
        entity = self.supported_entities[0]
        return [
            RecognizerResult(entity, start, end, 1.0) for start, end in joined(self._find(text))
        ]


def _people(text: str) -> Iterator[tuple[int, int]]:
    for span in find_people(text):
        # A letter alone tells nobody.
        told = sum(map(str.isalpha, text[span.start : span.end])) > 1
        if told and not street_words.is_of_street(text, span.start, span.end):
            yield span.start, span.end


def all_recognisers() -> list[SpanRecogniser]:
    """Return one of each."""
    finders: dict[str, Find] = {
        "IBAN": payments.find_accounts,
        "EMAIL": emails.find_emails,
        "CARD": payments.find_cards,
        "IIN": national.find_iins,
        "BIN": national.find_bins,
        "PHONE": phones.find_phones,
        "PASSPORT": documents.find_documents,
        "ADDRESS": addresses.find_addresses,
        "PERSON": _people,
    }
    return [SpanRecogniser(entity, find) for entity, find in finders.items()]
