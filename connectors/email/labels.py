"""What the settings form says in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.labels import Options, Words

GUIDE: Final[Any] = {
    "ru": [
        "Впишите адрес почты. Для Gmail, Yandex, Mail.ru, Outlook и iCloud серверы заполнятся сами.",
        (
            "Создайте пароль приложения. Gmail: myaccount.google.com/apppasswords (нужна двухэтапная проверка). "
            "Yandex: id.yandex.ru → Безопасность → Пароли приложений, и включите IMAP: Почта → Настройки → Почтовые программы. "
            "Mail.ru: account.mail.ru → Безопасность → Пароли для внешних приложений."
        ),
        "Outlook и Microsoft 365 не принимают пароли: выберите вход «microsoft» и вставьте данные приложения из Entra ID.",
        "Вставьте пароль и сохраните: мы проверим и приём, и отправку.",
    ],
    "kk": [
        "Пошта мекенжайын жазыңыз. Gmail, Yandex, Mail.ru, Outlook және iCloud серверлері өздігінен толтырылады.",
        (
            "Қолданба құпиясөзін жасаңыз. Gmail: myaccount.google.com/apppasswords (екі сатылы тексеру қажет). "
            "Yandex: id.yandex.ru → Қауіпсіздік → Қолданба құпиясөздері, әрі IMAP-ты қосыңыз: Пошта → Баптаулар → Пошта бағдарламалары. "
            "Mail.ru: account.mail.ru → Қауіпсіздік → Сыртқы қолданбаларға арналған құпиясөздер."
        ),
        "Outlook пен Microsoft 365 құпиясөз қабылдамайды: «microsoft» кіруін таңдап, Entra ID-дегі қолданба деректерін қойыңыз.",
        "Құпиясөзді қойып, сақтаңыз: қабылдауды да, жіберуді де тексереміз.",
    ],
    "en": [
        "Type the mail address. For Gmail, Yandex, Mail.ru, Outlook and iCloud the servers fill themselves in.",
        (
            "Make an app password. Gmail: myaccount.google.com/apppasswords (needs two-step verification). "
            "Yandex: id.yandex.com → Security → App passwords, and switch IMAP on: Mail → Settings → Email clients. "
            "Mail.ru: account.mail.ru → Security → Passwords for external apps."
        ),
        "Outlook and Microsoft 365 take no passwords: choose the login “microsoft” and paste an app's data from Entra ID.",
        "Paste the password and save: receiving and sending are both checked.",
    ],
}

LABELS: Final[Mapping[str, Words]] = {
    "address": (
        ("Адрес почты", "На него пишут клиенты: info@company.kz"),
        ("Пошта мекенжайы", "Клиенттер осыған жазады: info@company.kz"),
        ("E-mail address", "Where customers write: info@company.kz"),
    ),
    "password": (
        ("Пароль", "Пароль приложения, не основной пароль почты"),
        ("Құпиясөз", "Поштаның негізгі құпиясөзі емес, қолданба құпиясөзі"),
        ("Password", "An app password, not the account's main one"),
    ),
    "from_name": (
        ("Имя отправителя", "Как подписана компания в письмах; пусто — название подключения"),
        ("Жіберушінің аты", "Хаттарда компания қалай аталады; бос болса — қосылымның аты"),
        ("Sender name", "What the company is called in mails; empty: the connection's name"),
    ),
    "aliases": (
        (
            "Другие адреса",
            "Адреса, письма с которых приходят в этот же ящик; ответ уйдёт с того, на который писали",
        ),
        (
            "Басқа мекенжайлар",
            "Хаттары осы жәшікке келетін мекенжайлар; жауап клиент жазған мекенжайдан кетеді",
        ),
        (
            "Other addresses",
            "Addresses whose mail arrives in this mailbox too; answers go from the one written to",
        ),
    ),
    "signature": (
        ("Подпись", "Текст в конце каждого письма"),
        ("Қолтаңба", "Әр хаттың соңындағы мәтін"),
        ("Signature", "Text at the end of every mail"),
    ),
    "folder": (
        ("Папка", "Откуда брать письма"),
        ("Қалта", "Хаттар қайдан алынады"),
        ("Folder", "Where mails are taken from"),
    ),
    "history": (
        (
            "Прежние письма",
            "none: только новые; day, week, month: и полученные за это время (бот на них не отвечает)",
        ),
        (
            "Бұрынғы хаттар",
            "none: тек жаңалары; day, week, month: осы уақытта келгендері де (бот оларға жауап бермейді)",
        ),
        (
            "Earlier mails",
            "none: only new ones; day, week, month: also those of that time (the bot does not answer them)",
        ),
    ),
    "automatic_mail": (
        ("Рассылки и автоответы", "show: показывать без ответа бота; hide: не показывать"),
        ("Таратылым мен автожауаптар", "show: көрсету, бот жауап бермейді; hide: көрсетпеу"),
        ("Newsletters and auto-replies", "show: shown, the bot is silent; hide: not shown"),
    ),
    "watch_sent": (
        (
            "Следить за «Отправленными»",
            "Письма сотрудников из почтовой программы появятся в переписке",
        ),
        (
            "«Жіберілгендерді» қадағалау",
            "Қызметкерлердің пошта бағдарламасынан жазғаны хат алмасуда көрінеді",
        ),
        (
            "Watch the sent mail",
            "What people answer in their mail program appears in the conversation",
        ),
    ),
    "reply_tokens": (
        (
            "Метка в адресе ответа",
            "Ответы на info+метка@… всегда находят переписку; сервер должен принимать адреса с плюсом",
        ),
        (
            "Жауап мекенжайындағы белгі",
            "info+белгі@… мекенжайына жауап өз хат алмасуын табады; сервер плюс белгісін қабылдауы керек",
        ),
        (
            "Token in the reply address",
            "Answers to info+token@… always find their thread; the server must take plus addresses",
        ),
    ),
    "answers_per_hour": (
        (
            "Ответов бота в час",
            "Больше в одной переписке бот не пишет: так обрывается петля двух автоответчиков",
        ),
        (
            "Боттың сағаттық жауаптары",
            "Бір хат алмасуда бот бұдан көп жазбайды: екі автожауап тізбегі осылай үзіледі",
        ),
        (
            "Bot answers an hour",
            "More the bot does not write in one thread: so two machines stop answering each other",
        ),
    ),
    "max_megabytes": (
        ("Наибольшее письмо, МБ", "У письма больше этого читается только начало"),
        ("Ең үлкен хат, МБ", "Бұдан үлкен хаттың тек басы оқылады"),
        ("Largest mail, MB", "Of a larger one only the beginning is read"),
    ),
    "auth": (
        ("Вход", "password; google и microsoft — через OAuth 2.0"),
        ("Кіру", "password; google және microsoft — OAuth 2.0 арқылы"),
        ("Login", "password; google and microsoft: by OAuth 2.0"),
    ),
    "oauth_client_id": (
        ("OAuth: идентификатор приложения", "Client ID из Google Cloud или Entra ID"),
        ("OAuth: қолданба идентификаторы", "Google Cloud немесе Entra ID берген Client ID"),
        ("OAuth: client id", "From Google Cloud or Entra ID"),
    ),
    "oauth_client_secret": (
        ("OAuth: секрет приложения", "Client secret; у публичных приложений Microsoft его нет"),
        ("OAuth: қолданба құпиясы", "Client secret; Microsoft-тың ашық қолданбаларында жоқ"),
        ("OAuth: client secret", "Public apps of Microsoft have none"),
    ),
    "oauth_refresh_token": (
        ("OAuth: токен обновления", "Refresh token с правом читать и отправлять почту"),
        ("OAuth: жаңарту токені", "Пошта оқу және жіберу құқығы бар refresh token"),
        ("OAuth: refresh token", "With the right to read and send mail"),
    ),
    "oauth_tenant": (
        ("OAuth: каталог Microsoft", "Идентификатор или домен организации; common — любая"),
        ("OAuth: Microsoft каталогы", "Ұйымның идентификаторы немесе домені; common — кез келгені"),
        ("OAuth: Microsoft tenant", "The organisation's id or domain; common: any"),
    ),
    "username": (
        ("Имя для входа", "Пусто — сам адрес"),
        ("Кіру аты", "Бос болса — мекенжайдың өзі"),
        ("Login name", "Empty: the address itself"),
    ),
    "imap_host": (
        ("Сервер приёма (IMAP)", "imap.company.kz"),
        ("Қабылдау сервері (IMAP)", "imap.company.kz"),
        ("Receiving server (IMAP)", "imap.company.kz"),
    ),
    "imap_port": (
        ("Порт IMAP", "993, с STARTTLS — 143"),
        ("IMAP порты", "993, STARTTLS-пен — 143"),
        ("IMAP port", "993, with STARTTLS 143"),
    ),
    "imap_security": (
        ("Шифрование IMAP", "none — только внутри своей сети"),
        ("IMAP шифрлауы", "none — тек өз желіңіздің ішінде"),
        ("IMAP encryption", "none: only within one's own network"),
    ),
    "smtp_host": (
        ("Сервер отправки (SMTP)", "smtp.company.kz"),
        ("Жіберу сервері (SMTP)", "smtp.company.kz"),
        ("Sending server (SMTP)", "smtp.company.kz"),
    ),
    "smtp_port": (
        ("Порт SMTP", "465, с STARTTLS — 587"),
        ("SMTP порты", "465, STARTTLS-пен — 587"),
        ("SMTP port", "465, with STARTTLS 587"),
    ),
    "smtp_security": (
        ("Шифрование SMTP", "none — только внутри своей сети"),
        ("SMTP шифрлауы", "none — тек өз желіңіздің ішінде"),
        ("SMTP encryption", "none: only within one's own network"),
    ),
}

_SECURITY: Final = {
    "ru": {"tls": "TLS", "starttls": "STARTTLS", "none": "Без шифрования"},
    "kk": {"tls": "TLS", "starttls": "STARTTLS", "none": "Шифрлаусыз"},
    "en": {"tls": "TLS", "starttls": "STARTTLS", "none": "None"},
}
OPTIONS: Final[Mapping[str, Options]] = {
    "history": {
        "ru": {
            "none": "Только новые",
            "day": "За последний день",
            "week": "За неделю",
            "month": "За месяц",
        },
        "kk": {
            "none": "Тек жаңалары",
            "day": "Соңғы күндегілері",
            "week": "Бір аптадағылары",
            "month": "Бір айдағылары",
        },
        "en": {
            "none": "Only new ones",
            "day": "Of the last day",
            "week": "Of a week",
            "month": "Of a month",
        },
    },
    "automatic_mail": {
        "ru": {"show": "Показывать, бот молчит", "hide": "Не показывать"},
        "kk": {"show": "Көрсету, бот үндемейді", "hide": "Көрсетпеу"},
        "en": {"show": "Show, the bot is silent", "hide": "Do not show"},
    },
    "auth": {
        "ru": {"password": "Пароль", "google": "Google (OAuth)", "microsoft": "Microsoft (OAuth)"},
        "kk": {
            "password": "Құпиясөз",
            "google": "Google (OAuth)",
            "microsoft": "Microsoft (OAuth)",
        },
        "en": {
            "password": "Password",
            "google": "Google (OAuth)",
            "microsoft": "Microsoft (OAuth)",
        },
    },
    "imap_security": _SECURITY,
    "smtp_security": _SECURITY,
}
"""What the choices of a field are called."""
