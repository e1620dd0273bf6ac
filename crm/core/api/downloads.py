"""Content that goes out while it is read: never held as a whole."""

import logging
from collections.abc import AsyncIterator

from aiohttp import web

_log = logging.getLogger(__name__)


async def send_chunks(
    request: web.Request, response: web.StreamResponse, chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send a response with this content.

    Nothing is sent before the first chunk is there, so that what is wrong until then is answered as any error. When the
    content breaks off later, the connection is cut: the other side must not take a part, or a problem document, for it.

    Raises:
        Whatever the first chunk raises.
        ConnectionError: the connection was cut, by them or by us.
    """
    first = await anext(chunks, b"")
    await response.prepare(request)
    try:
        await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
    except ConnectionError:
        raise
    except Exception as error:
        _log.warning("%s broke off: %s", request.path, type(error).__name__)
        raise ConnectionAbortedError from error  # aiohttp closes the connection
    await response.write_eof()
    return response
