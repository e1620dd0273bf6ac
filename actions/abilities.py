"""What the assistant says of itself: what it can do, and what its version has switched off."""

from collections.abc import Mapping
from typing import Final

from bot.prompts.content import SkillName, Skills

# In the order they are told, each fitting into `_SENTENCES`.
_ABILITIES: Final[Mapping[str, Mapping[str, str]]] = {
    "answer": {"ru": "ответить на вопросы", "kk": "сұраққа жауап беру", "en": "answer questions"},
    "order": {"ru": "принять заказ", "kk": "тапсырыс қабылдау", "en": "take an order"},
    "callback": {"ru": "записать на звонок", "kk": "қоңырауға жазу", "en": "book a call"},
    "status": {
        "ru": "узнать, где ваш заказ",
        "kk": "тапсырысыңыздың қайда екенін айту",
        "en": "tell where your order is",
    },
    "human": {"ru": "позвать сотрудника", "kk": "қызметкерді шақыру", "en": "get a colleague"},
}
_MESSAGE: Final = {
    "ru": "передать сотрудникам сообщение",
    "kk": "қызметкерлерге хабарлама жеткізу",
    "en": "pass a message on to our team",
}
_SENTENCES: Final = {"ru": "Могу {}.", "kk": "Қолымнан келетіні: {}.", "en": "I can {}."}
_OR: Final = {"ru": " или ", "kk": " немесе ", "en": " or "}
_REFUSALS: Final[Mapping[str, Mapping[str, str]]] = {
    "answer": {
        "ru": "На вопросы я здесь не отвечаю.",
        "kk": "Мұнда сұрақтарға жауап бермеймін.",
        "en": "I do not answer questions here.",
    },
    "order": {
        "ru": "Заказы я здесь не принимаю.",
        "kk": "Мұнда тапсырыс қабылдамаймын.",
        "en": "I do not take orders here.",
    },
    "callback": {
        "ru": "На звонок я здесь не записываю.",
        "kk": "Мұнда қоңырауға жазбаймын.",
        "en": "I do not book calls here.",
    },
    "status": {
        "ru": "Где заказ, я здесь не вижу.",
        "kk": "Тапсырыстың қайда екенін мұнда көрмеймін.",
        "en": "I cannot see orders here.",
    },
    "complaint": {
        "ru": "Мне жаль, что так вышло. Жалобы я здесь не принимаю.",
        "kk": "Осылай болғанына өкінемін. Мұнда шағым қабылдамаймын.",
        "en": "I am sorry this happened. I do not take complaints here.",
    },
    "feedback": {
        "ru": "Спасибо за отзыв! Записать его я здесь не могу.",
        "kk": "Пікіріңізге рақмет! Оны мұнда жаза алмаймын.",
        "en": "Thank you for the feedback! I cannot record it here.",
    },
}


def abilities(skills: Skills, language: str) -> str:
    """Return one sentence that tells what a customer may ask of the assistant."""
    told = [
        texts[language]
        for name, texts in _ABILITIES.items()
        if name != "human" and getattr(skills, name)
    ]
    told.append(_ABILITIES["human"][language] if skills.human else _MESSAGE[language])
    *first, last = told
    listed = _OR[language].join([", ".join(first), last] if first else [last])
    return _SENTENCES[language].format(listed)


def refusal(skill: SkillName, language: str) -> str:
    """Return the sentence that says honestly that the assistant does not do this."""
    return _REFUSALS[skill][language]
