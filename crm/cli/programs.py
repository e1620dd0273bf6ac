"""How each process of the product is started, and how one sees that it works."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from crm.cli.installation import Installation
from crm.cli.processes import Program
from crm.core.settings import Settings

PROBE_TIMEOUT = aiohttp.ClientTimeout(total=2)
ENGINE_PATIENCE_SECONDS = 120.0
# The worker has no address to ask; settings and connections that are wrong end it sooner than this.
WORKER_SETTLES_AFTER_SECONDS = 1.5

# Rasa's pinned libraries warn of what newer versions of each other will change; nothing of it can be acted on.
QUIET_OLD_LIBRARIES = {"PYTHONWARNINGS": "ignore", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child: ours, with every setting spelled out.

    What would make an interpreter look for packages of another one is left out.
    """
    spelled = {f"AITYS_{name.upper()}": _spell(value) for name, value in settings}
    if settings.internal_url == f"http://127.0.0.1:{settings.port}":  # nobody chose another one
        spelled["AITYS_INTERNAL_URL"] = web_url(settings)
    left_out = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", *spelled}
    return {
        **{name: value for name, value in os.environ.items() if name not in left_out},
        **{name: value for name, value in spelled.items() if value},
        "PYTHONUNBUFFERED": "1",
        "RASA_TELEMETRY_ENABLED": "false",
    }


def _spell(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def web_url(settings: Settings) -> str:
    """Return the address of the web process as this machine reaches it."""
    host = settings.host
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared with, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def web_program(settings: Settings, installation: Installation) -> Program:
    """The web process: API, console, webhooks, widget."""
    return Program(
        name="web",
        command=[str(installation.python), "-m", "crm.web"],
        environment=child_environment(settings),
        folder=installation.root,
        ready=_answers(f"{web_url(settings)}/api/health"),
    )


def worker_program(settings: Settings, installation: Installation) -> Program:
    """The worker process: sweepers, jobs."""
    return Program(
        name="worker",
        command=[str(installation.python), "-m", "crm.worker"],
        environment=child_environment(settings),
        folder=installation.root,
        ready=_settles,
    )


def actions_program(settings: Settings, installation: Installation) -> Program:
    """The action server: the skills."""
    return Program(
        name="actions",
        command=[str(installation.python), "-m", "actions.server"],
        environment=child_environment(settings),
        folder=installation.root,
        ready=_answers(f"{settings.actions_url}/health"),
    )


def engine_program(settings: Settings, installation: Installation) -> Program:
    """The dialogue engine, in its own environment."""
    token = settings.engine_token.get_secret_value()
    return Program(
        name="engine",
        command=[str(installation.engine_python), "-m", "bot.engine.run"],
        environment={**child_environment(settings), **QUIET_OLD_LIBRARIES},
        folder=installation.root,
        ready=_answers(
            f"{settings.engine_url}/webhooks/aitys/", {"Authorization": f"Bearer {token}"}
        ),
        patience=ENGINE_PATIENCE_SECONDS,
    )


def phones_program(
    settings: Settings, installation: Installation, ports: Mapping[str, int]
) -> Program:
    """The messengers' fakes of `make run DEMO=channels`, and the page of their customers.

    Args:
        settings: the product's.
        installation: what to start.
        ports: where the page (`port`) and each messenger's API listen, on loopback.
    """
    words = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    return Program(
        name="phones",
        command=[str(installation.python), "-m", "tests.fakes.phones", *words],
        environment=child_environment(settings),
        folder=installation.root,
        ready=_answers(f"http://127.0.0.1:{ports['port']}/api/messengers"),
    )


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own, for this machine only."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _answers(url: str, headers: Mapping[str, str] | None = None) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=PROBE_TIMEOUT, trust_env=False) as session,
                session.get(url, headers=headers) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    return ready


async def _settles() -> bool:
    await asyncio.sleep(WORKER_SETTLES_AFTER_SECONDS)
    return True
