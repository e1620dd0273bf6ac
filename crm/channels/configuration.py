"""Telling a channel's credentials from its other settings."""

from typing import Any, get_args

import orjson
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from connectors.base import Connector
from crm.core.api.binding import field_errors
from crm.core.database import RawDocument
from crm.core.errors import FieldError, Invalid
from crm.core.secrets import SecretBox


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the fields that hold credentials."""
    return frozenset(
        name for name, field in model.model_fields.items() if _is_secret(field.annotation)
    )


def _is_secret(annotation: Any) -> bool:
    if annotation in {SecretStr, SecretBytes}:
        return True
    return any(_is_secret(argument) for argument in get_args(annotation))


def validated_config(connector: Connector, values: RawDocument) -> BaseModel:
    """Return the channel's settings as its own model.

    Raises:
        Invalid: names each wrong field as `config.<field>`, without its value.
    """
    try:
        # JSON rules, because that is how the values came and how they are stored.
        return connector.config_model.model_validate_json(orjson.dumps(values))
    except ValidationError as error:
        fields = [
            FieldError(f"config.{item.field}", item.code, item.detail)
            for item in field_errors(error)
        ]
        raise Invalid(fields=fields) from None


def split_config(connector: Connector, config: BaseModel, secrets: SecretBox) -> RawDocument:
    """Return the stored form: `config` in the clear and `credentials_encrypted`."""
    names = secret_fields(connector.config_model)
    shown = config.model_dump(mode="json", exclude=set(names))
    credentials = {}
    for name in names:
        value = getattr(config, name)
        if value is not None:
            credentials[name] = value.get_secret_value()
    return {
        "config": shown,
        "credentials_encrypted": secrets.encrypt(orjson.dumps(credentials).decode()),
    }


def joined_config(connection: RawDocument, secrets: SecretBox) -> RawDocument:
    """Return all settings with the credentials decrypted.

    Raises:
        SecretUnreadableError: the secret key has changed.
    """
    credentials = orjson.loads(secrets.decrypt(connection["credentials_encrypted"]))
    return {**connection["config"], **credentials}
