"""The action server's settings, read from the environment in this one place."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one sentence for a person."""


@dataclass(frozen=True)
class ActionSettings:
    """Values one action server runs with.

    Attributes:
        host: address to listen on.
        port: port to listen on.
        token: bearer token, shown by the engine to us and by us to the web process.
        crm_url: the web process as we see it, without a path.
    """

    host: str
    port: int
    token: str
    crm_url: str


def load_settings() -> ActionSettings:
    """Read the settings.

    Raises:
        SettingsError: the token is missing, or an address is not usable.
    """
    token = os.environ.get("AITYS_INTERNAL_TOKEN", "")
    if not token:
        raise SettingsError("AITYS_INTERNAL_TOKEN is not set: the action server needs it.")
    own = urlsplit(os.environ.get("AITYS_ACTIONS_URL") or "http://127.0.0.1:5055")
    if not own.hostname:
        raise SettingsError("AITYS_ACTIONS_URL must be an address such as http://127.0.0.1:5055.")
    crm_url = os.environ.get("AITYS_INTERNAL_URL") or "http://127.0.0.1:8080"
    return ActionSettings(
        # Loopback unless said otherwise: rasa-sdk's own default would listen everywhere.
        host=os.environ.get("AITYS_ACTIONS_HOST") or "127.0.0.1",
        port=own.port or 5055,
        token=token,
        crm_url=crm_url.rstrip("/"),
    )
