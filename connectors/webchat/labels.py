"""What the settings form says in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.labels import Options, Words

GUIDE: Final[Any] = {
    "ru": [
        "Выберите название и цвет — посетители увидят их в окне чата.",
        "Сохраните канал и вставьте строку скрипта в страницы сайта перед </body>.",
        "Когда чат заработает, перечислите свои сайты: на чужих он не откроется.",
    ],
    "kk": [
        "Атауы мен түсін таңдаңыз — келушілер оны чат терезесінде көреді.",
        "Арнаны сақтап, скрипт жолын сайт беттеріне </body> алдына қойыңыз.",
        "Чат іске қосылғанда сайттарыңызды тізіп жазыңыз: басқаларында ол ашылмайды.",
    ],
    "en": [
        "Choose a name and a colour; visitors see them in the chat window.",
        "Save the channel and paste the script's line into the site before </body>.",
        "Once it works, list your sites, so that nobody else's can show it.",
    ],
}

LABELS: Final[Mapping[str, Words]] = {
    "title": (
        ("Название в шапке чата", "Если пусто — название канала."),
        ("Чат тақырыбындағы атау", "Бос болса — арнаның атауы."),
        ("Name in the chat's header", "The connection's name when empty."),
    ),
    "accent": (
        ("Цвет", "Кнопка и сообщения посетителя. Надписи остаются читаемыми на любом цвете."),
        ("Түсі", "Батырма мен келушінің хабарламалары. Жазу кез келген түсте оқылады."),
        ("Colour", "The button and the visitor's messages. Texts stay readable on any colour."),
    ),
    "theme": (
        ("Оформление", "Светлое, тёмное или как у посетителя."),
        ("Көрінісі", "Ашық, қараңғы немесе келушінікіндей."),
        ("Theme", "Light, dark, or as the visitor's system."),
    ),
    "position": (
        ("Угол страницы", "Где стоит кнопка чата."),
        ("Беттің бұрышы", "Чат батырмасының орны."),
        ("Corner", "Where the button stands at the bottom of the page."),
    ),
    "launcher": (
        ("Надпись на кнопке", "Если пусто — только значок."),
        ("Батырмадағы жазу", "Бос болса — тек белгіше."),
        ("Text on the button", "Only the icon when empty."),
    ),
    "avatar_url": (
        ("Картинка в шапке", "Адрес https:// квадратной картинки. Если пусто — первая буква."),
        ("Тақырыптағы сурет", "Шаршы суреттің https:// мекенжайы. Бос болса — бірінші әріп."),
        ("Picture in the header", "An https:// address of a square picture; else a letter."),
    ),
    "greeting": (
        ("Приветствие", "Первая строка в пустом чате."),
        ("Сәлемдесу", "Бос чаттағы бірінші жол."),
        ("Greeting", "The first line in an empty chat."),
    ),
    "proactive": (
        ("Приглашение", "Один раз для посетителя рядом с кнопкой появляются ваши слова."),
        ("Шақыру", "Әр келушіге бір рет батырма жанында сіздің сөзіңіз шығады."),
        ("Invitation", "Once for each visitor your words appear beside the button."),
    ),
    "after_seconds": (
        ("Через сколько секунд", "0 — не приглашать."),
        ("Неше секундтан кейін", "0 — шақырмау."),
        ("After so many seconds", "0: do not invite."),
    ),
    "paths": (
        ("На каких страницах", "Пути вида /catalog/*, по одному в строке; пусто — на всех."),
        ("Қай беттерде", "/catalog/* түріндегі жолдар, әр жолға біреуі; бос болса — барлығында."),
        ("On which pages", "Paths such as /catalog/*, one a line; all when empty."),
    ),
    "invitation": (
        ("Текст приглашения", "Если пусто — приветствие."),
        ("Шақыру мәтіні", "Бос болса — сәлемдесу."),
        ("Text of the invitation", "The greeting when empty."),
    ),
    "prechat": (
        ("Анкета перед чатом", "Что спросить до первого сообщения."),
        ("Чат алдындағы сауалнама", "Бірінші хабарламаға дейін не сұрау керек."),
        ("Form before the chat", "What to ask before the first message."),
    ),
    "ask_name": (("Имя", ""), ("Аты", ""), ("Name", "")),
    "ask_phone": (("Телефон", ""), ("Телефон", ""), ("Phone", "")),
    "ask_email": (("Эл. почта", ""), ("Эл. пошта", ""), ("E-mail", "")),
    "ask_own": (
        ("Свой вопрос: ответ", "Нужен ли ответ на ваш вопрос ниже."),
        ("Өз сұрағыңыз: жауабы", "Төмендегі сұрағыңызға жауап керек пе."),
        ("Your own question: its answer", "Whether the question below is asked."),
    ),
    "question": (
        ("Свой вопрос", "Например: номер заказа."),
        ("Өз сұрағыңыз", "Мысалы: тапсырыс нөмірі."),
        ("Your own question", "For example: order number."),
    ),
    "consent": (
        (
            "Согласие на обработку данных",
            "Закон РК «О персональных данных» требует согласия. Если пусто — наш текст.",
        ),
        (
            "Деректерді өңдеуге келісім",
            "ҚР «Дербес деректер туралы» заңы келісімді талап етеді. Бос болса — біздің мәтін.",
        ),
        (
            "Consent to the use of data",
            "The law asks for it wherever personal data are collected. Ours when empty.",
        ),
    ),
    "privacy_url": (
        ("Страница о персональных данных", "Ссылка в тексте согласия."),
        ("Дербес деректер туралы бет", "Келісім мәтініндегі сілтеме."),
        ("Privacy page", "Linked beside the consent."),
    ),
    "files": (
        ("Файлы от посетителей", ""),
        ("Келушілердің файлдары", ""),
        ("Files from visitors", ""),
    ),
    "max_megabytes": (
        ("Размер файла, МБ", "Не больше того, что разрешено установке."),
        ("Файл көлемі, МБ", "Орнатымға рұқсат етілгеннен аспайды."),
        ("Size of a file, MB", "At most what the installation allows."),
    ),
    "offline": (
        (
            "Просить эл. почту, когда ответить некому",
            "Вне рабочих часов, если разговор ждёт сотрудника. Непрочитанные ответы уйдут туда, если подключена эл. почта.",
        ),
        (
            "Жауап беретін ешкім болмаса, эл. пошта сұрау",
            "Жұмыс уақытынан тыс, әңгіме маманды күтсе. Эл. пошта қосылған болса, оқылмаған жауаптар сонда кетеді.",
        ),
        (
            "Ask for an e-mail when nobody can answer",
            "Outside your hours, when a person is awaited. Answers not seen go there by your e-mail channel.",
        ),
    ),
    "identity_secret": (
        (
            "Секрет для вошедших посетителей",
            "Не короче 32 знаков. Им ваш сервер подписывает номер пользователя (HMAC-SHA256).",
        ),
        (
            "Кірген келушілерге арналған құпия",
            "Кемінде 32 таңба. Серверіңіз онымен пайдаланушы нөміріне қол қояды (HMAC-SHA256).",
        ),
        (
            "Secret for signed-in visitors",
            "At least 32 characters. Your server signs the user's id with it (HMAC-SHA256).",
        ),
    ),
    "allowed_origins": (
        (
            "Сайты, где можно показывать чат",
            "Адреса вида https://shop.kz или https://*.shop.kz; пусто — любые.",
        ),
        (
            "Чатты көрсетуге болатын сайттар",
            "https://shop.kz немесе https://*.shop.kz түрінде; бос болса — кез келгені.",
        ),
        (
            "Sites that may show the chat",
            "Addresses such as https://shop.kz or https://*.shop.kz; any when empty.",
        ),
    ),
}

_ASKED: Final = {
    "ru": {"no": "Не спрашивать", "optional": "По желанию", "required": "Обязательно"},
    "kk": {"no": "Сұрамау", "optional": "Қалауынша", "required": "Міндетті"},
    "en": {"no": "Do not ask", "optional": "Optional", "required": "Required"},
}
OPTIONS: Final[Mapping[str, Options]] = {
    "theme": {
        "ru": {"auto": "Как у посетителя", "light": "Светлое", "dark": "Тёмное"},
        "kk": {"auto": "Келушінікіндей", "light": "Ашық", "dark": "Қараңғы"},
        "en": {"auto": "As the visitor's", "light": "Light", "dark": "Dark"},
    },
    "position": {
        "ru": {"right": "Справа внизу", "left": "Слева внизу"},
        "kk": {"right": "Оң жақ төменде", "left": "Сол жақ төменде"},
        "en": {"right": "Bottom right", "left": "Bottom left"},
    },
    **dict.fromkeys(("ask_name", "ask_phone", "ask_email", "ask_own"), _ASKED),
}
"""What the choices of a field are called."""
