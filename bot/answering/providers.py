"""Which provider a model's name means, where it is reached, and how LangChain's class for it is made."""

import importlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.answering.failures import ProviderError
from bot.outbound import guard

TEMPERATURE = 0.1
MAX_TOKENS = 400
EXTRAS = {
    "anthropic": "anthropic",
    "google": "google",
    "google_genai": "google",
    "gigachat": "gigachat",
}
"""Providers that need a package more, and the extra of our project that brings it."""

_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "ollama": "http://127.0.0.1:11434",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
    "google_genai": "https://generativelanguage.googleapis.com",
    "gigachat": "https://gigachat.devices.sberbank.ru/api/v1",
}
PROVIDERS = frozenset(_ADDRESSES)
"""The names that models may begin with."""

# Where LangChain's classes keep their HTTP clients: OpenAI, Ollama and Anthropic, Google, GigaChat.
_CLIENTS = (
    "root_async_client._client",
    "_async_client._client",
    "client._api_client._async_httpx_client",
    "_client._aclient",
)
# These refuse a temperature other than their own.
_FIXED_TEMPERATURE = ("o1", "o3", "o4", "gpt-5")


def host_of(llm: Mapping[str, Any]) -> str:
    """Return the host, with a port that is not the usual one, that a model is reached at; the provider's name if unknown."""
    provider = str(llm["model"]).partition(":")[0]
    parts = urlsplit(str(llm.get("base_url") or _ADDRESSES.get(provider) or ""))
    return parts.netloc.rpartition("@")[2] or provider


def make_model(llm: Mapping[str, Any]) -> Any:
    """Return LangChain's chat model.

    Raises:
        ProviderError: `provider_misconfigured`, or `provider_extra_missing` with what to install.
    """
    provider, _, model = str(llm["model"]).partition(":")
    if not provider or not model:
        raise ProviderError(
            "provider_misconfigured",
            detail="Name the model as provider:model, for example openai:gpt-4.1-mini.",
        )
    temperature = llm.get("temperature")
    limit = llm.get("max_tokens") or MAX_TOKENS
    common = {"temperature": TEMPERATURE if temperature is None else temperature}
    makers = {
        "openai": _openai,
        "ollama": _ollama,
        "anthropic": _anthropic,
        "google": _google,
        "google_genai": _google,
        "gigachat": _gigachat,
    }
    make = makers.get(provider)
    # An absent key is said so, or the library would take one from the environment and send it to whatever address the
    # tenant has given.
    key = str(llm.get("api_key") or "none")
    base_url = str(llm.get("base_url") or _ADDRESSES.get(provider) or "")
    try:
        if make is None:
            raise ProviderError(
                "provider_misconfigured",
                detail=f"The provider {provider} is not known; take one of {', '.join(makers)}.",
            )
        made = make(model, base_url, key, limit, common)
    except ImportError:
        extra = EXTRAS.get(provider, provider)
        raise ProviderError(
            "provider_extra_missing",
            detail=f"The provider {provider} needs one more package: pip install 'aitys[{extra}]'.",
        ) from None
    except (ValueError, TypeError):
        raise ProviderError("provider_misconfigured") from None
    _guard(made)
    return made


def _guard(model: Any) -> None:
    """Guard a model's client: see `bot.outbound`.

    Raises:
        ProviderError: its client is not where it was in the versions we know.
    """
    for path in _CLIENTS:
        client = model
        for name in path.split("."):
            client = getattr(client, name, None)
        if hasattr(client, "follow_redirects"):
            guard(client)
            return
    raise ProviderError(
        "provider_misconfigured", detail="This version of the provider's package is not known."
    )


def import_langchain() -> Any:
    """Import the parts of LangChain that the built-in providers need, and return its function that makes models."""
    importlib.import_module("langchain_openai")
    return importlib.import_module("langchain.chat_models").init_chat_model


def _openai(model: str, base_url: str, key: str, limit: int, common: dict[str, Any]) -> Any:
    options: dict[str, Any] = {} if model.startswith(_FIXED_TEMPERATURE) else dict(common)
    if base_url == _ADDRESSES["openai"]:
        options["max_completion_tokens"] = limit
    else:  # compatible servers know the older name, and some no other
        options["extra_body"] = {"max_tokens": limit}
    return import_langchain()(
        model,
        model_provider="openai",
        base_url=base_url,
        api_key=key,
        max_retries=0,  # retries are the gateway's to decide: the time is short
        use_responses_api=False,
        stream_usage=True,
        **options,
    )


def _ollama(model: str, base_url: str, key: str, limit: int, common: dict[str, Any]) -> Any:
    # Ollama itself knows no key; a proxy in front of it may.
    headers = {} if key == "none" else {"headers": {"Authorization": f"Bearer {key}"}}
    return import_langchain()(
        model,
        model_provider="ollama",
        base_url=base_url,
        num_predict=limit,
        client_kwargs=headers,
        **common,
    )


def _anthropic(model: str, base_url: str, key: str, limit: int, common: dict[str, Any]) -> Any:
    kind = importlib.import_module("langchain_anthropic").ChatAnthropic
    return kind(
        model=model, base_url=base_url, api_key=key, max_tokens=limit, max_retries=0, **common
    )


def _google(model: str, base_url: str, key: str, limit: int, common: dict[str, Any]) -> Any:
    kind = importlib.import_module("langchain_google_genai").ChatGoogleGenerativeAI
    made = kind(
        model=model,
        base_url=base_url,
        google_api_key=key,
        max_output_tokens=limit,
        max_retries=1,  # its count of attempts
        **common,
    )
    # It prefers aiohttp, which follows redirects and cannot be told otherwise here.
    made.client._api_client._use_aiohttp = lambda: False  # noqa: SLF001 - there is no public switch
    return made


def _gigachat(model: str, base_url: str, key: str, limit: int, common: dict[str, Any]) -> Any:
    kind = importlib.import_module("langchain_gigachat").GigaChat
    # A key with an address of one's own is a token of a gateway; else it is Sber's, exchanged for one.
    own = base_url != _ADDRESSES["gigachat"]
    options = {"access_token": key} if own else {"credentials": key}
    return kind(
        model=model, base_url=base_url, max_tokens=limit, max_retries=0, **common, **options
    )
