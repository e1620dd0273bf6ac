"""What an admin fills in to connect a mailbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.base.labels import labelled
from connectors.email.addresses import normalised
from connectors.email.labels import GUIDE, LABELS, OPTIONS
from connectors.email.providers import PRESETS, preset_of

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45}")
_MAX_ALIASES: Final = 30

Security = Literal["tls", "starttls", "none"]


def _labels(name: str) -> dict[str, Any]:
    return labelled(LABELS[name], options=OPTIONS.get(name))


class EmailConfig(BaseModel):
    """The settings of one mailbox.

    The servers fill themselves in for known providers (``x-presets`` tells the console the same).
    """

    model_config = ConfigDict(
        title="E-mail",
        extra="forbid",
        json_schema_extra={
            "x-guide": GUIDE,
            "x-presets": {"field": "address", "by_domain": dict[str, Any](PRESETS)},
        },
    )

    address: str = Field(**_labels("address"), max_length=320)
    password: SecretStr | None = Field(None, **_labels("password"))
    from_name: str = Field("", **_labels("from_name"), max_length=100)
    aliases: list[str] = Field([], **_labels("aliases"), max_length=_MAX_ALIASES)
    signature: str = Field("", **_labels("signature"), max_length=2_000)
    folder: str = Field("INBOX", **_labels("folder"), min_length=1, max_length=200)
    history: Literal["none", "day", "week", "month"] = Field("none", **_labels("history"))
    automatic_mail: Literal["show", "hide"] = Field("show", **_labels("automatic_mail"))
    watch_sent: bool = Field(default=True, **_labels("watch_sent"))
    reply_tokens: bool = Field(default=False, **_labels("reply_tokens"))
    answers_per_hour: int = Field(10, **_labels("answers_per_hour"), ge=1, le=100)
    max_megabytes: int = Field(25, **_labels("max_megabytes"), ge=1, le=60)
    auth: Literal["password", "google", "microsoft"] = Field("password", **_labels("auth"))
    oauth_client_id: str = Field("", **_labels("oauth_client_id"), max_length=300)
    oauth_client_secret: SecretStr | None = Field(None, **_labels("oauth_client_secret"))
    oauth_refresh_token: SecretStr | None = Field(None, **_labels("oauth_refresh_token"))
    oauth_tenant: str = Field(
        "common", **_labels("oauth_tenant"), pattern=r"^[A-Za-z0-9.-]{1,100}$"
    )
    username: str = Field("", **_labels("username"), max_length=320)
    imap_host: str = Field("", **_labels("imap_host"), max_length=253, validate_default=True)
    imap_port: int = Field(993, **_labels("imap_port"), ge=1, le=65_535)
    imap_security: Security = Field("tls", **_labels("imap_security"))
    smtp_host: str = Field("", **_labels("smtp_host"), max_length=253, validate_default=True)
    smtp_port: int = Field(465, **_labels("smtp_port"), ge=1, le=65_535)
    smtp_security: Security = Field("tls", **_labels("smtp_security"))

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        """What is left empty of the servers is taken from the provider's preset."""
        if not isinstance(values, Mapping):
            return values
        filled = dict(values)
        preset = preset_of(str(filled.get("address", "")), str(filled.get("auth", "password")))
        for kind in ("imap", "smtp"):
            if filled.get(f"{kind}_host"):
                continue
            filled |= {name: value for name, value in preset.items() if name.startswith(kind)}
        return filled

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        known = normalised(value)
        if known is None:
            raise ValueError("must be an e-mail address such as info@company.kz")
        return known

    @field_validator("aliases")
    @classmethod
    def _check_aliases(cls, values: list[str]) -> list[str]:
        known = [normalised(value) for value in values if value.strip()]
        if None in known:
            raise ValueError("must be e-mail addresses such as sales@company.kz")
        return [one for one in dict.fromkeys(known) if one]

    @field_validator("username", "folder", "from_name", "oauth_client_id")
    @classmethod
    def _check_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line of text")
        return value.strip()

    @field_validator("imap_host", "smtp_host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        value = value.strip()
        if not value:
            raise ValueError("must name the server: the provider of this address is not known")
        if not _HOST.fullmatch(value):
            raise ValueError("must be a server's name such as imap.company.kz")
        return value

    @field_validator("password", "oauth_client_secret", "oauth_refresh_token", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        """Providers show app passwords in groups of four letters."""
        if isinstance(value, str):
            value = value.strip()
            return (
                re.sub(r" ", "", value)
                if re.fullmatch(r"(?:\w{4} ){3}\w{4}", value)
                else value or None
            )
        return value

    @model_validator(mode="after")
    def _check_credentials(self) -> EmailConfig:
        if self.auth == "password":
            if self.password is None:
                raise ValueError("a password is needed")
        elif self.oauth_refresh_token is None or not self.oauth_client_id:
            raise ValueError("OAuth needs a client id and a refresh token")
        return self

    @property
    def login(self) -> str:
        """By what the servers know the account."""
        return self.username or self.address

    @property
    def mailbox(self) -> str:
        """What the login opens: an address alone proves nothing, anybody may run a server that knows it."""
        folder = "INBOX" if self.folder.upper() == "INBOX" else self.folder  # RFC 3501, 5.1
        return f"{self.login.lower()}@{self.imap_host.lower()}/{folder}"

    @property
    def own(self) -> frozenset[str]:
        """All addresses that are ours."""
        return frozenset({self.address, *self.aliases})
