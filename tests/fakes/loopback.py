"""What the fakes of messengers have in common: they listen on loopback, and call our webhooks."""

import aiohttp
from aiohttp import web


class LoopbackServer:
    """A server on a port of its own. A subclass gives its routes to ``_serve``."""

    def __init__(self, *, port: int = 0) -> None:
        self.port = port
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    async def _serve(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._client = aiohttp.ClientSession()

    async def _stop(self) -> None:
        assert self._runner is not None
        assert self._client is not None
        await self._client.close()
        await self._runner.cleanup()
