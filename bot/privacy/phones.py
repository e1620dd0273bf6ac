"""Finding phone numbers as people in Kazakhstan write them, and foreign ones.

Prices, dates and order numbers are made of digits too. A number counts as a phone when its digits are one: a Kazakh or
Russian number with its prefix, a Kazakh mobile or big-city number without, a foreign one with a plus, or with a word
beside it that says so.
"""

import re
from collections.abc import Iterator

import phonenumbers

from bot.privacy.spoken import Spoken, find_spoken
from bot.privacy.typography import plain

_SEPARATOR = r"[\s.\-_/()\[\]|\\=*,~]"
# Letters that people write for digits; see `_is_written_well`.
_LETTERS = "oоliзб"
_DIGIT = rf"[\d{_LETTERS}]"
_BEFORE = r"(?<!\d)(?<!\d[.,])"
_AFTER = r"(?!\d)"
_NATIONAL = re.compile(
    rf"{_BEFORE}(?=(?P<number>(?P<prefix>\+{_SEPARATOR}{{0,2}}7|8|7){_SEPARATOR}{{0,4}}"
    rf"(?P<rest>[3-9](?:{_SEPARATOR}{{0,4}}{_DIGIT}){{9}}){_AFTER}))"
)
_BARE = re.compile(rf"{_BEFORE}(?=(?P<number>7(?:{_SEPARATOR}{{0,2}}{_DIGIT}){{9}}){_AFTER})")
_GROUPED = re.compile(
    rf"{_BEFORE}(?:[2-9]\d{{2}}-\d{{2}}-\d{{2}}|(?:1[\s.\-])?\(?[2-9]\d{{2}}\)?[\s.\-]{{1,2}}\d{{3}}[.\-]\d{{4}})(?!-?\d)"
)
_SHORT = re.compile(
    rf"{_BEFORE}(?:\d{{2,3}}[\- ]\d{{2}}[\- ]\d{{2}}|\d-\d{{2}}-\d{{2}}|\d{{3,4}}-\d{{2,4}}|\d{{5,7}}){_AFTER}"
)
_LONG = re.compile(rf"{_BEFORE}(?P<prefix>\+\s?|00\s?)?\d(?:{_SEPARATOR}{{0,4}}\d){{6,14}}{_AFTER}")
_GROUP = re.compile(r"\d+")
# Mobile operators' codes, then Almaty, Astana, Shymkent and other cities', of the national numbering plan.
_BARE_CODE = re.compile(r"70[0-9]|747|75[01]|76[0-4]|77[15678]|727|717|725")
_CITY_CODE = re.compile(r"7[12]")
"""Any city's; without the prefix only in brackets: (7212) 41-15-20."""
_KAZAKH_CODE = re.compile(r"7\d")
_CURRENCY = re.compile(r"\s{0,2}(?:₸|тг\b|тенге|теңге|kzt|tenge|tg\b|руб|₽|\$|€|usd|%|сум\b)")
_PHONE_WORD = re.compile(
    r"тел(?:[её]фон|\b)|тлф|сот(?:ов|ка|ый|\b)|моб(?:ил|\b)|мобайл|звон|наб[еи]р|дозвон|домашн|городск|рабоч|"
    r"қоңырау|хабарлас|ұялы|в[ао]тсап|вацап|уатсап|whats?app|wa\.me|phone|\btel\b|\bcall\b|\bmobile\b|\bcell\b|\bdial\b|"
    r"\bring\b|\btext\b|\breach\b|viber|вайбер|вичат|wechat|факс|\bfax\b|смс|\bsms\b|telegram|телеграм|qonyrau|nomer|nomir"
)
_NUMBER_WORD = re.compile(r"номер|нумер|нөмір|номір|нөмер|\bnumber\b|\bno\b")
_NUMBER_BEHIND = re.compile(r"[ ,-]{1,3}(?:[^\W\d_]+ ){0,2}(?:номер|нөмір|номір|number)")
_OTHER_WORD = re.compile(
    r"заказ|тапсырыс|накладн|счёт|счет|шот|чек\b|артикул|заявк|трек|order|invoice|sku|article|zakaz|договор|келісім|брон|"
    r"полис|карт|card|паспорт|passport|licen[cs]e|permit|құжат|удост|куәлі|лицев|id\b|иин|жсн|бин|бсн|код\b|code|imei|"
    r"код\w*(?:\s\S+){0,2}\s(?:смс|sms)|(?:смс|sms)\S{0,3}\s?(?:код|code)|\bpart\b|детал|запчаст|штрих|ticket|билет|рейс|вакан|кадастр|серийн|табельн|идентиф|регистрац|инвентар|каталож|госномер|\bvin\b|\bвин\b"
)
_ORDER_NUMBER = re.compile(
    # Without a word for "number" between them it may as well be the phone of the one who orders.
    r"(?:заказ|тапсырыс|накладн|счёт|счет|шот|чек|артикул|заявк|трек|order|invoice|sku|article|zakaz|договор)\S{0,6}"
    r"\s{0,2}(?:№|#|номер\S{0,3}|нөмірі?|no\.?|number)\s{0,2}$|[№#]\s{0,2}$"
)
_CODE_BEFORE = re.compile(
    r"(?:(?<!\w)(?:код|code|артикул|арт|part|sku|деталь|трек|track(?:ing)?|штрих-?код|шк|imei|смс|sms)"
    r"(?:[ -]?(?:номер|no|number|code|код|из смс|№))?|№|#)[.:]?\s{0,2}$"
)
"""Directly before digits without a plus or a gap: they are what it says."""
_REACH = 26
_SHORTEST_MOBILE = 10
# Uzbekistan, Kyrgyzstan, Tajikistan, Azerbaijan, Georgia, Ukraine, Belarus.
_NEIGHBOURS = re.compile(r"99[24568]|380|375")
_NEIGHBOURS_LENGTH = 12
_LIST = re.compile(r", ")
_NEW_SENTENCE = re.compile(r"[?!;]")


def find_phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every phone number in `text`; spans of different spellings may overlap."""
    text = plain(text)
    for match in _NATIONAL.finditer(text):
        start, end = match.span("number")
        if _is_national(text, match, start, end):
            yield start, end
    for match in _BARE.finditer(text):
        start, end = match.span("number")
        if (
            _is_bare_code(text, start, _digits(match["number"]))
            and _is_written_well(match["number"])
            and not _ends_in_word(text, start)
            and not (_LIST.search(match["number"]) and not _names_phone(text, start, end))
            and not _is_fact(text, start, end)
            and not _is_code(text, start, end)
        ):
            yield start, end
    for match in _GROUPED.finditer(text):
        if not _is_fact(text, *match.span()):
            yield match.span()
    for match in _SHORT.finditer(text):
        if _names_phone(text, *match.span()) and not _is_fact(text, *match.span()):
            yield match.span()
    yield from _foreign(text)
    for run in find_spoken(text):
        yield from _in_words(run)


def _is_bare_code(text: str, start: int, digits: str) -> bool:
    bracketed = start > 0 and text[start - 1] == "("
    return _BARE_CODE.match(digits) is not None or (
        bracketed and _CITY_CODE.match(digits) is not None
    )


def _is_national(text: str, match: re.Match[str], start: int, end: int) -> bool:
    rest = _digits(match["rest"])
    if not _is_written_well(match["number"]):
        return False
    if match["prefix"].startswith("+"):
        return True
    if _latin_before(text, start) and not _names_phone(text, start, end):
        return False
    if (_is_money(text, start, end) or _is_code(text, start, end)) or (
        _LIST.search(match["number"]) and not _names_phone(text, start, end)
    ):
        return False
    if _KAZAKH_CODE.match(rest):
        return True
    return _is_valid_abroad("7" + rest) or _names_phone(text, start, end)


def _foreign(text: str) -> Iterator[tuple[int, int]]:
    for match in _LONG.finditer(text):
        start = match.start()
        international = match["prefix"] is not None
        named = (
            international or _names_phone(text, *match.span()) or _is_of_neighbours(match.group())
        )
        if not named or _latin_before(text, start):
            continue
        # A sum or a time may follow the number: the longest beginning that is a number counts.
        ends = [
            start + group.end()
            for group in _GROUP.finditer(match.group())
            if start + group.end() == match.end() or match.group()[group.end()] in " \n,"
        ]
        fallback = 0
        for end in reversed(ends):
            digits = _digits(text[start:end])
            if match["prefix"] and match["prefix"].startswith("00"):
                digits = digits[2:]
            if len(digits) > 15 or _is_fact(text, start, end):
                continue
            if _is_valid_abroad(digits):
                yield start, end
                break
            if len(digits) > 8:
                fallback = fallback or end
        else:
            if fallback:
                yield start, fallback


def _in_words(run: list[Spoken]) -> Iterator[tuple[int, int]]:
    place = 0
    while place < len(run):
        digits = ""
        found = place
        for last in range(place, min(place + 16, len(run))):
            digits += run[last].digits
            if _is_said_phone(digits):
                found = last + 1
        if found > place:
            yield run[place].start, run[found - 1].end
        place = max(found, place + 1)


def _is_said_phone(digits: str) -> bool:
    if digits.startswith("+"):
        return 10 < len(digits) < 17 and _is_valid_abroad(digits[1:])
    if len(digits) == 11:
        return digits[0] in "78" and _KAZAKH_CODE.match(digits[1:]) is not None
    return len(digits) == 10 and _BARE_CODE.match(digits) is not None


def _is_of_neighbours(number: str) -> bool:
    """Tell whether a number without a plus is of a country whose people write from next door."""
    digits = _digits(number)
    return (
        len(digits) == _NEIGHBOURS_LENGTH
        and _NEIGHBOURS.match(digits) is not None
        and _is_valid_abroad(digits)
    )


def _is_valid_abroad(digits: str) -> bool:
    if not 7 < len(digits) < 16:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _is_written_well(number: str) -> bool:
    """Tell whether letters stand for digits only where people write them so: beside digits, and few of them."""
    letters = [place for place, letter in enumerate(number) if letter in _LETTERS]
    return not letters or (
        len(letters) <= 5
        and all(
            any(
                0 <= near < len(number) and number[near].isalnum()
                for near in (place - 1, place + 1)
            )
            for place in letters
        )
    )


def _ends_in_word(text: str, start: int) -> bool:
    return start > 0 and text[start - 1].isalpha()


def _latin_before(text: str, start: int) -> bool:
    return start > 0 and text[start - 1].isascii() and text[start - 1].isalpha()


def _is_code(text: str, start: int, end: int) -> bool:
    """Tell whether digits in one piece stand right behind a word for another number: артикул 87012345678."""
    before = text[max(0, start - _REACH) : start]
    return text[start:end].isdigit() and _CODE_BEFORE.search(before) is not None


def _is_fact(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _REACH) : start]
    return _is_money(text, start, end) or _ORDER_NUMBER.search(before) is not None


def _is_money(text: str, start: int, end: int) -> bool:
    """Tell whether a sum is meant: thousands set apart, or not, with a currency behind."""
    if not _CURRENCY.match(text, end):
        return False
    groups = [len(group.group()) for group in _GROUP.finditer(text[start:end])]
    if len(groups) == 1:
        return groups[0] < _SHORTEST_MOBILE
    return all(length == 3 for length in groups[1:])


def _names_phone(text: str, start: int, end: int) -> bool:
    """Tell whether words around a number call it a phone, and the nearest before it nothing else."""
    before = _NEW_SENTENCE.split(text[max(0, start - _REACH) : start])[-1]
    other = max((match.end() for match in _OTHER_WORD.finditer(before)), default=-1)
    named = max((match.end() for match in _PHONE_WORD.finditer(before)), default=-1)
    if named > other:
        return True
    if other >= 0:
        return False
    if _NUMBER_WORD.search(before):
        return True
    after = text[end : end + _REACH]
    return (
        _PHONE_WORD.search(after[: _REACH // 2]) is not None
        or _NUMBER_BEHIND.match(after) is not None
    )


def _digits(text: str) -> str:
    for letters, digit in (("oо", "0"), ("li", "1"), ("з", "3"), ("б", "6")):
        for letter in letters:
            text = text.replace(letter, digit)
    return "".join(letter for letter in text if letter.isdecimal())
