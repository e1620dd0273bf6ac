"""What an admin fills in to connect an Instagram account."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

_TOKEN = r"^[A-Za-z0-9_.|-]{20,1024}$"  # noqa: S105 - the shape, not a token
_APP_SECRET = r"^[0-9a-f]{32}$"  # noqa: S105 - see above
_APP_ID = r"^[0-9]{5,32}$"
_SHAPES: Final = {
    "access_token": _TOKEN,
    "app_secret": _APP_SECRET,
    "meta_app_secret": _APP_SECRET,
}


def _labels(pattern: str | None = None, **said: tuple[str, str]) -> dict[str, Any]:
    """The shape of a field, and its title and help in the console's languages."""
    told: dict[str, Any] = {
        "x-labels": {
            language: {"title": title, "description": description}
            for language, (title, description) in said.items()
        }
    }
    return {"pattern": pattern, **told} if pattern is not None else told


class InstagramConfig(BaseModel):
    """The settings of one professional account.

    Where each value is found:
    https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started.
    ``x-labels`` and ``x-guide`` hold the form's texts in the console's languages.
    """

    model_config = ConfigDict(
        title="Instagram",
        extra="forbid",
        json_schema_extra={
            "x-guide": {
                "ru": [
                    (
                        "В приложении Instagram переключите аккаунт на профессиональный и включите "
                        "«Настройки → Сообщения → Доступ к сообщениям»."
                    ),
                    (
                        "На developers.facebook.com создайте приложение и добавьте в него сценарий "
                        "«Управление сообщениями Instagram» (вход через Instagram)."
                    ),
                    (
                        "В «API setup with Instagram login» добавьте аккаунт и нажмите «Generate token»; "
                        "скопируйте сюда токен и Instagram app secret."
                    ),
                    (
                        "Сохраните: подписка на сообщения, вопросы для начала разговора и меню "
                        "настроятся сами."
                    ),
                    (
                        "В «Configure webhooks» вставьте адрес и проверочный токен со страницы "
                        "подключения, подпишитесь на показанные там поля и опубликуйте приложение."
                    ),
                ],
                "kk": [
                    (
                        "Instagram қолданбасында аккаунтты кәсіби түрге ауыстырып, «Баптаулар → "
                        "Хабарламалар → Хабарламаларға рұқсат» қосыңыз."
                    ),
                    (
                        "developers.facebook.com сайтында қолданба жасап, оған «Instagram "
                        "хабарламаларын басқару» сценарийін (Instagram арқылы кіру) қосыңыз."
                    ),
                    (
                        "«API setup with Instagram login» ішінде аккаунтты қосып, «Generate token» "
                        "басыңыз; токен мен Instagram app secret мәнін осында көшіріңіз."
                    ),
                    (
                        "Сақтаңыз: хабарламаларға жазылу, әңгіме бастайтын сұрақтар мен мәзір өздігінен "
                        "бапталады."
                    ),
                    (
                        "«Configure webhooks» ішіне қосылым бетіндегі мекенжай мен тексеру токенін "
                        "қойып, сонда көрсетілген өрістерге жазылыңыз да, қолданбаны жариялаңыз."
                    ),
                ],
                "en": [
                    (
                        "In the Instagram app switch the account to a professional one and turn on "
                        "“Settings → Messages → Allow access to messages”."
                    ),
                    (
                        "At developers.facebook.com create an app and add the use case “Manage messages "
                        "on Instagram” (Instagram login) to it."
                    ),
                    (
                        "Under “API setup with Instagram login” add the account and press “Generate "
                        "token”; copy the token and the Instagram app secret to here."
                    ),
                    (
                        "Save: the subscription to messages, the opening questions and the menu are set "
                        "by themselves."
                    ),
                    (
                        "Under “Configure webhooks” paste the address and the verify token from the "
                        "connection's page, subscribe to the fields shown there, and publish the app."
                    ),
                ],
            }
        },
    )

    login: Literal["instagram", "facebook"] = Field(
        default="instagram",
        title="Kind of token",
        description="instagram: the account's own token. facebook: a token of the linked Page.",
        json_schema_extra=_labels(
            ru=(
                "Вид токена",
                "instagram — токен самого аккаунта; facebook — токен связанной страницы Facebook.",
            ),
            kk=(
                "Токен түрі",
                "instagram — аккаунттың өз токені; facebook — байланған Facebook бетінің токені.",
            ),
            en=(
                "Kind of token",
                "instagram: the account's own token. facebook: a token of the linked Page.",
            ),
        ),
    )
    access_token: SecretStr = Field(
        title="Access token",
        description="The long-lived token; one of Instagram's own is renewed by itself.",
        json_schema_extra=_labels(
            _TOKEN,
            ru=(
                "Токен доступа",
                "Долгоживущий токен; собственный токен Instagram продлевается сам.",
            ),
            kk=(
                "Қол жеткізу токені",
                "Ұзақ мерзімді токен; Instagram-ның өз токені өздігінен ұзартылады.",
            ),
            en=(
                "Access token",
                "The long-lived token; one of Instagram's own is renewed by itself.",
            ),
        ),
    )
    app_secret: SecretStr = Field(
        title="App secret",
        description="Meta signs with it what it delivers. With Instagram login: Instagram app secret.",
        json_schema_extra=_labels(
            _APP_SECRET,
            ru=(
                "Секрет приложения",
                (
                    "Им Meta подписывает то, что доставляет. При входе через Instagram — Instagram app "
                    "secret."
                ),
            ),
            kk=(
                "Қолданба құпиясы",
                (
                    "Meta жеткізген хабарларына онымен қол қояды. Instagram арқылы кіргенде — Instagram "
                    "app secret."
                ),
            ),
            en=(
                "App secret",
                "Meta signs with it what it delivers. With Instagram login: Instagram app secret.",
            ),
        ),
    )
    meta_app_secret: SecretStr | None = Field(
        default=None,
        title="Second app secret",
        description="An app with Instagram login has two; add the one from “App settings → Basic” "
        "when messages are refused for a wrong signature.",
        json_schema_extra=_labels(
            _APP_SECRET,
            ru=(
                "Второй секрет приложения",
                (
                    "У приложения с входом через Instagram их два; добавьте тот, что в «App settings → "
                    "Basic», если сообщения отклоняются из-за неверной подписи."
                ),
            ),
            kk=(
                "Қолданбаның екінші құпиясы",
                (
                    "Instagram арқылы кіретін қолданбада екеуі бар; хабарламалар қолтаңба қатесінен "
                    "қабылданбаса, «App settings → Basic» ішіндегісін қосыңыз."
                ),
            ),
            en=(
                "Second app secret",
                (
                    "An app with Instagram login has two; add the one from “App settings → Basic” when "
                    "messages are refused for a wrong signature."
                ),
            ),
        ),
    )
    app_id: str | None = Field(
        default=None,
        pattern=_APP_ID,
        title="App ID",
        description="With a Page's token its permissions and its end can then be told.",
        json_schema_extra=_labels(
            _APP_ID,
            ru=(
                "ID приложения",
                "С ним видны права и срок токена страницы, а наши ответы не принимаются за чужие.",
            ),
            kk=(
                "Қолданба ID-і",
                (
                    "Онымен бет токенінің құқықтары мен мерзімі көрінеді, ал біздің жауаптар бөтендікі "
                    "деп саналмайды."
                ),
            ),
            en=(
                "App ID",
                (
                    "With it a Page token's permissions and end can be told, and our own answers are "
                    "not taken for others'."
                ),
            ),
        ),
    )
    menu: bool = Field(
        default=True,
        title="Opening questions and menu",
        description="The chat opens with questions to tap, and has a menu: order, call, person.",
        json_schema_extra=_labels(
            ru=(
                "Вопросы для начала и меню",
                (
                    "Чат открывается вопросами, на которые можно нажать, и имеет меню: заказ, звонок, "
                    "человек."
                ),
            ),
            kk=(
                "Бастапқы сұрақтар мен мәзір",
                "Чат басуға болатын сұрақтармен ашылады және мәзірі бар: тапсырыс, қоңырау, адам.",
            ),
            en=(
                "Opening questions and menu",
                "The chat opens with questions to tap, and has a menu: order, call, person.",
            ),
        ),
    )

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator("access_token", "app_secret", "meta_app_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr | None, info: Any) -> SecretStr | None:
        # Not a pattern of the field itself: pydantic has none for a secret, and its message must
        # not repeat the value.
        if value is not None and not re.fullmatch(
            _SHAPES[info.field_name], value.get_secret_value()
        ):
            raise ValueError("does not look like what Meta gives: copy it whole")
        return value

    @property
    def token(self) -> str:
        """The access token itself."""
        return self.access_token.get_secret_value()

    @property
    def secrets(self) -> list[str]:
        """The secrets that the app's deliveries may be signed with."""
        given = (self.app_secret, self.meta_app_secret)
        return [secret.get_secret_value() for secret in given if secret is not None]
