"""What the settings form says in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.labels import Options, Words

GUIDE: Final[Any] = {
    "ru": [
        "Откройте в Telegram чат с @BotFather и отправьте ему /newbot.",
        "Придумайте имя и адрес бота — адрес должен заканчиваться на «bot».",
        "Скопируйте токен из ответа и вставьте его сюда.",
    ],
    "kk": [
        "Telegram-да @BotFather чатын ашып, оған /newbot деп жазыңыз.",
        "Боттың аты мен мекенжайын ойлап табыңыз — мекенжай «bot» деп аяқталуы керек.",
        "Жауаптағы токенді көшіріп, осында қойыңыз.",
    ],
    "en": [
        "Open a chat with @BotFather in Telegram and send it /newbot.",
        "Choose a name and an address for the bot; the address must end in “bot”.",
        "Copy the token from the answer and paste it here.",
    ],
}

LABELS: Final[Mapping[str, Words]] = {
    "token": (
        ("Токен бота", "Строка от @BotFather вида 123456789:AAE-…"),
        ("Бот токені", "@BotFather берген жол: 123456789:AAE-…"),
        ("Bot token", "The line that @BotFather gives, such as 123456789:AAE-…"),
    ),
    "delivery": (
        (
            "Как приходят сообщения",
            "auto: Telegram обращается к нам, если наш адрес публичный и https; иначе мы сами спрашиваем его.",
        ),
        (
            "Хабарламалар қалай келеді",
            "auto: мекенжайымыз ашық әрі https болса, Telegram бізге өзі жібереді; әйтпесе біз одан сұраймыз.",
        ),
        (
            "How messages arrive",
            "auto: Telegram calls us when our address is public and https, otherwise we ask it.",
        ),
    ),
    "commands": (
        ("Меню команд", "Меню бота предлагает заказать, попросить звонок, позвать человека."),
        (
            "Командалар мәзірі",
            "Бот мәзірі тапсырыс беруді, қоңырау шалуды сұрауды, адамды шақыруды ұсынады.",
        ),
        (
            "Menu of commands",
            "The bot's menu offers to order, to be called, to ask for a person.",
        ),
    ),
}

OPTIONS: Final[Mapping[str, Options]] = {
    "delivery": {
        "ru": {
            "auto": "Определить автоматически",
            "webhook": "Вебхук: Telegram пишет нам",
            "polling": "Опрос: мы спрашиваем Telegram",
        },
        "kk": {
            "auto": "Автоматты түрде",
            "webhook": "Вебхук: Telegram бізге жібереді",
            "polling": "Сұрау: біз Telegram-нан сұраймыз",
        },
        "en": {
            "auto": "Automatically",
            "webhook": "Webhook: Telegram calls us",
            "polling": "Polling: we ask Telegram",
        },
    },
}
"""What the choices of a field are called."""
