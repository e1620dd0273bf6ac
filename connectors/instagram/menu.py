"""The questions a chat opens with, and its menu: what each is called, and what it says to us.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/ice-breakers
https://developers.facebook.com/docs/messenger-platform/instagram/features/persistent-menu
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LOCALES: Final[Mapping[str, str]] = {"ru": "ru_RU", "kk": "kk_KZ", "en": "en_US"}
QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "ru": {
        "/place_order": "Хочу оформить заказ",
        "/check_status": "Где мой заказ?",
        "/book_callback": "Перезвоните мне",
        "/ask_human": "Позовите человека",
    },
    "kk": {
        "/place_order": "Тапсырыс бергім келеді",
        "/check_status": "Тапсырысым қайда?",
        "/book_callback": "Маған қоңырау шалыңыз",
        "/ask_human": "Адамды шақырыңыз",
    },
    "en": {
        "/place_order": "I would like to order",
        "/check_status": "Where is my order?",
        "/book_callback": "Please call me",
        "/ask_human": "I want to talk to a person",
    },
}
"""Four, of up to 80 letters: the most there may be."""
TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "ru": {
        "/place_order": "Оформить заказ",
        "/check_status": "Где мой заказ",
        "/book_callback": "Попросить звонок",
        "/ask_human": "Позвать человека",
        "/change_language": "Сменить язык",
    },
    "kk": {
        "/place_order": "Тапсырыс беру",
        "/check_status": "Тапсырысым қайда",
        "/book_callback": "Қоңырау сұрау",
        "/ask_human": "Адамды шақыру",
        "/change_language": "Тілді ауыстыру",
    },
    "en": {
        "/place_order": "Place an order",
        "/check_status": "Where my order is",
        "/book_callback": "Ask for a call",
        "/ask_human": "Talk to a person",
        "/change_language": "Change the language",
    },
}
"""Five, of up to 30 letters."""
FIELDS: Final = ("ice_breakers", "persistent_menu")


def profile_of(language: str) -> dict[str, Any]:
    """The body of ``messenger_profile``: every language, and the company's own for all others."""
    own = language if language in LOCALES else "ru"
    spoken = [("default", own), *((locale, known) for known, locale in LOCALES.items())]
    return {
        "platform": "instagram",
        "ice_breakers": [
            {
                "locale": locale,
                "call_to_actions": [
                    {"question": question, "payload": payload}
                    for payload, question in QUESTIONS[known].items()
                ],
            }
            for locale, known in spoken
        ],
        "persistent_menu": [
            {
                "locale": locale,
                "composer_input_disabled": False,
                "call_to_actions": [
                    {"type": "postback", "title": title, "payload": payload}
                    for payload, title in TITLES[known].items()
                ],
            }
            for locale, known in spoken
        ],
    }
