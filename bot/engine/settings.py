"""The engine's settings, read from the environment in this one place.

The supervisor passes them; names and meanings are those of `crm.core.settings` in the other environment.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one sentence for a person."""


@dataclass(frozen=True)
class EngineSettings:
    """Values one engine process runs with.

    Attributes:
        mongodb_uri: Where conversations are kept; empty means in memory (tests and the shell only).
        mongodb_database: Database of the trackers.
        token: Bearer token that every caller must show.
        actions_url: Address of the action server, without a path.
        actions_token: Bearer token of the action server.
        host: Address to listen on.
        port: Port to listen on.
        model: Model archive, or a folder whose newest archive is taken.
    """

    mongodb_uri: str
    mongodb_database: str
    token: str
    actions_url: str
    actions_token: str
    host: str
    port: int
    model: Path


def load_settings() -> EngineSettings:
    """Read the settings.

    Raises:
        SettingsError: `AITYS_ENGINE_TOKEN` or `AITYS_INTERNAL_TOKEN` is missing, or an address is not usable.
    """
    read = os.environ.get
    tokens = {name: read(name, "") for name in ("AITYS_ENGINE_TOKEN", "AITYS_INTERNAL_TOKEN")}
    for name, value in tokens.items():
        if not value:
            raise SettingsError(f"{name} is not set: the engine does not start without it.")
    address = urlsplit(read("AITYS_ENGINE_URL") or "http://127.0.0.1:5005")
    if not address.hostname:
        raise SettingsError("AITYS_ENGINE_URL must be an address such as http://127.0.0.1:5005.")
    return EngineSettings(
        mongodb_uri=read("AITYS_MONGODB_URI", ""),
        mongodb_database=read("AITYS_MONGODB_DATABASE") or "aitys",
        token=tokens["AITYS_ENGINE_TOKEN"],
        actions_url=(read("AITYS_ACTIONS_URL") or "http://127.0.0.1:5055").rstrip("/"),
        actions_token=tokens["AITYS_INTERNAL_TOKEN"],
        host=read("AITYS_ENGINE_HOST") or LOOPBACK,
        port=address.port or 5005,
        model=Path(read("AITYS_ENGINE_MODEL") or ROOT / "models"),
    )
