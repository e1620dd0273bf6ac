"""The one path by which texts become embeddings: masked, written down, and only then sent.

The vectors serve retrieval (see `bot.knowledge.embeddings`). Whatever goes wrong, retrieval works without them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.answering.breaker import CircuitBreaker, key_of
from bot.answering.calls import ClosedCall, Ledger, MarkersTakenError, OpenCall, Said
from bot.answering.failures import ProviderError, provider_error
from bot.answering.masked import MASKINGS, masking_thread, new_masking, rebase
from bot.answering.providers import host_of
from bot.knowledge.embeddings import EmbeddingModels, Matrix, RefusedError
from bot.prompts import estimate

MAX_CHARACTERS = 6_000
"""Of one text: models take about 8,000 tokens, and what a passage is about stands at its beginning."""


SHORT_QUESTION = 4
"""Words of a message that may be no question by itself."""

EMBEDDING_SECONDS = 2.0
"""How long a question waits for its embedding, at the most: words alone find most of what there is."""


def ready_model(context: Mapping[str, Any]) -> str:
    """Return the embedding model whose vectors of the live passages are there; empty where there is none."""
    chosen = context["assistant"].get("embeddings")
    return str(chosen["model"]) if chosen and chosen.get("ready") else ""


class Embedder:
    """Makes vectors of texts. One serves a whole process: it holds the models and the circuit breaker."""

    def __init__(
        self, models: EmbeddingModels | None = None, *, breaker: CircuitBreaker | None = None
    ) -> None:
        self._models = models or EmbeddingModels()
        self._breaker = breaker or CircuitBreaker()

    async def embed(
        self,
        texts: Sequence[str],
        *,
        masking: Any,
        llm: Mapping[str, Any],
        seconds: float,
        ledger: Ledger,
    ) -> Matrix:
        """Return a vector of length 1 for each text.

        Args:
            texts: what people wrote, before masking.
            masking: see `bot.answering.masked`; None for texts that the tenant has said need not be masked.
            llm: the embedding model: model, base_url, api_key, price.
            seconds: how long all of it may take.
            ledger: where it is written down.

        Raises:
            ProviderError: there are no vectors; its code tells whether anything was sent.
        """
        until = time.monotonic() + seconds
        for _ in range(MASKINGS):
            masked = await _masked(texts, masking, until - time.monotonic())
            if not self._breaker.allows(key_of(llm)):
                raise ProviderError("provider_suspended")
            try:
                call, call_id = await self._open(masked, masking, llm, until, ledger)
            except MarkersTakenError as taken:
                await rebase(masking, taken.rows, seconds=until - time.monotonic())
            else:
                return await self._send(call, call_id, masked, llm, until, ledger)
        raise ProviderError("ledger_unavailable")

    @staticmethod
    async def _open(
        masked: Sequence[str],
        masking: Any,
        llm: Mapping[str, Any],
        until: float,
        ledger: Ledger,
    ) -> tuple[OpenCall, str]:
        tokens = sum(map(estimate.tokens, masked))
        price = llm.get("price")
        cost = tokens * float(price["input"]) / 1_000_000 if price else 0.0
        call = OpenCall(
            purpose="embed",
            model=str(llm["model"]),
            host=host_of(llm),
            messages=tuple(("human", text) for text in masked),
            said=masked[0] if len(masked) == 1 else "",
            input_tokens=tokens,
            output_tokens=0,
            cost=cost,
            currency=price.get("currency") if price else None,
            markers=tuple(masking.book.new_rows()) if masking is not None else (),
        )
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                call_id = await ledger.open(call)
        except TimeoutError:
            raise ProviderError("ledger_unavailable") from None
        return call, call_id

    async def embed_question(
        self,
        question: str,
        *,
        earlier: Sequence[str],
        context: Mapping[str, Any],
        seconds: float,
        ledger: Ledger,
    ) -> Matrix:
        """Return the embedding of a customer's question, with the message before it where it is too short to tell.

        Args:
            question: the customer's words.
            earlier: the customer's messages before, oldest first.
            context: the skills' context; its `privacy` says what is masked, and `assistant.embeddings` who is asked.
            seconds: how long it may take.
            ledger: where it is written down.

        Raises:
            ProviderError: there is no embedding.
        """
        short = len(question.split()) <= SHORT_QUESTION
        text = f"{earlier[-1]}\n{question}" if short and earlier else question
        try:
            masking = await asyncio.to_thread(new_masking, context.get("privacy"))
        except Exception:
            raise ProviderError("masking_failed") from None
        chosen = context["assistant"]["embeddings"]
        rows = await self.embed([text], masking=masking, llm=chosen, seconds=seconds, ledger=ledger)
        found: Matrix = rows[0]
        return found

    async def _send(
        self,
        call: OpenCall,
        call_id: str,
        masked: Sequence[str],
        llm: Mapping[str, Any],
        until: float,
        ledger: Ledger,
    ) -> Matrix:
        began = time.monotonic()
        closed = ClosedCall(
            raw_answer=None,
            input_tokens=call.input_tokens,
            output_tokens=0,
            cost=call.cost,
            elapsed_ms=0,
            attempts=1,
            error="cancelled",
        )
        key = key_of(llm)
        try:
            async with asyncio.timeout(max(0.0, until - began)):
                found = await self._models.embed(llm, masked)
        except Exception as error:
            failure = _failure(error)
            self._breaker.note(key, failed=failure.blames_provider)
            closed = replace(closed, error=failure.code)
            raise failure from None
        else:
            self._breaker.note(key, failed=False)
            closed = replace(closed, error=None)
            return found
        finally:
            elapsed = round((time.monotonic() - began) * 1000, 1)
            await _close(ledger, call_id, replace(closed, elapsed_ms=elapsed))


async def _masked(texts: Sequence[str], masking: Any, seconds: float) -> list[str]:
    if masking is None:
        return [text[:MAX_CHARACTERS] for text in texts]
    said = [Said(text, MAX_CHARACTERS) for text in texts]
    try:
        return await masking_thread(
            masking, lambda: [text.masked(masking) for text in said], seconds=seconds
        )
    except Exception:
        # Whatever it was, nothing has been sent, and its message may quote the customer.
        raise ProviderError("masking_failed") from None


def _failure(error: Exception) -> ProviderError:
    if isinstance(error, RefusedError):
        return ProviderError(error.code)
    if isinstance(error, ImportError):
        return ProviderError("provider_extra_missing")
    if isinstance(error, ValueError | TypeError):
        return ProviderError("provider_misconfigured")
    return provider_error(error)


async def _close(ledger: Ledger, call_id: str, closed: ClosedCall) -> None:
    try:
        await asyncio.shield(ledger.close(call_id, closed))
    except Exception:  # the entry stands; only its end is missing, and the worker settles it
        return
