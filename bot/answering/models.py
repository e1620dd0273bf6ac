"""Language models by name, through LangChain.

LangChain takes seconds to import, so it is imported when the first model is asked for, off the event loop.
"""

import asyncio
import hashlib
import importlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

_MAX_MODELS = 64
_OPENAI_URL = "https://api.openai.com/v1"
# These refuse a temperature other than their own.
_FIXED_TEMPERATURE = ("o1", "o3", "o4", "gpt-5")
TEMPERATURE = 0.1


class ProviderError(Exception):
    """The provider gave no usable answer. `code` is stable and quotes nothing that was sent or received.

    Codes: `provider_misconfigured`, `provider_timeout`, `provider_rejected_key`, `provider_busy`, `provider_failed`,
    `provider_unreachable`, `provider_empty`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class ChatModels:
    """Makes chat models and keeps those in use."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        # Two questions at once must not import and build twice.
        self._lock = threading.Lock()

    async def complete(
        self, llm: Mapping[str, Any], messages: Sequence[tuple[str, str]], *, seconds: float
    ) -> str:
        """Return the model's answer to (role, text) messages.

        Args:
            llm: model as `provider:model`, base_url and api_key (both may be None).
            messages: what is sent; it must be masked.
            seconds: how long all of it may take.

        Raises:
            ProviderError: there is no usable answer within that time.
        """
        try:
            async with asyncio.timeout(seconds):
                model = await asyncio.to_thread(self._model, llm)
                answer = await self._invoke(model, messages)
        except TimeoutError:
            raise ProviderError("provider_timeout") from None
        except ProviderError:
            raise
        except Exception as error:
            raise ProviderError(_code(error)) from None
        text = _text(answer)
        if not text:
            raise ProviderError("provider_empty")
        return text

    async def warm(self) -> None:
        """Import LangChain and the OpenAI provider, so that the first question need not wait for it."""
        await asyncio.to_thread(_import_langchain)

    @staticmethod
    async def _invoke(model: Any, messages: Sequence[tuple[str, str]]) -> Any:
        # A tracing service named in the environment must not get a copy of what is said.
        from langsmith import tracing_context  # noqa: PLC0415 - see the module's first lines

        with tracing_context(enabled=False):
            return await model.ainvoke(list(messages))

    def _model(self, llm: Mapping[str, Any]) -> Any:
        name, base_url, api_key = (
            str(llm["model"]),
            llm.get("base_url") or "",
            llm.get("api_key") or "",
        )
        key = (name, base_url, hashlib.sha256(api_key.encode()).hexdigest())
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            model = _make(name, base_url, api_key)
            self._models[key] = model
            if len(self._models) > _MAX_MODELS:
                self._models.popitem(last=False)
            return model


def _import_langchain() -> Any:
    importlib.import_module("langchain_openai")
    return importlib.import_module("langchain.chat_models").init_chat_model


def _make(name: str, base_url: str, api_key: str) -> Any:
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ProviderError("provider_misconfigured")
    options: dict[str, Any] = {}
    if not model.startswith(_FIXED_TEMPERATURE):
        options["temperature"] = TEMPERATURE
    if provider == "ollama":
        options |= {"base_url": base_url} if base_url else {}
        # Ollama itself knows no key; a proxy in front of it may.
        options |= (
            {"client_kwargs": {"headers": {"Authorization": f"Bearer {api_key}"}}}
            if api_key
            else {}
        )
    else:
        # Retries are ours to decide: the time is short. An absent key is said so, or the library would take one from
        # the environment and send it to whatever address the tenant has given.
        options |= {"max_retries": 0, "api_key": api_key or "none"}
        if provider == "openai":
            options |= {
                "base_url": base_url or _OPENAI_URL,
                "use_responses_api": False,
                "stream_usage": False,
            }
        elif base_url:
            options["base_url"] = base_url
    try:
        return _import_langchain()(model, model_provider=provider, **options)
    except (ImportError, ValueError, TypeError):
        raise ProviderError("provider_misconfigured") from None


def _code(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    if status in {401, 403}:
        return "provider_rejected_key"
    if status == 429:
        return "provider_busy"
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"APITimeoutError", "TimeoutException"}:
        return "provider_timeout"
    if status is None and names & {
        "APIConnectionError",
        "ConnectError",
        "ConnectionError",
        "OSError",
    }:
        return "provider_unreachable"
    return "provider_failed"


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
