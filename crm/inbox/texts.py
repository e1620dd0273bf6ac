"""What the platform itself says to customers, outside the dialogue engine: fixed, short and the same everywhere.

The disclosure and the greeting are the tenant's; see ``speaker``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT_LANGUAGE: Final = "ru"

HOLDING: Final[Mapping[str, str]] = {
    "ru": "Сообщение получено. Отвечу чуть позже.",
    "kk": "Хабарламаңызды алдым. Сәл кейінірек жауап беремін.",
    "en": "Got your message. I will answer a little later.",
}
JOINED: Final[Mapping[str, str]] = {
    "ru": "К разговору присоединился сотрудник: {name}.",
    "kk": "Әңгімеге қызметкер қосылды: {name}.",
    "en": "{name} from our team has joined the conversation.",
}
HANDED_BACK: Final[Mapping[str, str]] = {
    "ru": "Вам снова отвечает ИИ-ассистент.",
    "kk": "Сізге қайтадан ЖИ-көмекші жауап береді.",
    "en": "The AI assistant is back with you.",
}
GIVEN_UP: Final[Mapping[str, str]] = {
    "ru": "Не получается ответить самому. Передал ваш вопрос сотруднику.",
    "kk": "Өзім жауап бере алмай тұрмын. Сұрағыңызды қызметкерге бердім.",
    "en": "I cannot answer this myself. I have passed your message to our team.",
}
TOO_MANY_ANSWERS: Final[Mapping[str, str]] = {
    "ru": "Мы обменялись очень многими сообщениями за короткое время. Дальше вам ответит сотрудник.",
    "kk": "Аз уақытта өте көп хабар алмастық. Енді сізге қызметкер жауап береді.",
    "en": "We have exchanged a great many messages in a short time. A person will answer from here on.",
}

MAIL_SUBJECT: Final[Mapping[str, str]] = {
    "ru": "Ответ на ваш вопрос в чате: {name}",
    "kk": "Чаттағы сұрағыңызға жауап: {name}",
    "en": "The answer to your question in the chat: {name}",
}
MAIL_BEGINS: Final[Mapping[str, str]] = {
    "ru": "Здравствуйте! Вы уже ушли с сайта, поэтому отвечаем письмом.",
    "kk": "Сәлеметсіз бе! Сіз сайттан шығып кеткенсіз, сондықтан хатпен жауап береміз.",
    "en": "Hello! You had left our site, so here is our answer by mail.",
}
MAIL_ENDS: Final[Mapping[str, str]] = {
    "ru": "Чтобы продолжить, ответьте на это письмо.",
    "kk": "Жалғастыру үшін осы хатқа жауап беріңіз.",
    "en": "To go on, reply to this mail.",
}
MAIL_PAGE: Final[Mapping[str, str]] = {
    "ru": "Страница, на которой вы были: {page}",
    "kk": "Сіз болған бет: {page}",
    "en": "The page you were on: {page}",
}


def say(texts: Mapping[str, str], language: str | None, **values: str) -> str:
    """The text in the customer's language, with its values filled in."""
    return (texts.get(language or "") or texts[DEFAULT_LANGUAGE]).format(**values)
