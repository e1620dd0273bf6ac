"""All settings of the product, read from the environment and `.env` in this one place.

Nothing else reads the environment. Every name begins with `AITYS_`. A value that cannot be used is reported as one
sentence that names the setting and says what is allowed (`SettingsError`), so that a process can print it and leave.
"""

import contextlib
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

_PRICE = re.compile(
    r"(?P<input>\d{1,7}(?:\.\d{1,6})?)/(?P<output>\d{1,7}(?:\.\d{1,6})?) (?P<currency>[A-Z]{3})"
)
SECRET_KEY_FILE = "secret.key"  # noqa: S105 - a file name
MIN_SECRET_KEY_LENGTH = 16


class SettingsError(Exception):
    """A setting is wrong; the text is one sentence for a person."""


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            "must be an address such as http://127.0.0.1:8080 or https://chat.example.kz"
        )
    return value.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_http_url)]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


class Settings(BaseSettings):
    """The values one process runs with. Immutable; made by `load_settings`, or directly in tests."""

    model_config = SettingsConfigDict(
        env_prefix="AITYS_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", description="Address the web process listens on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port the web process listens on.")
    data_dir: Path = Field(
        default=Path(".aitys"), description="Folder of the database, keys and logs."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged."
    )
    public_url: HttpUrl = Field(
        default="", description="Address people and messengers reach; http://localhost:<port>."
    )
    trusted_proxy_hops: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many reverse proxies stand in front and append to X-Forwarded-For.",
    )

    mongodb_uri: SecretStr | None = Field(
        default=None, description="MongoDB to use instead of the embedded one."
    )
    mongodb_database: str = Field(
        default="aitys", pattern=r"^[A-Za-z0-9_-]{1,60}$", description="Database name."
    )
    broker_url: SecretStr | None = Field(
        default=None, description="amqp:// address of the jobs; MongoDB when absent."
    )

    demo: bool = Field(
        default=True, description="Whether an empty database is filled with the demo company."
    )

    telegram_api_url: HttpUrl = Field(
        default="https://api.telegram.org", description="The Bot API, or one's own Bot API server."
    )
    graph_api_url: HttpUrl = Field(
        default="https://graph.facebook.com", description="Meta's Graph API, or a fake of it."
    )
    instagram_api_url: HttpUrl = Field(
        default="https://graph.instagram.com",
        description="The Graph API for Instagram's own tokens, or a fake of it.",
    )
    bot_answers_limit: int = Field(
        default=40,
        ge=1,
        description="Answers the bot gives in one chat within so many minutes (or six times as many in a day) before people see to it.",
    )
    bot_answers_minutes: int = Field(
        default=10, ge=1, le=1440, description="The minutes in which these answers are counted."
    )
    llm_model: str | None = Field(
        default=None,
        pattern=r"^[a-z_]+:.+$",
        description="Language model as provider:model; none when absent.",
    )
    llm_base_url: HttpUrl | None = Field(
        default=None, description="Address of an OpenAI-compatible provider."
    )
    llm_api_key: SecretStr | None = Field(
        default=None, description="Key of the language model's provider."
    )
    llm_price: str | None = Field(
        default=None,
        description="What a million tokens of that model cost, read and written: `0.40/1.60 USD`.",
    )
    llm_monthly_limit: float | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        allow_inf_nan=False,
        description="What each tenant without a model of its own may spend a month on that key.",
    )

    allow_private_addresses: bool = Field(
        default=False,
        description="Whether tenants' model and mail servers may be on this machine or in its network.",
    )

    file_max_mb: int = Field(
        default=25, ge=1, le=100, description="Megabytes a file may have that people send."
    )
    image_max_mb: int = Field(
        default=15, ge=1, le=100, description="The same for a picture, which browsers must unpack."
    )
    files_quota_mb: int = Field(
        default=10_240, ge=1, description="Megabytes all files of one organization may have."
    )
    visitor_files_percent: int = Field(
        default=20,
        ge=1,
        le=100,
        description="How much of that may be files of web-chat visitors, whom nobody vouches for.",
    )
    virus_scan: str | None = Field(
        default=None,
        description="clamd://host:port, clamd:///path/to/socket, or a command that gets the file on its input.",
    )

    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Encrypts credentials; made at the first start when absent.",
    )
    engine_url: HttpUrl = Field(default="http://127.0.0.1:5005", description="The dialogue engine.")
    actions_url: HttpUrl = Field(default="http://127.0.0.1:5055", description="The action server.")
    internal_url: HttpUrl = Field(
        default="", description="The web process as the action server sees it."
    )
    engine_token: SecretStr = Field(
        default=SecretStr(""), description="Token of the engine; derived when absent."
    )
    internal_token: SecretStr = Field(
        default=SecretStr(""), description="Token of the action server; derived when absent."
    )

    @field_validator("mongodb_uri")
    @classmethod
    def _check_mongodb_uri(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {
            "mongodb",
            "mongodb+srv",
        }:
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        return value

    @field_validator("broker_url")
    @classmethod
    def _check_broker_url(cls, value: SecretStr | None) -> SecretStr | None:
        allowed = {"mongodb", "mongodb+srv", "amqp", "amqps"}
        if value is not None and urlsplit(value.get_secret_value()).scheme not in allowed:
            raise ValueError("must begin with amqp://, amqps:// or mongodb://")
        return value

    @field_validator("virus_scan")
    @classmethod
    def _check_virus_scan(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if value.startswith("clamd:"):
            parts = urlsplit(value)
            if not (parts.hostname and parts.port) and not (parts.path and not parts.netloc):
                raise ValueError("must look like clamd://127.0.0.1:3310 or clamd:///run/clamd.sock")
            return value
        words = _words(value)
        if not words or shutil.which(words[0]) is None:
            raise ValueError("must be clamd://host:port, or a command that can be found")
        return value

    @field_validator("llm_price")
    @classmethod
    def _check_llm_price(cls, value: str | None) -> str | None:
        if value is not None and not _PRICE.fullmatch(value):
            raise ValueError(
                "must be what a million tokens cost, read and written, such as 0.40/1.60 USD"
            )
        return value

    @field_validator("secret_key")
    @classmethod
    def _check_secret_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < MIN_SECRET_KEY_LENGTH:
            raise ValueError(f"must have at least {MIN_SECRET_KEY_LENGTH} characters")
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_addresses(cls, values: Any) -> Any:
        if isinstance(values, dict):
            port = values.get("port") or 8080
            values = {
                "public_url": f"http://localhost:{port}",
                "internal_url": f"http://127.0.0.1:{port}",
                # Who reaches a product on loopback is at the machine anyway.
                "allow_private_addresses": _is_loopback(str(values.get("host") or "127.0.0.1")),
                **values,
            }
        return values

    @model_validator(mode="after")
    def _check_llm_limit(self) -> Self:
        if self.llm_monthly_limit is not None and self.llm_price is None:
            raise ValueError("AITYS_LLM_MONTHLY_LIMIT needs AITYS_LLM_PRICE to count with")
        return self

    @model_validator(mode="after")
    def _fill_secrets(self) -> Self:
        # `object.__setattr__` because the model is frozen for everybody else.
        if not self.secret_key.get_secret_value():
            object.__setattr__(self, "secret_key", SecretStr(_stored_secret_key(self.data_dir)))
        for name in ("engine_token", "internal_token"):
            if not getattr(self, name).get_secret_value():
                object.__setattr__(self, name, SecretStr(self.derive_secret(name)))
        return self

    def derive_secret(self, purpose: str) -> str:
        """Return a stable secret for one purpose, as 64 hex digits, that does not reveal the secret key."""
        key = self.secret_key.get_secret_value().encode()
        return hmac.new(key, f"aitys/{purpose}".encode(), hashlib.sha256).hexdigest()

    @property
    def llm_prices(self) -> dict[str, Any] | None:
        """What a million tokens of the installation's model cost: input, output, currency; None where nobody said."""
        found = _PRICE.fullmatch(self.llm_price or "")
        return (
            {
                "input": float(found["input"]),
                "output": float(found["output"]),
                "currency": found["currency"],
            }
            if found
            else None
        )


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings from the environment, then from `env_file` (the environment wins).

    Raises:
        SettingsError: a value is wrong or the data folder cannot be used.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except OSError as error:
        raise SettingsError(
            f"AITYS_DATA_DIR cannot be used: {error.strerror} ({error.filename})."
        ) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = "AITYS_" + "_".join(str(part) for part in first["loc"]).upper()
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # of several together: it names them, or none can be named
        return f"{reason[0].upper()}{reason[1:]}."
    if name == "AITYS_LLM_MODEL":
        reason = "must look like provider:model, for example openai:gpt-4.1-mini"
    return f"{name} is wrong: {reason[0].lower()}{reason[1:]}."


def _stored_secret_key(data_dir: Path) -> str:
    """Return the key kept in the data folder, made there (mode 600) when it is absent.

    Processes that start at the same moment agree on one key: the file appears complete, by a hard link that fails
    when another was faster.
    """
    path = data_dir / SECRET_KEY_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            dir=data_dir, prefix=".secret-"
        )  # mkstemp makes mode 600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < MIN_SECRET_KEY_LENGTH:
        raise ValueError(
            f"the key file {path} is damaged; restore it from a backup, or set AITYS_SECRET_KEY"
        )
    return key
