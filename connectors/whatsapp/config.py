"""What an admin fills in to connect a WhatsApp number."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.base.labels import labelled
from connectors.base.meta import APP_SECRET_SHAPE, ID_SHAPE, TOKEN_SHAPE, checked_secret
from connectors.whatsapp.labels import GUIDE, LABELS

_SHAPES = {"app_secret": APP_SECRET_SHAPE, "access_token": TOKEN_SHAPE}


def _field(name: str) -> Any:
    """A required field of its shape."""
    shape = _SHAPES.get(name, ID_SHAPE)
    words = labelled(LABELS[name], pattern=shape)
    return Field(**words) if name in _SHAPES else Field(pattern=shape, **words)


class WhatsAppConfig(BaseModel):
    """The settings of one number.

    Where each value is found: https://developers.facebook.com/docs/whatsapp/cloud-api/get-started.
    ``labels`` holds the form's texts in the console's languages.
    """

    model_config = ConfigDict(
        title="WhatsApp", extra="forbid", json_schema_extra={"x-guide": GUIDE}
    )

    app_id: str = _field("app_id")
    app_secret: SecretStr = _field("app_secret")
    access_token: SecretStr = _field("access_token")
    waba_id: str = _field("waba_id")
    phone_number_id: str = _field("phone_number_id")

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator(*_SHAPES)
    @classmethod
    def _check_secret(cls, value: SecretStr, info: Any) -> SecretStr:
        return checked_secret(value, _SHAPES[info.field_name])
