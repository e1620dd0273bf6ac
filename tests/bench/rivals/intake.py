"""The plain way to take a webhook: a bare aiohttp handler, one durable insert, 200.

No secret, no reading of the update, no unique index, no turn. Takes PORT, MONGODB_URI and DATABASE from the environment.
"""

import os
from typing import Any

import orjson
from aiohttp import web
from pymongo import AsyncMongoClient
from pymongo.write_concern import WriteConcern


def application() -> web.Application:
    client = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"])
    messages = client[os.environ["DATABASE"]].get_collection(
        "bare_messages", write_concern=WriteConcern("majority", j=True)
    )

    async def take(request: web.Request) -> web.Response:
        await messages.insert_one(orjson.loads(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhook", take)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)
