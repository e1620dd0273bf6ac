"""The product's processes, as `aitys run` starts them, on free ports over a data folder of their own."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from crm.cli.installation import Installation
from crm.cli.mongod import free_port
from crm.cli.supervisor import Supervisor
from crm.cli.terminal import Terminal
from crm.core.settings import Settings


class QuietTerminal(Terminal):
    """Keeps what the supervisor tells, for a failing test to show."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str = "") -> None:
        self.lines.append(text)


def product_settings(folder: Path, **chosen: Any) -> Settings:
    """Settings of an installation that shares nothing with another one on this machine."""
    port = free_port()
    values: dict[str, Any] = {
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "data_dir": folder,
        "log_level": "warning",
        "demo": False,
        **chosen,
    }
    return Settings(**values)


@asynccontextmanager
async def running_product(*, keep: bool = True, **chosen: Any) -> AsyncIterator[Supervisor]:
    """Run the product while the body runs. With ``keep``, what dies is started again.

    ``chosen`` are settings beside the usual ones.
    """
    with tempfile.TemporaryDirectory(prefix="aitys-product-") as folder:
        supervisor = Supervisor(
            product_settings(Path(folder), **chosen),
            installation=Installation.here(),
            terminal=QuietTerminal(),
        )
        async with supervisor:
            keeper = asyncio.create_task(supervisor.keep() if keep else asyncio.sleep(0))
            try:
                yield supervisor
            finally:
                keeper.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeper
