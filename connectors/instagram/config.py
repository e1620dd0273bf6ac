"""What an admin fills in to connect an Instagram account."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.base.labels import labelled
from connectors.base.meta import APP_SECRET_SHAPE, ID_SHAPE, TOKEN_SHAPE, checked_secret
from connectors.instagram.labels import GUIDE, LABELS, OPTIONS

_SHAPES = {
    "access_token": TOKEN_SHAPE,
    "app_secret": APP_SECRET_SHAPE,
    "meta_app_secret": APP_SECRET_SHAPE,
}


def _labels(name: str) -> dict[str, Any]:
    shape = {"pattern": _SHAPES[name]} if name in _SHAPES else {}
    return labelled(LABELS[name], options=OPTIONS.get(name), **shape)


class InstagramConfig(BaseModel):
    """The settings of one professional account.

    Where each value is found:
    https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started.
    ``labels`` holds the form's texts in the console's languages.
    """

    model_config = ConfigDict(
        title="Instagram", extra="forbid", json_schema_extra={"x-guide": GUIDE}
    )

    login: Literal["instagram", "facebook"] = Field(default="instagram", **_labels("login"))
    access_token: SecretStr = Field(**_labels("access_token"))
    app_secret: SecretStr = Field(**_labels("app_secret"))
    meta_app_secret: SecretStr | None = Field(default=None, **_labels("meta_app_secret"))
    app_id: str | None = Field(
        default=None, pattern=ID_SHAPE, **labelled(LABELS["app_id"], pattern=ID_SHAPE)
    )
    menu: bool = Field(default=True, **_labels("menu"))

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator(*_SHAPES)
    @classmethod
    def _check_secret(cls, value: SecretStr | None, info: Any) -> SecretStr | None:
        return None if value is None else checked_secret(value, _SHAPES[info.field_name])

    @property
    def token(self) -> str:
        """The access token itself."""
        return self.access_token.get_secret_value()

    @property
    def secrets(self) -> list[str]:
        """The secrets that the app's deliveries may be signed with."""
        given = (self.app_secret, self.meta_app_secret)
        return [secret.get_secret_value() for secret in given if secret is not None]
