"""A database for commands that need one for a moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from crm.cli.locks import data_folder_lock, holder_of
from crm.cli.mongod import EmbeddedMongod, running_mongod
from crm.core.settings import Settings


def with_database(settings: Settings, uri: str) -> Settings:
    """Return the settings with the address of a database in them."""
    return settings.model_copy(update={"mongodb_uri": SecretStr(uri)})


@asynccontextmanager
async def reachable_database(settings: Settings) -> AsyncIterator[Settings]:
    """Yield settings whose MongoDB runs: the one that is set, that of a running Aitys, or one for the moment.

    Raises:
        StartError: the embedded one cannot be started.
    """
    if settings.mongodb_uri is not None:
        yield settings
    elif holder_of(settings.data_dir) is not None:
        yield with_database(settings, EmbeddedMongod(settings.data_dir).uri)
    else:
        with data_folder_lock(settings.data_dir):
            async with running_mongod(settings.data_dir) as uri:
                yield with_database(settings, uri)
