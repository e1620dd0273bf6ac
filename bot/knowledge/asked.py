"""What kind of thing a question asks for, and whether a text holds such a thing.

A passage about delivery does not answer "how much is delivery?" unless it names a price.
"""

import re

from bot.knowledge.letters import fold

MONEY, DURATION, CLOCK, PLACE, CONTACT, AGE = (
    *("money", "duration", "clock", "place", "contact"),
    "age",
)

# A small number that is not an amount, a time or a date.
_SMALL = r"\d{1,2}(?!\d)(?!\s?(?:%|₸|тг|тыс|кг|км|шт|час|мин|дн|июл|июн|январ|феврал|март|апрел|ма[йя]|август|сентяб|октяб|нояб|декаб))"
_RUSSIAN_AGES = r"год\b|годик|полтора|два\b|три\b|четыре\b|пять\b|шесть\b|семь\b|восемь\b|девять\b|десять\b|\w{3,8}надцать\b"

_ASKS = {
    MONEY: re.compile(
        r"сколько\s{1,3}(?:\w{1,30}\s{1,3}){0,3}?(?:сто[ия]|буд|обойд|плат|надо|нужно)|цен[аыуе]\b|стоимост|поч[её]м|прайс|по чем|"
        r"канша\s{1,3}(?:\w{1,30}\s{1,3}){0,2}?(?:тур|бол|толе|кетед)|канша$|каншадан|баг[аы]с|куны\b|"
        r"how much|price|cost|fee\b|fees\b|charge|"
        r"skolko sto|cena\b|qansha|kansha|bagas"
    ),
    DURATION: re.compile(
        r"сколько\s{1,3}(?:дн|врем|час|недел|месяц|ждать|длит|жд|ид[её]т|едет|занима|хран)|как\s{1,3}(?:долго|быстро|скоро)|за сколько|"
        r"срок|когда\s{1,3}(?:\w{1,30}\s{1,3}){0,3}?(?:прид|привез|достав|будет готов|готов|верн)|"
        r"(?:неше|канша)\s{1,3}(?:кун|сагат|уакыт|апта|ай)|каншага дейин|мерзим|кашан\s{1,3}(?:\w{1,30}\s{1,3}){0,3}?(?:жет|кел|дайын|кайт)|"
        r"how (?:long|soon|fast|quick|many (?:days|hours|weeks|months))|when (?:will|can|do)"
    ),
    CLOCK: re.compile(
        r"во сколько|до скол|с[о]? скол|график|режим работы|часы работы|работаете|открыт|закрыва|когда\s{1,3}(?:вы\s{1,3})?(?:работ|откр|закр)|"
        r"жумыс (?:уакыт|кест|исте)|нешеде|нешеге|нешеден|ашыкс|ашылас|жабыл|"
        r"what time|opening|hours|open\b|close"
    ),
    PLACE: re.compile(
        r"\bгде\b|куда (?:прие|под)|адрес|как (?:до вас )?(?:добрат|доехат|пройти)|находит|"
        r"кайда|мекен|орналаск|кай жерде|where|address|located|\bgde\b|qaida|kayda|kaida"
    ),
    CONTACT: re.compile(
        r"телефон|номер тел|позвонить|связаться|почт[аыу]\b|email|e-mail|whatsapp|инстаграм|"
        r"хабарлас|байланыс|нөмір|phone|contact|call you|reach you"
    ),
    AGE: re.compile(
        r"возраст|(?:со?|до|от) скольки?х?\s{1,3}лет|сколько лет|лет\s{1,3}(?:ребен|сын|доч|внук)|полных лет|годовал|"
        r"\b(?:мне|ему|ей|им|нам|(?:сын|доч|внук|внуч|реб|дет|малыш|мальчик|девочк|брат|сестр|племян|пап|мам|бабушк|дедушк)\w{0,8})\s{1,3}"
        rf"(?:(?:уже|всего|еще|почти|скоро|исполнилось|только)\s{{1,3}})?(?:{_SMALL}|{_RUSSIAN_AGES})(?=\s{{0,3}}(?:$|[^\w\s]|лет|год|и\b|с полов))|"
        rf"\b(?:{_SMALL})[- ]?(?:лет|год|месячн)|\bжас[ткыа]|неше жас|канша жас|(?:{_SMALL})\s{{0,2}}жас|"
        r"how old|years? old|year-old|\bages?\b|\bminors?\b|under (?:18|age)|"
        rf"\b(?:i am|i'm|(?:he|she|son|daughter|kid|child|boy|girl|mother|father)(?: is|'s))\s{{1,3}}(?:only |just |already )?{_SMALL}\b"
    ),
}
_HOLDS = {
    MONEY: re.compile(
        r"\d\s?(?:₸|тг\b|тенге|теңге|kzt|tenge|руб|₽|\$|€|%)|бесплатн|тегін|ақысыз|free\b|без доплат|complimentary",
        re.IGNORECASE,
    ),
    DURATION: re.compile(
        r"(?<!\d)\d{1,6}\s?(?:[–—-]\s?\d{1,6})?\s?-?(?:\w{1,3}\s)?(?:\w{1,20}\s){0,2}?(?:дн|день|дня|час|мин|недел|месяц|год|лет|сут|күн|сағат|минут|апта|ай\b|айға|жыл|day|hour|min|week|month|year)|"
        r"в тот же день|сегодня|завтра|сол күні|same day|next day|сразу|бірден|immediately",
        re.IGNORECASE,
    ),
    CLOCK: re.compile(
        r"\d{1,2}[:.]\d{2}|с \d{1,2} до \d{1,2}|круглосуточ|тәулік|24/7|around the clock|\d\s?(?:am|pm)\b",
        re.IGNORECASE,
    ),
    PLACE: re.compile(
        r"ул\.|улиц|просп|пр\.|пр-т|мкр|микрорайон|тц\b|трц|этаж|көше|даңғыл|ықшамаудан|қабат|street|avenue|ave\b|floor|mall|road|\d\s?-?үй|"
        r"находи|располож|орналас|located",
        re.IGNORECASE,
    ),
    AGE: re.compile(
        r"\d\s?(?:[–—-]\s?\d{1,3}\s?)?(?:-?(?:ти|и|х|ми)\s?)?(?:лет|года?\b|месяц|жас|ай[ғд]а|айлық|years?\b|months?\b|y\.?o\b)|возраст|"
        r"жас(?:тан|қа|та)|ages?\b|(?:under|over|from) \d{1,2}\b",
        re.IGNORECASE,
    ),
    CONTACT: re.compile(r"\+\s?7|\b8\s?\(?7\d\d|@|телефон|whatsapp|phone|instagram", re.IGNORECASE),
}


_WHETHER = re.compile(
    r"\bесть\b|имеется|бывает|прода[ею]|торгуете|дела[ею]те|оказываете|занимаетесь|провод[ия]те|предоставля|оформля|предлага|сда[её]те|"
    r"принима[ею]те|\bбар\s*ма\b|\bбарма\b|жок\s*па|сатас|жасайс|бересі|берес|жалга|"
    r"\bdo you\b|\bis there\b|\bare there\b|\bcan (?:i|you|we)\b|\bdoes\b|\bhave you\b|\best li\b"
)


def asks_whether(question: str) -> bool:
    """Tell whether a question asks if there is something, if something is done, or what something costs.

    Such a question is about a thing, and only what speaks of that thing answers it.
    """
    folded = fold(question)
    return _WHETHER.search(folded) is not None or _ASKS[MONEY].search(folded) is not None


def asked_for(question: str) -> frozenset[str]:
    """Return what the question asks for: none, one or several of the kinds."""
    folded = fold(question)
    return frozenset(kind for kind, pattern in _ASKS.items() if pattern.search(folded))


def holds(text: str, kinds: frozenset[str]) -> float:
    """Return the share of `kinds` that `text` holds; 1 when nothing special is asked for."""
    if not kinds:
        return 1.0
    return sum(_HOLDS[kind].search(text) is not None for kind in kinds) / len(kinds)
