"""How many: numbers in digits and words, with the unit that is said after them."""

import re

MAX_UNIT = 20
MOST = 1_000_000
_WORDS = {
    **dict.fromkeys(("один", "одна", "одну", "одно", "бір", "бир", "one", "штука", "штуку"), 1),
    **dict.fromkeys(("два", "две", "пара", "пару", "екі", "еки", "two", "couple", "pair"), 2),
    **dict.fromkeys(("три", "тройка", "үш", "уш", "three"), 3),
    **dict.fromkeys(("четыре", "төрт", "торт", "four"), 4),
    **dict.fromkeys(("пять", "бес", "five"), 5),
    **dict.fromkeys(("шесть", "алты", "six"), 6),
    **dict.fromkeys(("семь", "жеті", "жети", "seven"), 7),
    **dict.fromkeys(("восемь", "сегіз", "сегиз", "eight"), 8),
    **dict.fromkeys(("девять", "тоғыз", "тогыз", "nine"), 9),
    **dict.fromkeys(("десять", "десяток", "он", "ten"), 10),
    **dict.fromkeys(("дюжина", "дюжину", "dozen"), 12),
    **dict.fromkeys(("двадцать", "жиырма", "twenty"), 20),
}
# "торт" is a cake, "он" is "he": such words count only where a quantity was asked for.
_AMBIGUOUS = {"торт", "он", "уш", "бес", "пара", "штука", "one", "pair", "couple"}
_WORD = re.compile(r"[^\W\d_]+")
_UNIT = r"(?:[ \t]*(?P<unit>шт(?:ук\w*|\.)?|дана|кг|kg|г(?:р(?:амм\w*)?)?|л(?:итр\w*)?|м(?:етр\w*)?|комплект\w*|пар\w*|упаков\w*|короб\w*|pcs|pieces?|pairs?|boxes|sets?|items?)(?!\w))?"
_DIGITS = re.compile(
    rf"(?<![\w.,+/-])(?P<number>\d{{1,6}}(?:[.,]\d{{1,3}})?){_UNIT}(?![\w/:-])", re.IGNORECASE
)


def read_quantity(text: str) -> str | None:
    """Return an answer to "how many?" as a number with its unit: "2", "2.5 кг"; `None` when it holds none or several."""
    found = list(_DIGITS.finditer(text))
    if len(found) == 1:
        return _spoken(found[0])
    if found:
        return None
    numbers = {_WORDS[word] for word in map(str.lower, _WORD.findall(text)) if word in _WORDS}
    return str(numbers.pop()) if len(numbers) == 1 else None


def quantity_of(product: str) -> tuple[str | None, str]:
    """Return how many of a product are wanted and the product itself: "две палатки" is ("2", "палатки").

    The number stands first; a phrase without one is the product alone.
    """
    match = _DIGITS.match(product)
    if match:
        rest = product[match.end() :].strip()
        return (_spoken(match), rest) if rest and _WORD.search(rest) else (None, product)
    first, _, rest = product.partition(" ")
    number = None if first.lower() in _AMBIGUOUS else _WORDS.get(first.lower())
    return (str(number), rest.strip()) if number and rest.strip() else (None, product)


def _spoken(match: re.Match[str]) -> str | None:
    number = match["number"].replace(",", ".")
    if not 0 < float(number) <= MOST:
        return None
    whole = number.rstrip("0").rstrip(".") if "." in number else str(int(number))
    unit = (match["unit"] or "").strip()[:MAX_UNIT]
    return f"{whole} {unit}" if unit else whole
