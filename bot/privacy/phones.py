"""Finding phone numbers as people in Kazakhstan write them, and foreign ones.

Prices, dates and order numbers are made of digits too. A number counts as a phone when its digits are one: a Kazakh or
Russian number with its prefix, a Kazakh mobile or big-city number without, a foreign one with a plus, or with a word
beside it that says so.
"""

import re
from collections.abc import Iterator

import phonenumbers

_SEPARATOR = r"[\s.\-\u2010-\u2015_/()\u00a0\u202f,]"
_DIGIT = r"[\dOoОо]"
# The second number of a range and the decimals of a price are kept out by looking at what stands around.
_BEFORE = r"(?<![\dA-Za-zА-Яа-я])"
_AFTER = r"(?![\d])"
_NATIONAL = re.compile(
    rf"{_BEFORE}(?P<prefix>\+\s?7|8|7|\(8\)|\(\+7\)){_SEPARATOR}{{0,3}}(?P<rest>[3-9]{_DIGIT}{{2}}(?:{_SEPARATOR}{{0,3}}{_DIGIT}){{7}}){_AFTER}"
)
_BARE = re.compile(rf"{_BEFORE}(?P<rest>7(?:{_SEPARATOR}{{0,2}}\d){{9}}){_AFTER}")
_LOCAL = re.compile(
    rf"{_BEFORE}(?:[2-9]\d{{2}}-\d{{2}}-\d{{2}}|[2-9]\d{{2}} \d{{2}} \d{{2}}|\d{{2}}-\d{{2}}-\d{{2}}){_AFTER}"
)
_LONG = re.compile(rf"{_BEFORE}(?:00\s?)?[1-9](?:{_SEPARATOR}{{0,2}}\d){{9,13}}{_AFTER}")
# Mobile operators' codes, then Almaty, Astana and Shymkent, of the national numbering plan.
_CODES = """
700 701 702 703 704 705 706 707 708 709 747 750 751 760 761 762 763 764 771 775 776 777 778
727 717 725
"""
_BARE_CODES = frozenset(_CODES.split())
_CURRENCY = re.compile(
    r"\s{0,2}(?:₸|тг\b|тенге|теңге|kzt|tenge|tg\b|руб|₽|\$|€|usd|%)", re.IGNORECASE
)
_PHONE_WORD = re.compile(
    r"тел(?:ефон|\b)|тлф|номер|нөмір|номір|нөмер|сот(?:ов|ка|\b)|моб|звон|қоңырау|хабарлас|ватсап|вацап|вотсап|"
    r"уатсап|whats?app|wa\.me|phone|\btel\b|\bcall\b|\bnumber\b|\bmobile\b|\bcell\b|nomer|nomir|viber|факс|тел\.",
    re.IGNORECASE,
)
_ORDER_WORD = re.compile(
    # Without a word for "number" between them it may as well be the phone of the one who orders.
    r"(?:заказ|тапсырыс|накладн|счёт|счет|шот|чек|артикул|заявк|трек|order|invoice|sku|article|zakaz)\S{0,6}"
    r"\s{0,2}(?:№|#|номер\S{0,3}|нөмірі?|no\.?|number)\s{0,2}$|[№#]\s{0,2}$",
    re.IGNORECASE,
)
_REACH = 24
_OH = str.maketrans("OoОо", "0000")


def find_phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every phone number in `text`; spans of different spellings may overlap."""
    for match in _NATIONAL.finditer(text):
        if not _is_money(text, match.end()):
            yield match.span()
    for match in _BARE.finditer(text):
        if _digits(match["rest"])[:3] in _BARE_CODES and not _is_fact(text, *match.span()):
            yield match.span()
    for match in _LOCAL.finditer(text):
        grouped = match.group().count("-") == 2 and len(match.group()) == 9
        if (grouped or _names_phone(text, *match.span())) and not _is_fact(text, *match.span()):
            yield match.span()
    yield from _foreign(text)


def _foreign(text: str) -> Iterator[tuple[int, int]]:
    if "+" in text:
        for found in phonenumbers.PhoneNumberMatcher(
            text, None, leniency=phonenumbers.Leniency.POSSIBLE
        ):
            yield found.start, found.end
    for match in _LONG.finditer(text):
        digits = _digits(match.group()).removeprefix("00")
        named = match.group().startswith("00") or _names_phone(text, *match.span())
        if named and not _is_money(text, match.end()) and _is_valid_abroad(digits):
            yield match.span()


def _is_valid_abroad(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _is_fact(text: str, start: int, end: int) -> bool:
    return (
        _is_money(text, end) or _ORDER_WORD.search(text[max(0, start - _REACH) : start]) is not None
    )


def _is_money(text: str, end: int) -> bool:
    return _CURRENCY.match(text, end) is not None


def _names_phone(text: str, start: int, end: int) -> bool:
    return _PHONE_WORD.search(text[max(0, start - _REACH) : end + _REACH // 2]) is not None


def _digits(text: str) -> str:
    return "".join(letter for letter in text.translate(_OH) if letter.isdecimal())
