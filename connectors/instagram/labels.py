"""What the settings form says in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.labels import Options, Words

GUIDE: Final[Any] = {
    "ru": [
        "В приложении Instagram переключите аккаунт на профессиональный и включите «Настройки → Сообщения → Доступ к сообщениям».",
        "На developers.facebook.com создайте приложение и добавьте в него сценарий «Управление сообщениями Instagram» (вход через Instagram).",
        "В «API setup with Instagram login» добавьте аккаунт и нажмите «Generate token»; скопируйте сюда токен и Instagram app secret.",
        "Сохраните: подписка на сообщения, вопросы для начала разговора и меню настроятся сами.",
        "В «Configure webhooks» вставьте адрес и проверочный токен со страницы подключения, подпишитесь на показанные там поля и опубликуйте приложение.",
    ],
    "kk": [
        "Instagram қолданбасында аккаунтты кәсіби түрге ауыстырып, «Баптаулар → Хабарламалар → Хабарламаларға рұқсат» қосыңыз.",
        "developers.facebook.com сайтында қолданба жасап, оған «Instagram хабарламаларын басқару» сценарийін (Instagram арқылы кіру) қосыңыз.",
        "«API setup with Instagram login» ішінде аккаунтты қосып, «Generate token» басыңыз; токен мен Instagram app secret мәнін осында көшіріңіз.",
        "Сақтаңыз: хабарламаларға жазылу, әңгіме бастайтын сұрақтар мен мәзір өздігінен бапталады.",
        "«Configure webhooks» ішіне қосылым бетіндегі мекенжай мен тексеру токенін қойып, сонда көрсетілген өрістерге жазылыңыз да, қолданбаны жариялаңыз.",
    ],
    "en": [
        "In the Instagram app switch the account to a professional one and turn on “Settings → Messages → Allow access to messages”.",
        "At developers.facebook.com create an app and add the use case “Manage messages on Instagram” (Instagram login) to it.",
        "Under “API setup with Instagram login” add the account and press “Generate token”; copy the token and the Instagram app secret to here.",
        "Save: the subscription to messages, the opening questions and the menu are set by themselves.",
        "Under “Configure webhooks” paste the address and the verify token from the connection's page, subscribe to the fields shown there, and publish the app.",
    ],
}

LABELS: Final[Mapping[str, Words]] = {
    "login": (
        (
            "Вид токена",
            "instagram — токен самого аккаунта; facebook — токен связанной страницы Facebook.",
        ),
        (
            "Токен түрі",
            "instagram — аккаунттың өз токені; facebook — байланған Facebook бетінің токені.",
        ),
        (
            "Kind of token",
            "instagram: the account's own token. facebook: a token of the linked Page.",
        ),
    ),
    "access_token": (
        ("Токен доступа", "Долгоживущий токен; собственный токен Instagram продлевается сам."),
        (
            "Қол жеткізу токені",
            "Ұзақ мерзімді токен; Instagram-ның өз токені өздігінен ұзартылады.",
        ),
        ("Access token", "The long-lived token; one of Instagram's own is renewed by itself."),
    ),
    "app_secret": (
        (
            "Секрет приложения",
            "Им Meta подписывает то, что доставляет. При входе через Instagram — Instagram app secret.",
        ),
        (
            "Қолданба құпиясы",
            "Meta жеткізген хабарларына онымен қол қояды. Instagram арқылы кіргенде — Instagram app secret.",
        ),
        (
            "App secret",
            "Meta signs with it what it delivers. With Instagram login: Instagram app secret.",
        ),
    ),
    "meta_app_secret": (
        (
            "Второй секрет приложения",
            "У приложения с входом через Instagram их два; добавьте тот, что в «App settings → Basic», если сообщения отклоняются из-за неверной подписи.",
        ),
        (
            "Қолданбаның екінші құпиясы",
            "Instagram арқылы кіретін қолданбада екеуі бар; хабарламалар қолтаңба қатесінен қабылданбаса, «App settings → Basic» ішіндегісін қосыңыз.",
        ),
        (
            "Second app secret",
            "An app with Instagram login has two; add the one from “App settings → Basic” when messages are refused for a wrong signature.",
        ),
    ),
    "app_id": (
        (
            "ID приложения",
            "С ним видны права и срок токена страницы, а наши ответы не принимаются за чужие.",
        ),
        (
            "Қолданба ID-і",
            "Онымен бет токенінің құқықтары мен мерзімі көрінеді, ал біздің жауаптар бөтендікі деп саналмайды.",
        ),
        (
            "App ID",
            "With it a Page token's permissions and end can be told, and our own answers are not taken for others'.",
        ),
    ),
    "menu": (
        (
            "Вопросы для начала и меню",
            "Чат открывается вопросами, на которые можно нажать, и имеет меню: заказ, звонок, человек.",
        ),
        (
            "Бастапқы сұрақтар мен мәзір",
            "Чат басуға болатын сұрақтармен ашылады және мәзірі бар: тапсырыс, қоңырау, адам.",
        ),
        (
            "Opening questions and menu",
            "The chat opens with questions to tap, and has a menu: order, call, person.",
        ),
    ),
}

OPTIONS: Final[Mapping[str, Options]] = {
    "login": {
        "ru": {"instagram": "Токен аккаунта Instagram", "facebook": "Токен страницы Facebook"},
        "kk": {
            "instagram": "Instagram аккаунтының токені",
            "facebook": "Facebook парақшасының токені",
        },
        "en": {
            "instagram": "The Instagram account's token",
            "facebook": "The Facebook Page's token",
        },
    },
}
"""What the choices of a field are called."""
