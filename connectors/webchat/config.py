"""What an admin chooses about the chat on their site."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.base.labels import labelled
from connectors.webchat.labels import GUIDE, LABELS, OPTIONS

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?")
_ADDRESS: Final = re.compile(r"https://[^\s\"'<>\\]{1,480}")
_SHORTEST_SECRET: Final = 32

Asked = Literal["no", "optional", "required"]


def _labels(name: str, **more: Any) -> dict[str, Any]:
    return labelled(LABELS[name], options=OPTIONS.get(name), **more)


class Texts(BaseModel):
    """A text in the languages of the chat. An empty one stands for the product's own."""

    model_config = ConfigDict(extra="forbid")

    ru: str = Field(default="", max_length=500, title="Русский")
    kk: str = Field(default="", max_length=500, title="Қазақша")
    en: str = Field(default="", max_length=500, title="English")


class ShortTexts(Texts):
    """A few words in the languages of the chat."""

    ru: str = Field(default="", max_length=30, title="Русский")
    kk: str = Field(default="", max_length=30, title="Қазақша")
    en: str = Field(default="", max_length=30, title="English")


class Proactive(BaseModel):
    """Words that appear beside the button by themselves."""

    model_config = ConfigDict(extra="forbid")

    after_seconds: int = Field(0, **_labels("after_seconds"), ge=0, le=3600)
    paths: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        [], **_labels("paths"), max_length=50
    )
    text: Texts = Field(Texts(), **_labels("invitation"))

    @field_validator("paths")
    @classmethod
    def _check_paths(cls, values: list[str]) -> list[str]:
        paths = [value.strip() for value in values if value.strip()]
        if any(not path.startswith("/") for path in paths):
            raise ValueError("must begin with a slash, such as /catalog/*")
        return paths


class Prechat(BaseModel):
    """What is asked before the first message."""

    model_config = ConfigDict(extra="forbid")

    name: Asked = Field("no", **_labels("ask_name"))
    phone: Asked = Field("no", **_labels("ask_phone"))
    email: Asked = Field("no", **_labels("ask_email"))
    own: Asked = Field("no", **_labels("ask_own"))
    question: Texts = Field(Texts(), **_labels("question"))
    consent: Texts = Field(Texts(), **_labels("consent"))
    privacy_url: str = Field("", **_labels("privacy_url"), max_length=500)

    @field_validator("privacy_url")
    @classmethod
    def _check_address(cls, value: str) -> str:
        return _https(value)


class WebchatConfig(BaseModel):
    """The settings of one chat."""

    model_config = ConfigDict(
        title="Web chat", extra="forbid", json_schema_extra={"x-guide": GUIDE}
    )

    title: str = Field("", **_labels("title"), max_length=60)
    accent: str = Field(
        "#0f766e", **_labels("accent", format="color"), pattern=r"^#[0-9a-fA-F]{6}$"
    )
    theme: Literal["auto", "light", "dark"] = Field("auto", **_labels("theme"))
    position: Literal["right", "left"] = Field("right", **_labels("position"))
    launcher: ShortTexts = Field(ShortTexts(), **_labels("launcher"))
    avatar_url: str = Field("", **_labels("avatar_url"), max_length=500)
    greeting: Texts = Field(Texts(), **_labels("greeting"))
    proactive: Proactive = Field(Proactive(), **_labels("proactive"))
    prechat: Prechat = Field(Prechat(), **_labels("prechat"))
    files: bool = Field(default=True, **_labels("files"))
    max_megabytes: int = Field(15, **_labels("max_megabytes"), ge=1, le=100)
    offline: bool = Field(default=True, **_labels("offline"))
    identity_secret: SecretStr | None = Field(None, **_labels("identity_secret"))
    allowed_origins: list[str] = Field([], **_labels("allowed_origins"), max_length=50)

    @field_validator("avatar_url")
    @classmethod
    def _check_address(cls, value: str) -> str:
        return _https(value)

    @field_validator("identity_secret", mode="before")
    @classmethod
    def _check_secret(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip()
            if value and len(value) < _SHORTEST_SECRET:
                raise ValueError(f"must have at least {_SHORTEST_SECRET} characters")
            return value or None
        return value

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

    def public(self, *, name: str, language: str) -> dict[str, Any]:
        """What a page may know of the settings: what it shows anyway.

        Args:
            name: the connection's, shown when no title is chosen.
            language: the connection's.
        """
        shown = self.model_dump(exclude={"identity_secret", "allowed_origins"})
        return {**shown, "title": self.title or name, "language": language}


def _https(value: str) -> str:
    value = value.strip()
    if value and _ADDRESS.fullmatch(value) is None:
        raise ValueError("must be an address that begins with https://")
    return value


def _matches(origin: str, allowed: str) -> bool:
    if "*." not in allowed:
        return origin == allowed
    scheme, _, domain = allowed.partition("*.")
    return origin.startswith(scheme) and origin.endswith(f".{domain}")
