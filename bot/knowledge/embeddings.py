"""Embeddings: what passages and a question mean, as a provider's model sees it.

The vectors of an organization's snapshot are one matrix; a question's likeness to all of them is one product. Nothing here
masks or writes down what is sent: only `bot.answering.embedding` may call a provider.
"""

import asyncio
import base64
import hashlib
import importlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from bot.outbound import guard, outbound

type Matrix = npt.NDArray[np.float32]

MAX_SIZE = 8_192
"""Numbers of a vector. The largest models give half of it; what a server sends beyond would not fit into a document."""
MAX_BYTES_A_TEXT = MAX_SIZE * 24
"""Of an answer: a number written out has up to 24 characters."""
MAX_BYTES = 64 * 1024
"""Of an answer beside the vectors."""
_MAX_MODELS = 64
_MAX_DEPTH = 4
"""How deep in a model its HTTP clients may be."""

_OPENAI_URL = "https://api.openai.com/v1"
_OLLAMA_URL = "http://127.0.0.1:11434"
_MAKERS = {
    "openai": "openai",
    "ollama": "ollama",
    "google": "google_genai",
    "google_genai": "google_genai",
}
"""Providers, and LangChain's names for those that make embeddings.

Others might use this server's own credentials, disk or network, where their packages happen to be installed."""
EMBEDDING_PROVIDERS = frozenset(_MAKERS)
"""The names that embedding models may begin with."""


class RefusedError(Exception):
    """The guard of connections ended a call; `code` is one of `ProviderError`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of a snapshot's passages.

    Attributes:
        model: `provider:model`; vectors of two models cannot be compared.
        matrix: a row a passage, in the snapshot's order, of length 1; a passage without a vector has zeros.
    """

    model: str
    matrix: Matrix

    def likeness(self, question: Matrix) -> Matrix:
        """Return the cosine of each passage with a question's vector of length 1.

        Raises:
            ValueError: the vectors have not the same length.
        """
        found: Matrix = self.matrix @ question
        return found

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Make vectors from the internal API's form: model, size, and the rows as Base64 of half-precision numbers."""
        rows = np.frombuffer(base64.b64decode(data["data"]), dtype=np.float16)
        return cls(str(data["model"]), rows.reshape(-1, int(data["size"])).astype(np.float32))

    def to_mapping(self) -> dict[str, Any]:
        """Return the internal API's form."""
        return {
            "model": self.model,
            "size": self.matrix.shape[1],
            "data": base64.b64encode(packed(self.matrix)).decode(),
        }


def packed(vectors: Matrix) -> bytes:
    """Return vectors as they are stored: half precision is a thousand times finer than what they are compared by."""
    return vectors.astype(np.float16).tobytes()


class EmbeddingModels:
    """Makes LangChain's embedding models and keeps those in use."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        # Two questions at once must not import and build twice.
        self._lock = threading.Lock()

    async def embed(self, llm: Mapping[str, Any], texts: Sequence[str]) -> Matrix:
        """Return a vector of length 1 for each text.

        Args:
            llm: model as `provider:model`, base_url and api_key (both may be None).
            texts: what is sent; it must be masked.

        Raises:
            RefusedError: the guard of connections ended it; its `code` says why.
            Whatever the provider's library raises; ValueError for an answer that is no vectors.
        """
        model = await asyncio.to_thread(self._model, llm)
        # A tracing service named in the environment must not get a copy of what is said.
        from langsmith import tracing_context  # noqa: PLC0415 - it takes long to import

        most = MAX_BYTES + len(texts) * MAX_BYTES_A_TEXT
        with (
            tracing_context(enabled=False),
            outbound(most=most, public_only=bool(llm.get("public_only"))) as sent,
        ):
            try:
                rows = await model.aembed_documents(list(texts))
            except Exception as error:
                # The libraries wrap the guard's errors in their own.
                raise RefusedError(sent.failure) if sent.failure else error from None
        if any(len(row) > MAX_SIZE for row in rows):
            raise ValueError("The answer's vectors are too long.")
        found = np.array(rows, dtype=np.float32)
        if (
            found.ndim != 2
            or not 0 < found.shape[1] <= MAX_SIZE
            or len(found) != len(texts)
            or not np.isfinite(found).all()
        ):
            raise ValueError("The answer is not one vector a text.")
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.where(lengths == 0, 1, lengths)).astype(np.float32)

    def _model(self, llm: Mapping[str, Any]) -> Any:
        secret = hashlib.sha256(str(llm.get("api_key") or "").encode()).hexdigest()
        key = (str(llm["model"]), str(llm.get("base_url") or ""), secret)
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            model = self._models[key] = _make(llm)
            if len(self._models) > _MAX_MODELS:
                self._models.popitem(last=False)
            return model


def _make(llm: Mapping[str, Any]) -> Any:
    name, _, model = str(llm["model"]).partition(":")
    provider = _MAKERS.get(name)
    if provider is None:
        raise ValueError("The provider is not known.")
    base_url = llm.get("base_url")
    options: dict[str, Any] = {"base_url": base_url} if base_url else {}
    if provider != "ollama":
        # An absent key is said so, or the library would take one from the environment and send it to whatever address
        # the tenant has given.
        options["api_key"] = llm.get("api_key") or "none"
    else:
        # Without one the library asks the environment for it.
        options.setdefault("base_url", _OLLAMA_URL)
    if provider == "openai":
        # Texts go as texts: counting tokens needs files from the network, and compatible servers know no tokens.
        options |= {"check_embedding_ctx_length": False, "max_retries": 0}
        options.setdefault("base_url", _OPENAI_URL)
    made = importlib.import_module("langchain.embeddings").init_embeddings(
        model, provider=provider, **options
    )
    if provider == "google_genai":
        # It prefers aiohttp, which no guard of ours stands around.
        made.client._api_client._use_aiohttp = lambda: False  # noqa: SLF001 - there is no public switch
    if not _guard(made, _MAX_DEPTH):
        raise ValueError("The provider's package is not known.")
    return made


def _guard(part: Any, depth: int) -> bool:
    """Guard the HTTP clients of a model (see `bot.outbound`), and tell whether it has any that we use."""
    if hasattr(part, "follow_redirects"):
        if not hasattr(part, "aclose"):
            part.close()  # nobody asks it, and a library that did would go round the guard
            return False
        guard(part)
        return True
    inside = {
        **getattr(part, "__dict__", {}),
        **(getattr(part, "__pydantic_private__", None) or {}),
    }
    clients = [value for name, value in inside.items() if "client" in name] if depth else []
    return sum(_guard(client, depth - 1) for client in clients) > 0
