"""What an admin chooses about the chat on their site."""

from __future__ import annotations

import re
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?")


def _labels(**texts: tuple[str, str]) -> dict[str, Any]:
    """Title and help of a field in the console's languages."""
    told = {lang: {"title": title, "description": words} for lang, (title, words) in texts.items()}
    return {"x-labels": told}


class Greeting(BaseModel):
    """The first line in an empty chat, a language each. An empty one shows the product's own."""

    model_config = ConfigDict(extra="forbid")

    ru: str = Field(default="", max_length=500, title="Русский")
    kk: str = Field(default="", max_length=500, title="Қазақша")
    en: str = Field(default="", max_length=500, title="English")


class WebchatConfig(BaseModel):
    """The settings of one chat."""

    model_config = ConfigDict(
        title="Web chat",
        extra="forbid",
        json_schema_extra={
            "x-guide": {
                "ru": [
                    "Выберите название и цвет — посетители увидят их в окне чата.",
                    "Сохраните канал и вставьте строку скрипта в страницы сайта перед </body>.",
                ],
                "kk": [
                    "Атауы мен түсін таңдаңыз — келушілер оны чат терезесінде көреді.",
                    "Арнаны сақтап, скрипт жолын сайт беттеріне </body> алдына қойыңыз.",
                ],
                "en": [
                    "Choose a name and a colour; visitors see them in the chat window.",
                    "Save the channel and paste the script's line into the site before </body>.",
                ],
            }
        },
    )

    title: str = Field(
        default="",
        max_length=60,
        title="Name in the chat's header",
        description="The connection's name when empty.",
        json_schema_extra=_labels(
            ru=("Название в шапке чата", "Если пусто — название канала."),
            kk=("Чат тақырыбындағы атау", "Бос болса — арнаның атауы."),
            en=("Name in the chat's header", "The connection's name when empty."),
        ),
    )
    accent: str = Field(
        default="#0f766e",
        pattern=r"^#[0-9a-fA-F]{6}$",
        title="Colour",
        json_schema_extra={
            "format": "color",
            **_labels(
                ru=("Цвет", "Кнопка, шапка и сообщения посетителя."),
                kk=("Түсі", "Батырма, тақырып және келушінің хабарламалары."),
                en=("Colour", "The button, the header and the visitor's messages."),
            ),
        },
    )
    position: Literal["right", "left"] = Field(
        default="right",
        title="Corner",
        json_schema_extra=_labels(
            ru=("Угол страницы", "right — справа внизу, left — слева внизу."),
            kk=("Беттің бұрышы", "right — оң жақ төменде, left — сол жақ төменде."),
            en=("Corner", "right or left, at the bottom of the page."),
        ),
    )
    greeting: Greeting = Field(
        default_factory=Greeting,
        title="Greeting",
        json_schema_extra=_labels(
            ru=("Приветствие", "Первая строка в пустом чате."),
            kk=("Сәлемдесу", "Бос чаттағы бірінші жол."),
            en=("Greeting", "The first line in an empty chat."),
        ),
    )
    allowed_origins: list[str] = Field(
        default_factory=list,
        max_length=50,
        title="Sites that may show the chat",
        description="Addresses such as https://shop.kz or https://*.shop.kz; any when empty.",
        json_schema_extra=_labels(
            ru=(
                "Сайты, где можно показывать чат",
                "Адреса вида https://shop.kz или https://*.shop.kz; пусто — любые.",
            ),
            kk=(
                "Чатты көрсетуге болатын сайттар",
                "https://shop.kz немесе https://*.shop.kz түрінде; бос болса — кез келгені.",
            ),
            en=(
                "Sites that may show the chat",
                "Addresses such as https://shop.kz or https://*.shop.kz; any when empty.",
            ),
        ),
    )

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, values: list[str]) -> list[str]:
        origins = [value.strip().rstrip("/").lower() for value in values if value.strip()]
        for origin in origins:
            if _ORIGIN.fullmatch(origin) is None:
                raise ValueError("must be addresses such as https://shop.kz, without a path")
        return origins

    def allows(self, origin: str | None, *, own_host: str) -> bool:
        """Whether a page of this origin may open the chat.

        A page served by ourselves always may: the console's preview and the demo shop.
        """
        if not self.allowed_origins:
            return True
        if not origin:
            return False
        origin = origin.lower()
        if urlsplit(origin).netloc == own_host.lower():
            return True
        return any(_matches(origin, allowed) for allowed in self.allowed_origins)


def _matches(origin: str, allowed: str) -> bool:
    if "*." not in allowed:
        return origin == allowed
    scheme, _, domain = allowed.partition("*.")
    return origin.startswith(scheme) and origin.endswith(f".{domain}")
