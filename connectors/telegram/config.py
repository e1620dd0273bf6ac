"""What an admin fills in to connect a Telegram bot."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

TOKEN_PATTERN = r"^[0-9]{5,16}:[A-Za-z0-9_-]{30,64}$"  # noqa: S105 - the shape, not a token


class TelegramConfig(BaseModel):
    """The settings of one bot.

    ``x-labels`` holds each field's title and help in the console's languages; ``title`` and
    ``description`` are the English ones.
    """

    model_config = ConfigDict(
        title="Telegram",
        extra="forbid",
        json_schema_extra={
            "x-guide": {
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
        },
    )

    token: SecretStr = Field(
        title="Bot token",
        description="The line that @BotFather gives, such as 123456789:AAE-…",
        json_schema_extra={
            "pattern": TOKEN_PATTERN,
            "x-labels": {
                "ru": {
                    "title": "Токен бота",
                    "description": "Строка от @BotFather вида 123456789:AAE-…",
                },
                "kk": {
                    "title": "Бот токені",
                    "description": "@BotFather берген жол: 123456789:AAE-…",
                },
                "en": {
                    "title": "Bot token",
                    "description": "The line that @BotFather gives, such as 123456789:AAE-…",
                },
            },
        },
    )
    delivery: Literal["auto", "webhook", "polling"] = Field(
        default="auto",
        title="How messages arrive",
        description=(
            "auto: Telegram calls us when our address is public and https, otherwise we ask it."
        ),
        json_schema_extra={
            "x-labels": {
                "ru": {
                    "title": "Как приходят сообщения",
                    "description": "auto: Telegram обращается к нам, если наш адрес публичный и "
                    "https; иначе мы сами спрашиваем его.",
                },
                "kk": {
                    "title": "Хабарламалар қалай келеді",
                    "description": "auto: мекенжайымыз ашық әрі https болса, Telegram бізге өзі "
                    "жібереді; әйтпесе біз одан сұраймыз.",
                },
                "en": {
                    "title": "How messages arrive",
                    "description": "auto: Telegram calls us when our address is public and https, "
                    "otherwise we ask it.",
                },
            },
        },
    )

    commands: bool = Field(
        default=True,
        title="Menu of commands",
        description="The bot's menu offers to order, to be called, to ask for a person.",
        json_schema_extra={
            "x-labels": {
                "ru": {
                    "title": "Меню команд",
                    "description": "Меню бота предлагает заказать, попросить звонок, "
                    "позвать человека.",
                },
                "kk": {
                    "title": "Командалар мәзірі",
                    "description": "Бот мәзірі тапсырыс беруді, қоңырау шалуды сұрауды, адамды "
                    "шақыруды ұсынады.",
                },
                "en": {
                    "title": "Menu of commands",
                    "description": "The bot's menu offers to order, to be called, to ask for a "
                    "person.",
                },
            },
        },
    )

    @field_validator("token", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("token")
    @classmethod
    def _check_token(cls, value: SecretStr) -> SecretStr:
        # Not a pattern of the field itself: pydantic has none for a secret, and its message must
        # not repeat the value.
        if re.fullmatch(TOKEN_PATTERN, value.get_secret_value()) is None:
            raise ValueError("must look like 123456789:AAE-… as @BotFather gives it")
        return value

    @property
    def bot_id(self) -> int:
        """The bot's own user id: a token begins with it."""
        return int(self.token.get_secret_value().partition(":")[0])
