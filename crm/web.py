"""The web process: `python -m crm.web`. Ends cleanly on SIGTERM and SIGINT."""

import asyncio
import logging
import os
import signal
import sys

from aiohttp import web
from pymongo.errors import PyMongoError

from bot.privacy.logs import install_log_masking
from crm.app import create_app
from crm.channels.connectors import connectors_of
from crm.core.database import Database
from crm.core.migrations import migrate
from crm.core.settings import Settings, SettingsError, load_settings

log = logging.getLogger("crm.web")

SHUTDOWN_SECONDS = 10.0
CANNOT_START = 78
"""Exit status of a start that will fail again until a person changes something (EX_CONFIG of sysexits.h)."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then let running requests end, for ten seconds at most.

    Raises:
        SettingsError: the settings, the port among them, cannot be used.
        PyMongoError: the database does not answer.
    """
    database = await Database.connect(settings)
    try:
        await migrate(database)
        connectors = connectors_of(settings)
        app = await create_app(settings, database, connectors=connectors)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
            try:
                await site.start()
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                raise SettingsError(
                    f"AITYS_PORT {settings.port} cannot be used: {reason}; free it or choose another."
                ) from None
            log.info("Listening on %s:%s", settings.host, settings.port)
            await stop.wait()
            log.info("Stopping")
        finally:
            await runner.cleanup()
    finally:
        await database.close()


async def run(settings: Settings) -> None:
    """Serve until the process is told to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, stop)


def main() -> int:
    """Run the process and return its exit status."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person reads it
        return CANNOT_START
    install_log_masking()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(run(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person reads it
        return CANNOT_START
    except PyMongoError as error:
        print(f"The database does not answer: {error}", file=sys.stderr)  # noqa: T201 - see above
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
