"""Giving one part to Graph. Files are spooled to disk and uploaded once, never held whole in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from pywa_async.api import GraphAPIAsync

from connectors.base.spooling import spooled
from connectors.base.values import mappings, text
from connectors.whatsapp.client import Graphs, answer
from connectors.whatsapp.config import WhatsAppConfig
from connectors.whatsapp.outbound import Part, with_file
from connectors.whatsapp.people import recipient
from connectors.whatsapp.templates import Definitions, filled
from crm.contract import OutboundFile, OutboundMessage, RejectedError, RetryableError

_KEPT_SECONDS: Final = 86_400.0
"""Meta keeps an upload for 30 days; a message is tried for one."""
_KEPT: Final = 2_000


class PartSender:
    """Sends parts. An upload is remembered, so that a repeated try does not upload it again."""

    def __init__(self, graphs: Graphs, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._graphs = graphs
        self._clock = clock
        self._definitions = Definitions(clock)
        self._uploads: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    async def send(self, config: WhatsAppConfig, message: OutboundMessage, part: Part) -> str:
        """Send one part; returns Meta's id of the message. Raises ConnectorError."""
        graph = self._graphs.graph(config)
        file = message.attachments[part.file] if part.file is not None else None
        media_id = await self._uploaded(graph, config, file) if file is not None else None
        content = await self._content(graph, config, message, part, media_id)
        try:
            told = await answer(
                graph.send_message(
                    sender=config.phone_number_id,
                    typ=part.type,
                    msg=content,
                    reply_to_message_id=part.reply_to,
                    **recipient(message.chat_id),  # type: ignore[arg-type]
                )
            )
        except RejectedError:
            self._forget(config, message, file)
            raise
        sent = next(iter(mappings(told.get("messages"))), {})
        if (message_id := text(sent.get("id"))) is None:
            raise RetryableError("platform_unavailable", "WhatsApp did not say what it sent.")
        return message_id

    async def _content(
        self,
        graph: GraphAPIAsync,
        config: WhatsAppConfig,
        message: OutboundMessage,
        part: Part,
        media_id: str | None,
    ) -> dict[str, Any]:
        if message.template is not None:
            told = await self._definitions.of(graph, config, message.template)
            return filled(told, message.template, media_id)
        return with_file(part, media_id) if media_id is not None else dict(part.content)

    async def _uploaded(
        self, graph: GraphAPIAsync, config: WhatsAppConfig, file: OutboundFile
    ) -> str:
        key = (config.phone_number_id, file.id)
        known = self._uploads.get(key)
        if known is not None and known[0] > self._clock():
            return known[1]
        async with spooled(file) as spool:
            told = await answer(
                graph.upload_media(
                    phone_id=config.phone_number_id,
                    media=spool,
                    mime_type=file.mime,
                    filename=file.name,
                )
            )
        if (media_id := text(told.get("id"))) is None:
            raise RetryableError("platform_unavailable", "WhatsApp did not say what it stored.")
        self._uploads[key] = (self._clock() + _KEPT_SECONDS, media_id)
        if len(self._uploads) > _KEPT:
            self._uploads.popitem(last=False)
        return media_id

    def _forget(
        self, config: WhatsAppConfig, message: OutboundMessage, file: OutboundFile | None
    ) -> None:
        """What was remembered may be why it was refused."""
        if file is not None:
            self._uploads.pop((config.phone_number_id, file.id), None)
        if message.template is not None:
            self._definitions.forget(config, message.template)
