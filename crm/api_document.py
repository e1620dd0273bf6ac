"""Prints the OpenAPI document without a database: `python -m crm.api_document > openapi.json`."""

import asyncio
import sys
import tempfile
from pathlib import Path

import orjson
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from crm import __version__
from crm.app import API, compose_app
from crm.core.api.openapi import openapi_document
from crm.core.database import Database, RawDocument
from crm.core.feature import Core
from crm.core.settings import Settings


async def document() -> RawDocument:
    """Return the document of all endpoints. Nothing is connected to."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), secret_key=SecretStr("only-to-describe-the-api"), _env_file=None
        )
        # A client that is never used never connects.
        client: AsyncMongoClient[RawDocument] = AsyncMongoClient(
            "mongodb://localhost", connect=False
        )
        app = compose_app(Core.build(settings, Database(client, "unused")), connectors={})
        try:
            return openapi_document(app[API].endpoints, version=__version__)
        finally:
            await client.close()


if __name__ == "__main__":
    text = orjson.dumps(
        asyncio.run(document()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    sys.stdout.buffer.write(text)
