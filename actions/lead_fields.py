"""The details of an order: how each is read from an answer, and how it is said back."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from actions.cities import read_city
from actions.details import clean_name, clean_product, find_email, find_phone, spoken_phone
from actions.quantities import read_quantity
from bot.prompts.content import LeadFieldName

SKIPPED: Final = ""
"""What an optional detail is when the customer leaves it out: known, so that it is not asked for again."""
MAX_COMMENT: Final = 1_000
_LETTER = re.compile(r"[^\W_]")
_SKIPS = re.compile(
    r"\W*(?:[-–—]+|skip(?:\s+(?:it|this))?|пропустить|пропусти(?:те|м)?|пропуск|без\s+этого|не\s+(?:нужно|надо|важно|хочу)|нет|no|none|nothing|"
    r"өткізіп\s+жібер(?:у|іңіз|ші|іңізші)?|откизип\s+жибер(?:у|ініз|иниз)?|өткізу|керек\s+емес|қажет\s+емес|жоқ|жок)\W*",
    re.IGNORECASE,
)
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "product": {"ru": "Заказ", "kk": "Тапсырыс", "en": "Order"},
    "quantity": {"ru": "Количество", "kk": "Саны", "en": "Quantity"},
    "name": {"ru": "Имя", "kk": "Есіміңіз", "en": "Name"},
    "phone": {"ru": "Телефон", "kk": "Телефон", "en": "Phone"},
    "email": {"ru": "Эл. почта", "kk": "Эл. пошта", "en": "E-mail"},
    "city": {"ru": "Город", "kk": "Қала", "en": "City"},
    "comment": {"ru": "Комментарий", "kk": "Түсініктеме", "en": "Comment"},
}


def _comment(text: str) -> str | None:
    plain = text.strip()[:MAX_COMMENT]
    return plain if _LETTER.search(plain) else None


_READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "product": clean_product,
    "name": clean_name,
    "phone": find_phone,
    "email": find_email,
    "quantity": read_quantity,
    "comment": _comment,
}


def read_answer(field: LeadFieldName, text: str, language: str) -> str | None:
    """Return the detail that was asked for out of a whole message; `None` when it is not in it or not valid."""
    if field == "city":
        return read_city(text, language)
    return _READERS[field](text)


def skips(text: str) -> bool:
    """Return whether a message leaves out what was asked for: "-", "skip", "пропустить", "өткізіп жіберу"."""
    return _SKIPS.fullmatch(text) is not None


def told(details: Mapping[str, str], language: str) -> str:
    """Return the details said back to the customer, one a line."""
    shown = {**details}
    if "phone" in shown:
        shown["phone"] = spoken_phone(shown["phone"])
    return "\n".join(
        f"• {label[language]}: {shown[field]}"
        for field, label in _LABELS.items()
        if shown.get(field)
    )
