"""Presidio as it comes: its own recognisers for English, with phone regions of those who write to a Kazakh company.

Its pipeline is a blank one, as no spaCy model is at hand for Kazakh; so people's names are left out of the comparison.
"""

from functools import cache
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from bot.privacy.asking import Asked
from bot.privacy.masking import Masking
from bot.privacy.spans import Span, without_overlaps

REGIONS = ("KZ", "RU", "UZ", "KG", "US", "GB", "DE", "TR", "CN", "AE", "KR")
LANGUAGE = "en"


class _BlankEngine(SpacyNlpEngine):
    def load(self) -> None:
        pipelines: Any = {LANGUAGE: spacy.blank(LANGUAGE)}
        self.nlp = pipelines


@cache
def analyzer() -> AnalyzerEngine:
    # The e-mail recogniser would fetch a list of domains; the one that tldextract brings along serves as well.
    offline: Any = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = offline
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=[LANGUAGE])
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(PhoneRecognizer(supported_regions=REGIONS))
    return AnalyzerEngine(registry=registry, nlp_engine=_BlankEngine())


class PresidioMasking(Masking):
    """The same masking with Presidio's finds in place of ours."""

    def spans(self, text: str, *, asked: Asked = "") -> list[Span]:
        found = analyzer().analyze(text, LANGUAGE)
        spans = [Span(result.start, result.end, "TEXT") for result in found]
        return without_overlaps(text, spans, ("TEXT",))
