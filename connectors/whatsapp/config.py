"""What an admin fills in to connect a WhatsApp number."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

_ID = r"^[0-9]{5,32}$"
_APP_SECRET = r"^[0-9a-f]{32}$"  # noqa: S105 - the shape, not a secret
_TOKEN = r"^[A-Za-z0-9_.|-]{20,1024}$"  # noqa: S105 - see above


def _field(
    pattern: str, ru: tuple[str, str], kk: tuple[str, str], en: tuple[str, str]
) -> dict[str, Any]:
    """What the form needs besides the type: the shape, and title and help in three languages."""
    said = {"ru": ru, "kk": kk, "en": en}
    return {
        "pattern": pattern,
        "x-labels": {
            language: {"title": title, "description": description}
            for language, (title, description) in said.items()
        },
    }


class WhatsAppConfig(BaseModel):
    """The settings of one number.

    Where each value is found: https://developers.facebook.com/docs/whatsapp/cloud-api/get-started.
    ``x-labels`` and ``x-guide`` hold the form's texts in the console's languages.
    """

    model_config = ConfigDict(
        title="WhatsApp",
        extra="forbid",
        json_schema_extra={
            "x-guide": {
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
        },
    )

    app_id: str = Field(
        title="App ID",
        pattern=_ID,
        description="The number of the Meta app, from “App settings → Basic”.",
        json_schema_extra=_field(
            _ID,
            ("ID приложения", "Номер приложения Meta из «App settings → Basic»."),
            ("Қолданба ID-і", "«App settings → Basic» бөліміндегі Meta қолданбасының нөмірі."),
            ("App ID", "The number of the Meta app, from “App settings → Basic”."),
        ),
    )
    app_secret: SecretStr = Field(
        title="App secret",
        description="Meta signs with it what it delivers. From “App settings → Basic”.",
        json_schema_extra=_field(
            _APP_SECRET,
            (
                "Секрет приложения",
                "Им Meta подписывает то, что доставляет. Из «App settings → Basic».",
            ),
            (
                "Қолданба құпиясы",
                "Meta жеткізген хабарларына онымен қол қояды. «App settings → Basic» бөлімінде.",
            ),
            (
                "App secret",
                "Meta signs with it what it delivers. From “App settings → Basic”.",
            ),
        ),
    )
    access_token: SecretStr = Field(
        title="Access token",
        description="A system user's token that never expires, with both WhatsApp permissions.",
        json_schema_extra=_field(
            _TOKEN,
            (
                "Токен доступа",
                "Бессрочный токен системного пользователя с обоими правами WhatsApp.",
            ),
            (
                "Қол жеткізу токені",
                "WhatsApp-тың екі құқығы да бар жүйелік пайдаланушының мерзімсіз токені.",
            ),
            (
                "Access token",
                "A system user's token that never expires, with both WhatsApp permissions.",
            ),
        ),
    )
    waba_id: str = Field(
        title="WhatsApp Business Account ID",
        pattern=_ID,
        description="The account the number belongs to, from “WhatsApp → API Setup”.",
        json_schema_extra=_field(
            _ID,
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
    )
    phone_number_id: str = Field(
        title="Phone number ID",
        pattern=_ID,
        description="Not the number itself: its ID, from “WhatsApp → API Setup”.",
        json_schema_extra=_field(
            _ID,
            ("ID номера", "Не сам номер, а его ID из «WhatsApp → API Setup»."),
            ("Нөмір ID-і", "Нөмірдің өзі емес, оның ID-і; «WhatsApp → API Setup» бөлімінде."),
            ("Phone number ID", "Not the number itself: its ID, from “WhatsApp → API Setup”."),
        ),
    )

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("app_secret", "access_token")
    @classmethod
    def _check_secret(cls, value: SecretStr, info: Any) -> SecretStr:
        # Not a pattern of the field itself: pydantic has none for a secret, and its message must
        # not repeat the value.
        pattern = _APP_SECRET if info.field_name == "app_secret" else _TOKEN
        if re.fullmatch(pattern, value.get_secret_value()) is None:
            raise ValueError("does not look like what Meta gives: copy it whole")
        return value
