"""Masking a whole prompt and restoring the answer."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from bot.privacy.asking import CUES, Asked, is_bare_address
from bot.privacy.known import KnownName, KnownNames
from bot.privacy.markers import ALL_KINDS, TEXT, MarkerBook, Restored, find_markers, with_brackets
from bot.privacy.recognisers import LANGUAGE, ORDER, all_recognisers
from bot.privacy.spans import Span, without_overlaps

LONGEST = 20_000
"""Characters that are looked at word by word; what is beyond them is hidden as a whole."""
_LONGEST_VALUE = 300
PERSON = "PERSON"
_LONGEST_NAME, _MOST_NAMES = 60, 60
_SHORTEST_VALUE, _MOST_VALUES = 8, 200

__all__ = ["ALL_KINDS", "KnownName", "MarkerBook", "Masking", "MaskingFailedError", "Restored"]


class MaskingFailedError(Exception):
    """Masking did not finish: the text must not leave."""


@cache
def analyzer() -> AnalyzerEngine:
    """Return the process's analyser: built once, without a network call."""
    registry = RecognizerRegistry(recognizers=all_recognisers(), supported_languages=[LANGUAGE])
    engine = NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])


class Masking:
    """The masking of one prompt. The same value in any of its texts has the same marker.

    Args:
        book: the conversation's markers; a new book without it.
        known: names that are masked wherever they occur, such as those of the tenant's contacts and operators.
        kinds: what is masked, of `ALL_KINDS`.

    Raises:
        ValueError: an unknown kind.
    """

    def __init__(
        self,
        *,
        book: MarkerBook | None = None,
        known: Sequence[KnownName] = (),
        kinds: Collection[str] = ALL_KINDS,
    ) -> None:
        if unknown := set(kinds) - set(ALL_KINDS):
            raise ValueError(f"there is nothing called {', '.join(sorted(unknown))} to mask")
        self.book = MarkerBook() if book is None else book
        self._kinds = frozenset(kinds)
        self._known = KnownNames(known)
        self._met: tuple[tuple[str, ...], KnownNames] = ((), KnownNames(()))

    def mask(self, text: str, *, asked: Asked = "") -> str:
        """Return `text` with every personal datum replaced by a marker; restoring it gives `text` again.

        Args:
            text: what is masked.
            asked: what the message before asked for; an answer alone hardly tells what it is.

        Raises:
            MaskingFailedError: anything went wrong. Nothing of the prompt may be sent then.
        """
        try:
            masked = self._replaced(
                text, self.spans(text, asked=asked) if asked else self.spans(text)
            )
            if self.book.restore(masked).text != text:
                # Marks around a marker that would be taken for its own: such a text is hidden as a whole.
                masked = self.book.marker(TEXT, text)
        except Exception as error:
            # The original error may quote the text; it must not reach a log.
            raise MaskingFailedError(type(error).__name__) from None
        return masked

    def restore(self, text: str) -> Restored:
        """Put the values back into what the model wrote."""
        return self.book.restore(text)

    def spans(self, text: str, *, asked: Asked = "") -> list[Span]:
        """Return what is masked of `text`, in order; `TEXT` is what looks like a marker."""
        found = [*self._found(text[:LONGEST]), *self._told_before(text[:LONGEST])]
        if asked:
            found += self._answered(text[:LONGEST], asked)
        if PERSON in self._kinds:
            # A name that was told once is one wherever it stands: in another case, in small letters, in Latin ones.
            told = {text[span.start : span.end] for span in found if span.kind == PERSON}
            for names in (self._names_met(), _as_known(sorted(told))):
                found += names.find(text[:LONGEST])
        found = without_overlaps(text, found, ORDER)
        if len(text) > LONGEST:
            # A value may lie across the cut, so the end is hidden from somewhat before it.
            cut = LONGEST - _LONGEST_VALUE
            cut = min([cut, *(span.start for span in found if span.end > cut)])
            found = [span for span in found if span.end <= cut]
            found.append(Span(cut, len(text), TEXT))
        return found

    def _answered(self, text: str, asked: Asked) -> Iterator[Span]:
        """Yield what is found of an answer behind the words that asked for it."""
        cue = CUES[asked]
        if asked == "address" and "ADDRESS" in self._kinds and is_bare_address(text):
            yield Span(0, len(text), "ADDRESS")
        for span in self._found(cue + text):
            if span.end > len(cue):
                yield Span(max(0, span.start - len(cue)), span.end - len(cue), span.kind)

    def _told_before(self, text: str) -> Iterator[Span]:
        """Yield what stands there exactly as the conversation told it, though what is around it now speaks against it."""
        for row in self.book.rows()[-_MOST_VALUES:]:
            kind, value = row["kind"], row["value"]
            if kind not in self._kinds or not _SHORTEST_VALUE <= len(value) <= _LONGEST_VALUE:
                continue
            start = text.find(value)
            while start >= 0:
                end = start + len(value)
                inside = text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum()
                if not inside:
                    yield Span(start, end, kind)
                start = text.find(value, end)

    def _names_met(self) -> KnownNames:
        """Return the people of the conversation so far."""
        values = self.book.values(PERSON)
        if self._met[0] != values:
            self._met = (values, _as_known(values))
        return self._met[1]

    def _found(self, text: str) -> Iterator[Span]:
        for result in analyzer().analyze(text, LANGUAGE):
            if result.entity_type in self._kinds:
                yield Span(result.start, result.end, result.entity_type)
        for span in self._known.find(text):
            if span.kind in self._kinds:
                yield span
        for start, end in find_markers(text):
            yield Span(start, end, TEXT)

    def _replaced(self, text: str, spans: Sequence[Span]) -> str:
        pieces: list[str] = []
        end = 0
        for span in spans:
            start, stop = with_brackets(text, span.start, span.end)
            start = max(start, end)
            pieces += (text[end:start], self.book.marker(span.kind, text[start:stop]))
            end = stop
        return "".join((*pieces, text[end:]))


def _as_known(names: Sequence[str]) -> KnownNames:
    """Return names to be found again: so many and so long that a text made to cost time costs little."""
    usual = [name for name in names if len(name) <= _LONGEST_NAME]
    return KnownNames(list(map(KnownName, usual[-_MOST_NAMES:])))
