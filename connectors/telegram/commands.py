"""The bot's menu of commands: what each is called in every language, and what it says to us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from telegram import BotCommand

COMMANDS: Final[Mapping[str, str]] = {
    "order": "/place_order",
    "callback": "/book_callback",
    "status": "/check_status",
    "human": "/ask_human",
    "language": "/change_language",
}
"""The payload that a command stands for, as a tapped button's would."""

TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "ru": {
        "order": "Оформить заказ",
        "callback": "Попросить перезвонить",
        "status": "Узнать, где заказ",
        "human": "Позвать человека",
        "language": "Сменить язык",
    },
    "kk": {
        "order": "Тапсырыс беру",
        "callback": "Қоңырау шалуды сұрау",
        "status": "Тапсырыстың қайда екенін білу",
        "human": "Адамды шақыру",
        "language": "Тілді ауыстыру",
    },
    "en": {
        "order": "Place an order",
        "callback": "Ask for a call",
        "status": "Where my order is",
        "human": "Talk to a person",
        "language": "Change the language",
    },
}

_COMMAND: Final = re.compile(r"/(?P<name>[a-z0-9_]{1,32})(?:@\w+)?(?:\s.*)?", re.DOTALL)


def menu(language: str) -> list[BotCommand]:
    """The menu in a language."""
    return [BotCommand(name, title) for name, title in TITLES[language].items()]


def payload_of(text: str) -> str | None:
    """What a command of the menu says; None for any other text."""
    match = _COMMAND.fullmatch(text)
    return COMMANDS.get(match["name"]) if match is not None else None
