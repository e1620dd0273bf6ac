"""Language models by name, through LangChain.

LangChain takes seconds to import, so it is imported when the first model is asked for, off the event loop.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.answering.failures import ProviderError, provider_error
from bot.answering.providers import import_langchain, make_model
from bot.outbound import Outbound, outbound

_MAX_MODELS = 64
_MAX_SERVERS = 1_000
FAIR_SECONDS = 1.5
"""A provider that did not answer in so long is in trouble; in less it may only be slow."""
MAX_BYTES = 2 * 1024 * 1024
"""Of an answer: a stream has some 300 bytes around each word, and a model may think aloud before it answers."""
MAX_CHARACTERS = 40_000
"""Of an answer's text: more than the most tokens that may be asked for."""
_REFUSALS = frozenset({"content_filter", "refusal", "SAFETY", "PROHIBITED_CONTENT", "blacklist"})
_TRUNCATED = frozenset({"length", "max_tokens", "MAX_TOKENS"})


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. Token counts are the provider's, None when it told none.

    `truncated`: it was stopped by the limit of tokens, so that the last sentence may be half.
    """

    text: str
    input_tokens: int | None
    output_tokens: int | None
    truncated: bool = False


class ChatModels:
    """Makes chat models and keeps those in use."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        # Two questions at once must not import and build twice.
        self._lock = threading.Lock()
        # Servers that answered a streamed request with something else; they are asked without a stream.
        self._whole: set[tuple[str, str]] = set()

    async def complete(
        self, llm: Mapping[str, Any], messages: Sequence[tuple[str, str]], *, seconds: float
    ) -> Completion:
        """Return the model's answer to (role, text) messages.

        It is read as a stream where the provider streams. An answer that is not complete in time, or breaks off, is
        thrown away whole: half a sentence about a price is worse than none.

        Args:
            llm: model as `provider:model`; base_url, api_key, temperature, max_tokens may be None or absent.
            messages: what is sent; it must be masked.
            seconds: how long all of it may take.

        Raises:
            ProviderError: there is no usable answer within that time.
        """
        server = (str(llm["model"]), str(llm.get("base_url") or ""))
        with outbound(most=MAX_BYTES, public_only=bool(llm.get("public_only"))) as sent:
            return _completion(await self._complete(llm, messages, server, seconds, sent))

    async def _complete(
        self,
        llm: Mapping[str, Any],
        messages: Sequence[tuple[str, str]],
        server: tuple[str, str],
        seconds: float,
        sent: Outbound,
    ) -> Any:
        try:
            async with asyncio.timeout(seconds):
                model = await asyncio.to_thread(self._model, llm)
                if server in self._whole:
                    return await _ask(model, messages, stream=False)
                return await self._streamed(model, messages, server)
        except TimeoutError:
            # What was given too little time may be in no trouble at all.
            fair = seconds >= FAIR_SECONDS
            raise ProviderError("provider_timeout", blames_provider=fair) from None
        except ProviderError:
            raise
        except Exception as error:
            # The libraries wrap the guard's errors in their own.
            raise ProviderError(sent.failure) if sent.failure else provider_error(error) from None

    async def warm(self) -> None:
        """Import LangChain and the OpenAI provider, so that the first question need not wait for it."""
        await asyncio.to_thread(import_langchain)

    async def _streamed(
        self, model: Any, messages: Sequence[tuple[str, str]], server: tuple[str, str]
    ) -> Any:
        """Ask for a stream; ask once more without when the server does not know streams, and remember it."""
        try:
            return await _ask(model, messages, stream=True)
        except _NoStreamError:
            answer = await _ask(model, messages, stream=False)
        except Exception as error:
            if provider_error(error).status not in {400, 422}:
                raise
            answer = await _ask(model, messages, stream=False)
        if len(self._whole) >= _MAX_SERVERS:
            self._whole.clear()
        self._whole.add(server)
        return answer

    def _model(self, llm: Mapping[str, Any]) -> Any:
        secret = hashlib.sha256(str(llm.get("api_key") or "").encode()).hexdigest()
        options = tuple(llm.get(name) for name in ("base_url", "temperature", "max_tokens"))
        key = (str(llm["model"]), secret, *options)
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            model = make_model(llm)
            self._models[key] = model
            if len(self._models) > _MAX_MODELS:
                self._models.popitem(last=False)
            return model


class _NoStreamError(Exception):
    """The server answered a streamed request with no event of a stream."""


async def _ask(model: Any, messages: Sequence[tuple[str, str]], *, stream: bool) -> Any:
    # A tracing service named in the environment must not get a copy of what is said.
    from langsmith import tracing_context  # noqa: PLC0415 - see the module's first lines

    with tracing_context(enabled=False):
        if not stream:
            return await model.ainvoke(list(messages))
        chunks: list[Any] = []
        try:
            chunks.extend([chunk async for chunk in model.astream(list(messages))])
        except ValueError as error:  # LangChain's word for a stream without an event
            if not chunks and "No generation" in str(error):
                raise _NoStreamError from None
            raise
        if not chunks:
            raise _NoStreamError
        # In pairs: one by one, each would copy all that came before it.
        while len(chunks) > 1:
            pairs = zip(chunks[::2], chunks[1::2], strict=False)
            chunks = [left + right for left, right in pairs] + chunks[len(chunks) & ~1 :]
        whole = chunks[0]
        if not _finish(whole):
            # The stream ended without saying that the answer is complete: the connection was lost.
            raise ProviderError("provider_unreachable", retryable=True, blames_provider=True)
        return whole


def _completion(answer: Any) -> Completion:
    text = _text(answer)
    finish = _finish(answer)
    extra = getattr(answer, "additional_kwargs", None) or {}
    if extra.get("refusal") or (not text and finish in _REFUSALS):
        raise ProviderError("provider_refused")
    if not text:
        raise ProviderError("provider_empty")
    if len(text) > MAX_CHARACTERS:
        raise ProviderError("provider_too_long")
    usage = getattr(answer, "usage_metadata", None) or {}
    return Completion(
        text,
        usage.get("input_tokens") or None,
        usage.get("output_tokens") or None,
        truncated=finish in _TRUNCATED,
    )


def _finish(answer: Any) -> str:
    """Return the provider's word for why the answer ended."""
    told = getattr(answer, "response_metadata", None) or {}
    for name in ("finish_reason", "stop_reason", "done_reason"):
        if told.get(name):
            return str(told[name])
    return ""


def _text(answer: Any) -> str:
    """Return the text of a message whose content is a text or a list of blocks."""
    content = getattr(answer, "content", "")
    if isinstance(content, list):
        content = "".join(
            block if isinstance(block, str) else str(block.get("text") or "")
            for block in content
            if isinstance(block, str) or block.get("type") in {"text", "output_text"}
        )
    return str(content or "").strip()
