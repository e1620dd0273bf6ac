"""What an admin fills in to connect a Telegram bot."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.base.labels import labelled
from connectors.telegram.labels import GUIDE, LABELS, OPTIONS

TOKEN_PATTERN = r"^[0-9]{5,16}:[A-Za-z0-9_-]{30,64}$"  # noqa: S105 - the shape, not a token


class TelegramConfig(BaseModel):
    """The settings of one bot.

    ``labels`` holds the form's texts in the console's languages.
    """

    model_config = ConfigDict(
        title="Telegram",
        extra="forbid",
        json_schema_extra={"x-guide": GUIDE},
    )

    token: SecretStr = Field(**labelled(LABELS["token"], pattern=TOKEN_PATTERN))
    delivery: Literal["auto", "webhook", "polling"] = Field(
        default="auto", **labelled(LABELS["delivery"], options=OPTIONS["delivery"])
    )
    commands: bool = Field(default=True, **labelled(LABELS["commands"]))

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
