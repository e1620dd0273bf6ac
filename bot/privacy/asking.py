"""What a message asks the customer for: the next one is then judged with that question in mind."""

import re
from typing import Literal

type Asked = Literal["", "name", "address"]

CUES: dict[Asked, str] = {"name": "имя: ", "address": "адрес доставки: "}
"""What an answer is read behind: the words that the finders take for such a question."""
_REACH = 300
_BARE_ADDRESS = re.compile(
    r"\s{0,3}(?:[^\W\d_]{3,20}\.?,?\s{1,3}){1,3}\d{1,4}[а-яёa-z]?(?:[\-/,\s]{1,3}(?:кв\.?\s?)?\d{1,4}[а-яёa-z]?)?[.!\s]{0,3}",
    re.IGNORECASE,
)
"""A name and a number and nothing else: a street's, behind a question for the address alone."""
_NAME = re.compile(
    r"как\s(?:вас|тебя|его|её|ее|к\sвам|зовут)|(?:ваш[еаиу]|полное)\s(?:полное\s)?(?:имя|фамили)|имя\b|фио\b|фамили|представьтесь"
    r"|на\sкого|есіміңіз|есімін|атыңыз|аты-?жөн|тегіңіз|кімнің\sатын|кімге|name\b|who\s(?:is|will|should|do)\b|surname"
)
_ADDRESS = re.compile(
    r"адрес|куда\s(?:вам\s)?(?:доставить|привезти|везти|отправить|подъехать|приехать)|улиц|где\sвы\s(?:жив|наход)"
    r"|мекен-?жай|қайда\s(?:жеткіз|апар|әкел|жібер)|address|where\s(?:should|shall|do|to|can)\b"
)
_ASKS = re.compile(
    r"\?|укажите|напишите|подскажите|назовите|пришлите|отправьте|оставьте|сообщите|уточните|скажите|нуж[ен]|представьтесь"
    r"|жазыңыз|айтыңыз|көрсетіңіз|жіберіңіз|қалдырыңыз|please|could\syou|enter|tell|leave|send|need"
)


def is_bare_address(text: str) -> bool:
    """Tell whether an answer to a question for the address is one, whatever the street is called."""
    return _BARE_ADDRESS.fullmatch(text) is not None


def asked_in(text: str) -> Asked:
    """Return what the end of a message asks for."""
    end = text[-_REACH:].lower()
    if not _ASKS.search(end):
        return ""
    if _ADDRESS.search(end):
        return "address"
    return "name" if _NAME.search(end) else ""
