"""Cities in what people write."""

import re
from collections.abc import Sequence
from typing import Final

from actions.details import LOOKED_AT
from bot.knowledge.letters import cyrillic, is_latin, words

MAX_CITY = 60
# Names in Russian, Kazakh and English; then stems, folded, to which endings of cases are added.
_KNOWN: Final[Sequence[tuple[str, str, str, Sequence[str]]]] = (
    ("Алматы", "Алматы", "Almaty", ("алмат", "алма ат")),
    ("Астана", "Астана", "Astana", ("астан", "нур султан")),
    ("Шымкент", "Шымкент", "Shymkent", ("шымкент", "чимкент")),
    ("Караганда", "Қарағанды", "Karaganda", ("караганд",)),
    ("Актобе", "Ақтөбе", "Aktobe", ("актоб", "актюбинск")),
    ("Тараз", "Тараз", "Taraz", ("тараз",)),
    ("Павлодар", "Павлодар", "Pavlodar", ("павлодар",)),
    ("Усть-Каменогорск", "Өскемен", "Oskemen", ("усть каменогорск", "оскемен")),
    ("Семей", "Семей", "Semey", ("семей", "семе", "семипалатинск")),
    ("Атырау", "Атырау", "Atyrau", ("атырау",)),
    ("Костанай", "Қостанай", "Kostanay", ("костанай", "костана", "кустанай")),
    ("Кызылорда", "Қызылорда", "Kyzylorda", ("кызылорд",)),
    ("Уральск", "Орал", "Oral", ("уральск", "орал")),
    ("Петропавловск", "Петропавл", "Petropavl", ("петропавловск", "петропавл", "кызылжар")),
    ("Актау", "Ақтау", "Aktau", ("актау",)),
    ("Темиртау", "Теміртау", "Temirtau", ("темиртау",)),
    ("Туркестан", "Түркістан", "Turkistan", ("туркестан", "туркистан")),
    ("Кокшетау", "Көкшетау", "Kokshetau", ("кокшетау",)),
    ("Талдыкорган", "Талдықорған", "Taldykorgan", ("талдыкорган", "талдыкурган")),
    ("Экибастуз", "Екібастұз", "Ekibastuz", ("экибастуз", "екибастуз")),
    ("Жезказган", "Жезқазған", "Zhezkazgan", ("жезказган",)),
    ("Балхаш", "Балқаш", "Balkhash", ("балхаш", "балкаш")),
    ("Конаев", "Қонаев", "Konayev", ("конаев", "капчага", "капшага")),
    ("Каскелен", "Қаскелең", "Kaskelen", ("каскелен",)),
    ("Талгар", "Талғар", "Talgar", ("талгар",)),
)
_ENDING = re.compile(
    r"[ыиау]?(?:а|у|е|ы|и|ой|ом|ем|ей|ю|я|й|и|[гк][ае]|[дт][ае]|[дтн][ае]н|[дтн][ыи]н?|н[ыи]|[дт][ыи]к|лык|лик)?"
)
_AROUND = re.compile(
    r"(?<!\w)(?:я|мы|из|в|во|г\.?|гор(?:\.|од[еау]?)|живу|живем|живём|находимся|мен|біз|қала(?:сы(?:нда)?|да)?|тұрамын|тұрамыз|жатырмын|"
    r"i|i'm|am|we|are|in|from|the|city|of|live|near)(?!\w)",
    re.IGNORECASE,
)
_PLACE = re.compile(r"[^\W\d_]+(?:[-'’.\s]+[^\W\d_]+){0,3}")
_EDGES = " \t\n.,;:!-–—()«»\"'"


def find_city(text: str, language: str = "ru") -> str | None:
    """Return the first well-known city of Kazakhstan in a text, in any form of its name, as it is called in `language`."""
    said = [cyrillic(word) if is_latin(word) else word for word in words(text)]
    for place in range(len(said)):
        for russian, kazakh, english, stems in _KNOWN:
            if any(_stands(said[place:], stem.split()) for stem in stems):
                return {"kk": kazakh, "en": english}.get(language, russian)
    return None


def read_city(text: str, language: str = "ru") -> str | None:
    """Return an answer to "which city?": a known one, or any name of one to four words."""
    text = text[:LOOKED_AT]
    known = find_city(text, language)
    if known:
        return known
    plain = _AROUND.sub(" ", text).strip(_EDGES)
    if "?" in text or len(plain) < 2 or len(plain) > MAX_CITY or not _PLACE.fullmatch(plain):
        return None
    plain = " ".join(plain.split())
    return plain if any(map(str.isupper, plain)) else plain[0].upper() + plain[1:]


def _stands(said: list[str], stem: list[str]) -> bool:
    if len(said) < len(stem) or said[: len(stem) - 1] != stem[:-1]:
        return False
    last, wanted = said[len(stem) - 1], stem[-1]
    return last.startswith(wanted) and _ENDING.fullmatch(last[len(wanted) :]) is not None
