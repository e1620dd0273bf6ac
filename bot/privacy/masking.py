"""Masking a whole prompt and restoring the answer."""

from functools import cache

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from bot.privacy.markers import MarkerBook, Restored, find_markers
from bot.privacy.recognisers import LANGUAGE, all_recognisers

_PRIORITY = {recogniser.entity: place for place, recogniser in enumerate(all_recognisers())}


class MaskingFailedError(Exception):
    """Masking did not finish: the text must not leave."""


@cache
def analyzer() -> AnalyzerEngine:
    """Return the process's analyser: built once, in milliseconds, without a model and without a network call."""
    registry = RecognizerRegistry(recognizers=all_recognisers(), supported_languages=[LANGUAGE])
    engine = NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])


class Masking:
    """The masking of one prompt. The same value in any of its texts has the same marker."""

    def __init__(self) -> None:
        self._book = MarkerBook()

    @property
    def count(self) -> int:
        """How many different values were masked so far."""
        return len(self._book)

    def mask(self, text: str) -> str:
        """Return `text` with every personal identifier replaced by a marker.

        Raises:
            MaskingFailedError: anything went wrong. Nothing of the prompt may be sent then.
        """
        try:
            pieces: list[str] = []
            end = 0
            for start, stop, kind in _spans(text):
                pieces += (text[end:start], self._book.marker(kind, text[start:stop]))
                end = stop
            return "".join((*pieces, text[end:]))
        except Exception as error:
            # The original error may quote the text; it must not reach a log.
            raise MaskingFailedError(type(error).__name__) from None

    def restore(self, text: str) -> Restored:
        """Put the values back into what the model wrote."""
        return self._book.restore(text)


def _spans(text: str) -> list[tuple[int, int, str]]:
    """Return the spans to mask, in order, none overlapping another."""
    found = [
        (
            _PRIORITY[result.entity_type],
            result.start - result.end,
            result.start,
            result.end,
            result.entity_type,
        )
        for result in analyzer().analyze(text, LANGUAGE)
    ]
    found += [
        (len(_PRIORITY), start - end, start, end, "TEXT") for start, end in find_markers(text)
    ]
    chosen: list[tuple[int, int, str]] = []
    for _, _, start, end, kind in sorted(found):
        rest = _outside(start, end, chosen)
        chosen += [
            (left, right, kind) for left, right in rest if any(map(str.isalnum, text[left:right]))
        ]
    return sorted(chosen)


def _outside(start: int, end: int, taken: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """Return the parts of a span that no taken span covers: an overlapped rest may still be half a number."""
    parts = [(start, end)]
    for left, right, _ in taken:
        parts = [
            piece
            for low, high in parts
            for piece in ((low, min(high, left)), (max(low, right), high))
            if piece[0] < piece[1]
        ]
    return parts
