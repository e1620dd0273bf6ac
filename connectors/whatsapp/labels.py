"""What the settings form says in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.labels import Words

GUIDE: Final[Any] = {
    "ru": [
        "Откройте developers.facebook.com, создайте приложение типа «Business» и добавьте в него продукт WhatsApp.",
        "В разделе «App settings → Basic» скопируйте App ID и App secret.",
        "В разделе «WhatsApp → API Setup» скопируйте Phone number ID и WhatsApp Business Account ID.",
        "В Business Manager создайте системного пользователя, дайте ему доступ к приложению и аккаунту WhatsApp и выпустите бессрочный токен с правами whatsapp_business_messaging и whatsapp_business_management.",
        "Вставьте всё сюда и сохраните: вебхук зарегистрируется сам. В разделе «WhatsApp → Configuration» подпишитесь на поля, которые показаны на странице подключения.",
    ],
    "kk": [
        "developers.facebook.com сайтын ашып, «Business» түріндегі қолданба жасаңыз да, оған WhatsApp өнімін қосыңыз.",
        "«App settings → Basic» бөлімінен App ID мен App secret көшіріңіз.",
        "«WhatsApp → API Setup» бөлімінен Phone number ID мен WhatsApp Business Account ID көшіріңіз.",
        "Business Manager ішінде жүйелік пайдаланушы жасап, оған қолданба мен WhatsApp аккаунтына рұқсат беріңіз де, whatsapp_business_messaging және whatsapp_business_management құқықтары бар мерзімсіз токен шығарыңыз.",
        "Бәрін осында қойып, сақтаңыз: вебхук өзі тіркеледі. «WhatsApp → Configuration» бөлімінде қосылым бетінде көрсетілген өрістерге жазылыңыз.",
    ],
    "en": [
        "Open developers.facebook.com, create an app of the type “Business” and add the product WhatsApp to it.",
        "Copy App ID and App secret from “App settings → Basic”.",
        "Copy Phone number ID and WhatsApp Business Account ID from “WhatsApp → API Setup”.",
        "In Business Manager make a system user, give it the app and the WhatsApp account, and generate a token that never expires with the permissions whatsapp_business_messaging and whatsapp_business_management.",
        "Paste all of it here and save: the webhook registers itself. Under “WhatsApp → Configuration” subscribe to the fields shown on the connection's page.",
    ],
}

LABELS: Final[Mapping[str, Words]] = {
    "app_id": (
        ("ID приложения", "Номер приложения Meta из «App settings → Basic»."),
        ("Қолданба ID-і", "«App settings → Basic» бөліміндегі Meta қолданбасының нөмірі."),
        ("App ID", "The number of the Meta app, from “App settings → Basic”."),
    ),
    "app_secret": (
        ("Секрет приложения", "Им Meta подписывает то, что доставляет. Из «App settings → Basic»."),
        (
            "Қолданба құпиясы",
            "Meta жеткізген хабарларына онымен қол қояды. «App settings → Basic» бөлімінде.",
        ),
        ("App secret", "Meta signs with it what it delivers. From “App settings → Basic”."),
    ),
    "access_token": (
        ("Токен доступа", "Бессрочный токен системного пользователя с обоими правами WhatsApp."),
        (
            "Қол жеткізу токені",
            "WhatsApp-тың екі құқығы да бар жүйелік пайдаланушының мерзімсіз токені.",
        ),
        (
            "Access token",
            "A system user's token that never expires, with both WhatsApp permissions.",
        ),
    ),
    "waba_id": (
        (
            "ID аккаунта WhatsApp Business",
            "Аккаунт, которому принадлежит номер; из «WhatsApp → API Setup».",
        ),
        (
            "WhatsApp Business аккаунтының ID-і",
            "Нөмір тиесілі аккаунт; «WhatsApp → API Setup» бөлімінде.",
        ),
        (
            "WhatsApp Business Account ID",
            "The account the number belongs to, from “WhatsApp → API Setup”.",
        ),
    ),
    "phone_number_id": (
        ("ID номера", "Не сам номер, а его ID из «WhatsApp → API Setup»."),
        ("Нөмір ID-і", "Нөмірдің өзі емес, оның ID-і; «WhatsApp → API Setup» бөлімінде."),
        ("Phone number ID", "Not the number itself: its ID, from “WhatsApp → API Setup”."),
    ),
}
