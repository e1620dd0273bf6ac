"""The plain way to list contacts: a bare aiohttp handler, PyMongo with a projection, orjson.

No session, no check of the query, no cursor. Over the same documents and the same index as ours. Takes PORT, MONGODB_URI,
DATABASE and ORGANIZATION from the environment.
"""

import os
from typing import Any

import orjson
from aiohttp import web
from bson import ObjectId
from pymongo import AsyncMongoClient

PROJECTION = {"organization_id": 0, "search": 0}


def application() -> web.Application:
    client = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"])
    contacts = client[os.environ["DATABASE"]]["contacts"]
    match = {"organization_id": ObjectId(os.environ["ORGANIZATION"])}

    async def give(request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", "50"))
        found = contacts.find(match, PROJECTION).sort("created_at", -1).limit(limit)
        body = orjson.dumps(await found.to_list(), default=str)
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/contacts", give)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)
