"""Cutting a line of text into sentences without cutting a price, a date, an abbreviation or an address."""

import re

_END = re.compile(r"(?<=[.!?…])[\"»”)]*\s+(?=[\"«“(]*[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ0-9•–—])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"])(?:[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]|г|[Уу]л|[Пп]р|просп|д|кв|оф|корп|стр|эт|мкр|им|т|тел|моб|руб|тг|тыс|млн|мин|макс|см|"
    r"напр|др|пр|т\.е|т\.к|т\.д|т\.п|и т\.д|и т\.п|көш|даңғ|үй|қ|ж|сағ|б|No|St|Ave|approx|e\.g|i\.e|etc|min|max|vs|Mr|Mrs|Dr)\.$"
)
_LIST_NUMBER = re.compile(r"^\d{1,2}\.$")


def sentences(line: str) -> list[str]:
    """Return the sentences of one line, in order, stripped. Joined by spaces they give the line's words again."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(line):
        before = line[start : match.start()].strip()
        if not before or _ABBREVIATION.search(before[-12:]) or _LIST_NUMBER.match(before):
            continue
        found.append(line[start : match.end()].strip())
        start = match.end()
    rest = line[start:].strip()
    return [*found, rest] if rest else found
