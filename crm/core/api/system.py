"""Health and the OpenAPI document."""

from typing import Literal

from aiohttp import web
from pymongo.errors import PyMongoError

from crm.core.api.application import ApiApplication
from crm.core.api.endpoints import endpoint
from crm.core.api.fields import ResponseModel
from crm.core.api.openapi import openapi_document
from crm.core.api.principal import Access
from crm.core.api.replies import API_HEADERS, JSON, dump_json
from crm.core.database import Database, RawDocument
from crm.core.errors import Unavailable


class Health(ResponseModel):
    """The service works."""

    status: Literal["ok"]
    version: str


class SystemRoutes:
    """What machines ask."""

    def __init__(self, *, database: Database, api: ApiApplication, version: str) -> None:
        self._database = database
        self._api = api
        self._version = version
        self._document: bytes | None = None

    @endpoint("GET", "/api/health", access=Access.PUBLIC, response=Health, tag="system")
    async def health(self) -> RawDocument:
        """Tell whether the service and its database work."""
        try:
            await self._database.db.command("ping")
        except PyMongoError:
            raise Unavailable("The database does not answer.") from None
        return {"status": "ok", "version": self._version}

    @endpoint(
        "GET", "/api/openapi.json", access=Access.PUBLIC, response=dict[str, object], tag="system"
    )
    async def openapi(self) -> web.Response:
        """Read this document."""
        if self._document is None:
            self._document = dump_json(openapi_document(self._api.endpoints, version=self._version))
        return web.Response(body=self._document, content_type=JSON, headers=API_HEADERS)
