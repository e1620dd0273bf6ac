"""Finding the numbers of passports, identity cards, residence permits and driving licences.

A Kazakh passport's number is told by its form (N and eight digits). The others are plain numbers: a word near them says
what they are.
"""

import re
from collections.abc import Iterator

from bot.privacy.typography import plain

_PASSPORT_FORM = re.compile(r"(?<![^\W_])n\s?[№#]?\s?\d{2}\s?\d{2}\s?\d{2}\s?\d{2}(?!\d)")
_CARD_WORD = re.compile(
    r"удостов(?:ерен\w*|\.|\b)|удост\.|(?<![^\W_])уд\.?\s?/?\s?(?:лич\w*|л(?![^\W_])\.?|в(?![^\W_])|№|\d)|(?<![^\W_])удв?\b|"
    r"куәлі\w*|куалик\w*|kualik\w*|kuelik\w*|udostover\w*|identity|национальн\w* id|"
    r"(?<!order )(?<!user )(?<!client )(?<!заказ )(?<!заказа )\bid\b|вид\w* на жит\w*|внж|рұқсат|residence permit|свидетельств\w*|іжк"
)
_PASSPORT_WORD = re.compile(
    r"п[ао]сп[ао]рт\w*|загран\w*|төлқұжат\w*|т[өо]лк[ұу]жат\w*|passport|pasport\w*|travel document|внж|"
    r"(?<![^\W_])прав[аy](?![^\W_])|водительск\w*|жүргізуші\w*|driv\w+'?s? licen[cs]e|серия|серии|серией|(?<![^\W_])сер\.|сериясы"
)
_NINE = re.compile(r"(?<!\d)(?<!\d[\-/.])\d{3}[\s\-.]?\d{3}[\s\-.]?\d{3}(?![\-/.]?\d)")
_SERIES = re.compile(
    r"(?<!\d)\d{2}[\s\-]?\d{2}[\s,;]{0,3}(?:(?:номер|ном\.|нөмірі|number|no\.?|№|n)[\s:№.]{0,3})?\d{3}[\s\-]?\d{3}(?!\d)"
)
_FOREIGN = re.compile(
    r"(?<![^\W_])(?=[a-zа-я]{0,3}\s?[№#]?\s?[a-z\d]*\d{2})(?:[a-zа-я]{1,3}\s?[№#]?\s?\d[\d\s]{4,8}\d"
    r"|\d{2}\s?№?\s?\d{7}|\d{2} \d{3} \d{4}|\d{8,9}|[a-z][a-z\d]{7,8})"
    r"(?![^\W_])"
)
_LETTER_LATER = re.compile(r"(?<!\d)\d{8}\s{1,2}(?:сери[яи]\w*|series)\s{1,2}[nн](?![^\W_])")
_BETWEEN = 42
_AFTER = 34
_SENTENCE = re.compile(r"[!?\n]|\.\s+[а-яa-z]{4}")
_OTHER_WORD = re.compile(
    r"заказ|тапсырыс|накладн|счёт|счет|артикул|заявк|трек|order|invoice|договор|телефон|\bтел\b|phone|изделия|оборудован|"
    r"выдан|берілген|issued|photo|фото|срок"
)


def find_documents(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every document's number in `text`."""
    text = plain(text)
    for match in _PASSPORT_FORM.finditer(text):
        yield match.span()
    for word in _CARD_WORD.finditer(text):
        yield from _behind(text, word, _NINE)
    for word in _PASSPORT_WORD.finditer(text):
        for form in (_LETTER_LATER, _SERIES, _NINE, _FOREIGN):
            found = list(_behind(text, word, form))
            yield from found
            if found:
                break
    if _CARD_WORD.search(text) or _PASSPORT_WORD.search(text):
        yield from _in_front(text)


def _behind(text: str, word: re.Match[str], form: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield numbers of a form that stand behind a word, in the same sentence, with nothing else that they could be of."""
    # The word's pattern may have read into the number.
    begin = word.start() + len(word.group().rstrip("№0123456789 "))
    for match in form.finditer(text, begin, min(len(text), begin + _BETWEEN + 20)):
        between = text[begin : match.start()]
        if len(between) > _BETWEEN or _SENTENCE.search(between) or _OTHER_WORD.search(between):
            return
        if sum(map(str.isdecimal, match.group())) >= 4:
            yield match.span()


def _in_front(text: str) -> Iterator[tuple[int, int]]:
    """Yield Russian and Kazakh numbers in front of the word: "4514 218833, паспорт"."""
    for form, word in ((_SERIES, _PASSPORT_WORD), (_NINE, _CARD_WORD)):
        for match in form.finditer(text):
            near = word.search(text, match.end(), match.end() + _AFTER)
            if near and not _SENTENCE.search(text, match.end(), near.start()):
                yield match.span()
