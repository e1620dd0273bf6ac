"""Presidio recognisers for the identifiers that people in Kazakhstan type into chats.

Presidio's own ones are left out: the e-mail one may fetch a list of domains from the network, and the others take long
numbers for foreign documents, which spoils order numbers. No recogniser here needs a language model or a tokenizer.
"""

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

from bot.privacy import identifiers, phones

LANGUAGE = "xx"
"""Presidio wants a language; ours do not depend on one."""

_SEPARATOR = r"[\s\-\u2010-\u2015.\u00a0\u202f]"
_NUMBER = re.compile(rf"(?<!\d)\d(?:{_SEPARATOR}{{0,2}}\d){{11,18}}(?!\d)")
_TWELVE = re.compile(rf"(?<!\d)\d(?:{_SEPARATOR}?\d){{11}}(?!\d)")
_SIXTEEN = re.compile(rf"(?<!\d)\d{{4}}(?:{_SEPARATOR}{{0,2}}\d{{4}}){{3}}(?!\d)")
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[ \-]?\d{2}(?:[ \-\u00a0]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"
)
_KAZAKH_IBAN = re.compile(
    r"(?<![A-Za-z0-9])KZ[ \-]?\d{2}(?:[ \-\u00a0]?[A-Za-z0-9]){16}(?![A-Za-z0-9])", re.IGNORECASE
)
_EMAIL = re.compile(
    r"[\w.+\-']{1,64}(?:\s?@\s?|\s?[\[(](?:at|собака)[\])]\s?|\s(?:собака|собачка)\s)"
    r"(?:[\w\-]{1,63}(?:\.|\s?[\[(](?:dot|точка)[\])]\s?|\s(?:точка|нүкте)\s)){1,4}[^\W\d_]{2,24}",
    re.IGNORECASE,
)
_REACH = 28
_IIN_WORD = re.compile(r"\b(?:иин|жсн|iin|jsn)\b", re.IGNORECASE)
_BIN_WORD = re.compile(r"\b(?:бин|бсн|bin|bsn)\b", re.IGNORECASE)
_CARD_WORD = re.compile(r"карт|card|kart|visa|master", re.IGNORECASE)


class SpanRecogniser(EntityRecognizer):
    """A recogniser of one entity that is found by looking at the text alone."""

    entity: str

    def __init__(self) -> None:
        super().__init__(supported_entities=[self.entity], supported_language=LANGUAGE)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[RecognizerResult]:  # noqa: ARG002
        """Return the spans that `find` yields. What is yielded is certain: the score is 1."""
        return [RecognizerResult(self.entity, start, end, 1.0) for start, end in self.find(text)]

    @abstractmethod
    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each entity."""


class PhoneRecogniser(SpanRecogniser):
    """Phone numbers."""

    entity = "PHONE"

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of phone numbers."""
        yield from phones.find_phones(text)


class EmailRecogniser(SpanRecogniser):
    """E-mail addresses, also with the at sign or the dots spelled out."""

    entity = "EMAIL"

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of addresses."""
        for match in _EMAIL.finditer(text):
            yield match.span()


class NationalNumberRecogniser(SpanRecogniser):
    """Twelve digits that are an IIN or a BIN, or are called one (a mistyped IIN is still somebody's)."""

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of valid numbers and of those that a word names."""
        for match in _TWELVE.finditer(text):
            digits = _digits(match.group())
            if self.is_valid(digits) or self.named(
                text[max(0, match.start() - _REACH) : match.start()]
            ):
                yield match.span()

    @abstractmethod
    def is_valid(self, digits: str) -> bool:
        """Tell whether the twelve digits are a valid number of this kind."""

    @abstractmethod
    def named(self, before: str) -> bool:
        """Tell whether the words before a number call it one of this kind."""


class IinRecogniser(NationalNumberRecogniser):
    """Individual identification numbers."""

    entity = "IIN"

    def is_valid(self, digits: str) -> bool:
        """See the base class."""
        return identifiers.is_iin(digits)

    def named(self, before: str) -> bool:
        """See the base class."""
        return _IIN_WORD.search(before) is not None


class BinRecogniser(NationalNumberRecogniser):
    """Business identification numbers."""

    entity = "BIN"

    def is_valid(self, digits: str) -> bool:
        """See the base class."""
        return identifiers.is_bin(digits)

    def named(self, before: str) -> bool:
        """See the base class."""
        return _BIN_WORD.search(before) is not None


class CardRecogniser(SpanRecogniser):
    """Payment cards: Luhn, or four groups of four digits beside a word for a card (mistyped)."""

    entity = "CARD"

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of card numbers."""
        for match in _NUMBER.finditer(text):
            if identifiers.is_card(_digits(match.group())):
                yield match.span()
        for match in _SIXTEEN.finditer(text):
            digits = _digits(match.group())
            around = text[max(0, match.start() - _REACH) : match.end() + _REACH]
            if identifiers.is_card(digits) or _CARD_WORD.search(around):
                yield match.span()


class IbanRecogniser(SpanRecogniser):
    """Bank accounts: any valid IBAN, and what has the form of a Kazakh one even when mistyped."""

    entity = "IBAN"

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of accounts."""
        for match in _IBAN.finditer(text):
            end = _iban_end(match.group())
            if end:
                yield match.start(), match.start() + end
        for match in _KAZAKH_IBAN.finditer(text):
            yield match.span()


def _iban_end(candidate: str) -> int:
    """Return where a valid IBAN at the beginning of `candidate` ends; words may follow it. 0: there is none."""
    for end in range(len(candidate), 14, -1):
        if candidate[end - 1].isalnum() and identifiers.is_iban(
            re.sub(r"[^A-Za-z0-9]", "", candidate[:end])
        ):
            return end
    return 0


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())


def all_recognisers() -> list[SpanRecogniser]:
    """Return one of each, those whose finds win over an overlapping other first."""
    return [
        IbanRecogniser(),
        EmailRecogniser(),
        CardRecogniser(),
        IinRecogniser(),
        BinRecogniser(),
        PhoneRecogniser(),
    ]
