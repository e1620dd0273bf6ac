"""The dialogue engine as the turn pipeline sees it: HTTP on loopback, with a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class EngineUnavailableError(Exception):
    """The engine could not be reached or asked us to come again; nothing has changed in it."""


class EngineFailedError(Exception):
    """The engine, or a skill it called, failed on this message; its tracker is as it was."""


class EngineRefusedError(EngineFailedError):
    """The engine does not take this message as it is; asking again will not help."""


class EngineButton(BaseModel):
    """A choice under a reply."""

    title: str
    payload: str


class EngineReply(BaseModel):
    """One reply. ``custom['trace']`` says what made it."""

    model_config = ConfigDict(extra="ignore")

    text: str = ""
    buttons: list[EngineButton] = Field(default_factory=list)
    custom: dict[str, Any] = Field(default_factory=dict)


class EngineIntent(BaseModel):
    """What the message was understood as."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = None
    confidence: float = 0.0


class EngineTurn(BaseModel):
    """What the engine made of one message."""

    model_config = ConfigDict(extra="ignore")

    replies: list[EngineReply]
    intent: EngineIntent = Field(default_factory=EngineIntent)
    language: str | None = None
    skill: str | None = None


class EngineClient:
    """Calls our channel in the engine.

    Safe to repeat: the engine answers a message id it has handled with the replies it recorded.
    """

    def __init__(self, *, url: str, token: str) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._url = url.rstrip("/") + "/webhooks/aitys"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def turn(
        self,
        conversation_id: str,
        *,
        message: Mapping[str, Any],
        metadata: Mapping[str, Any],
        timeout_seconds: float,
    ) -> EngineTurn:
        """Let the engine answer one message.

        Raises:
            EngineUnavailableError: it is down or still starting, or took too long.
            EngineFailedError: it answered with an error, or with rubbish.
        """
        body = {"conversation_id": conversation_id, "message": message, "metadata": metadata}
        try:
            return EngineTurn.model_validate(await self._post("turn", body, timeout_seconds))
        except ValidationError as error:
            raise EngineFailedError("the engine's answer has another form") from error

    async def record(
        self, conversation_id: str, events: Sequence[Mapping[str, str]], *, timeout_seconds: float
    ) -> None:
        """Tell the engine what was said while a person had the conversation, and that it is over.

        Raises:
            EngineUnavailableError, EngineFailedError: as ``turn``.
        """
        for body in (
            {"conversation_id": conversation_id, "events": list(events), "pause": True},
            {"conversation_id": conversation_id, "events": [], "pause": False},
        ):
            await self._post("record", body, timeout_seconds)

    async def _post(self, path: str, body: Mapping[str, Any], timeout_seconds: float) -> Any:
        if self._session is None:
            # One engine takes many conversations at once; the turns themselves are the limit.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._session.post(
                f"{self._url}/{path}",
                json=body,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            ) as response:
                if response.status == 200:
                    return await response.json()
                detail = f"engine answered {response.status}"
                # While it starts, the engine's routes or its model are missing.
                if response.status in {404, 409, 502, 504}:
                    raise EngineUnavailableError(detail)
                if response.status in {400, 413, 422}:
                    raise EngineRefusedError(detail)
                raise EngineFailedError(detail)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise EngineUnavailableError(str(error) or type(error).__name__) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise EngineFailedError(type(error).__name__) from error
