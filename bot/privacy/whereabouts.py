"""Places told without a house: a point on the map, the corner of two streets, a block by three numbers."""

import re
from collections.abc import Iterator

from bot.privacy import street_words as words

_DEGREES = r"-?\d{1,3}[.,]\d{4,9}°?"
_POINT = re.compile(rf"(?<![\d.,\-]){_DEGREES}(?:\s?[,;/]\s?|\s){_DEGREES}(?![\d])")
_MOST_DEGREES = 180
_MINE = re.compile(
    r"(?<!\w)(?:я|мы|тут|здесь|мо[яийеё]\w?|мне|наш\w?|мен|менің|осында|my|me|i'?m|we|here|pin|drop)(?!\w)|локаци|точк"
    r"|геопозиц|карт|geo|maps|location|@|ll=|q="
)

_STREET = r"(?:(?:ул|улиц\w{1,2}|пр|проспект\w?|пр-т|st)\.?\s)?[^\W\d_]{3,20}(?:-[^\W\d_]{2,12})?(?:\s(?:би|батыра|хана|ата|жолы|ел|батыр|хан))?"
_CORNER = re.compile(
    r"(?<!\w)(?:(?:угол|угл[уае]|перекр[её]ст(?:ок|к[еуа])|пересечени[еия]|corner of|intersection of)\s|уг\.?\s)"
    rf"(?P<one>{_STREET})(?:\s(?:и|с|да|and|угол|уг\.?)\s|\s?[/\-–,]\s?)(?P<other>{_STREET})(?!\w)"
    rf"|(?<!\w)(?P<first>{_STREET})\s(?:угол|уг\.?)\s(?P<last>{_STREET})(?!\w)"
    rf"|(?<!\w)(?P<kone>{_STREET})\s[пмб]ен\s(?P<kother>{_STREET})\s(?:көше\w{{0,12}}\s)?(?:қиылыс|бұрыш)\w{{0,8}}"
)
_WAITING = re.compile(
    r"жд[уеё]|стою|стоим|забер|забр|вез[иу]|привез|достав|подъе|приез|жив[уеё]|встре|подач|такси|машин|отправ|адрес|я на|мы на"
    r"|тұр(?:мын|мыз|амын)|кел|күт|әкел|жеткіз|pick|meet|waiting|deliver|bring|i am|i'm"
)
_REACH = 40
_LIKELY = 0.5

_BLOCK = re.compile(r"(?<![\d\-])\d{1,2}[а-я]?-\d{1,3}-\d{1,3}(?![\d\-])")
_TOWN_OF_BLOCKS = re.compile(r"а[кқ]тау|мкр|микрорайон|aktau")


def find_places(text: str, plain: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what tells where somebody is without a house's number; `plain` is the text in plain characters."""
    for match in _POINT.finditer(plain):
        degrees = re.findall(r"\d+", match.group())
        around = _around(plain, *match.span())
        if max(int(degrees[0]), int(degrees[2])) <= _MOST_DEGREES and (
            _MINE.search(around) or _WAITING.search(around)
        ):
            yield match.span()
    for match in _CORNER.finditer(plain):
        streets = [match.span(name) for name, found in match.groupdict().items() if found]
        if _WAITING.search(_around(plain, *match.span())) and all(
            _is_street(text, plain, *span) for span in streets
        ):
            yield match.span()
    if _TOWN_OF_BLOCKS.search(plain):
        yield from (match.span() for match in _BLOCK.finditer(plain))


def _around(plain: str, start: int, end: int) -> str:
    return f"{plain[max(0, start - _REACH) : start]} {plain[end : end + _REACH]}"


def _is_street(text: str, plain: str, start: int, end: int) -> bool:
    """Tell whether a street may be called so: one of its words is known or like a surname, or has a capital."""
    return any(
        words.street_likeness(plain[start + match.start() : start + match.end()]) >= _LIKELY
        or text[start + match.start()].isupper()
        for match in re.finditer(r"[^\W\d_]{3,}", plain[start:end])
    )
