"""The one path to language models' providers. Nothing else sends them anything.

In this order, or not at all: every part is masked; the ledger gets an entry of what is about to leave; it is sent; the
entry is closed with what came back. So the privacy page shows all that ever left, and what cannot be masked or written
down, or is over the month's limit, stays in the house.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bot.answering.breaker import CircuitBreaker, Key, key_of
from bot.answering.calls import (
    ClosedCall,
    Ledger,
    MarkersTakenError,
    OpenCall,
    Part,
    Prompt,
    Purpose,
    masked_prompt,
)
from bot.answering.failures import ProviderError
from bot.answering.masked import MASKINGS, masking_thread, rebase
from bot.answering.models import ChatModels, Completion
from bot.answering.providers import MAX_TOKENS, host_of
from bot.prompts import estimate

log = logging.getLogger(__name__)

ATTEMPTS = 2
PAUSE_SECONDS = 0.3
"""Between two attempts, where the provider did not say how long to wait."""
FIRST_SHARE = 0.6
"""Of the time, for the first model, where a fallback stands ready for the rest."""
CLOSE_SECONDS = 1.0
"""How long an answer waits for its entry to be closed; the closing goes on by itself after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One entry of the ledger, as the answer's trace shows it."""

    id: str
    purpose: str
    model: str
    prompt: str
    raw_answer: str | None
    input_tokens: int
    output_tokens: int
    cost: float
    currency: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model wrote, its markers still in place: the caller checks it, and then restores them.

    Attributes:
        text: as written.
        raw: the same, as the ledger keeps it.
        masked_prompt: what was sent.
        messages: the same as (role, text).
        model: which one answered.
        input_tokens: the provider's count, else an estimate; so the next.
        output_tokens: see above.
        cost: in the price's currency; 0 where no price is known.
        truncated: the limit of tokens ended it; its last sentence may be half.
        call_id: the ledger's entry.
    """

    text: str
    raw: str
    masked_prompt: str
    messages: tuple[tuple[str, str], ...]
    model: str
    input_tokens: int
    output_tokens: int
    cost: float
    truncated: bool
    call_id: str


class Gateway:
    """Sends what may be sent. One serves a whole process: it holds the models and the circuit breaker."""

    def __init__(
        self, models: ChatModels | None = None, *, breaker: CircuitBreaker | None = None
    ) -> None:
        self._models = models or ChatModels()
        self._breaker = breaker or CircuitBreaker()
        self._closing: set[asyncio.Task[None]] = set()

    async def warm(self) -> None:
        """Import what takes seconds to import."""
        await self._models.warm()

    async def drain(self) -> None:
        """Wait until every entry is closed."""
        while self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def ask(
        self,
        *,
        purpose: Purpose,
        parts: Sequence[Part],
        masking: Any,
        llm: Mapping[str, Any],
        seconds: float,
        ledger: Ledger,
        max_tokens: int | None = None,
        records: list[CallRecord] | None = None,
    ) -> Reply:
        """Mask, write down, send, close.

        A busy, broken or unreachable provider is asked once more; then the fallback model, with an entry of its own.

        Args:
            purpose: what it is asked for.
            parts: the prompt before masking.
            masking: the conversation's; its new markers are stored with the entry.
            llm: model, base_url, api_key, temperature, max_tokens, price and fallback; see the skills' context. `refused`: the
                code of why it must not be asked.
            seconds: how long all of it may take.
            ledger: where it is written down.
            max_tokens: the longest answer, where it is not the model's own limit.
            records: gets each entry that was opened, also when an error is raised.

        Raises:
            ProviderError: there is no answer; its code tells whether anything was sent.
        """
        give_up_at = time.monotonic() + seconds
        records = records if records is not None else []
        for _ in range(MASKINGS):
            prompt, markers = await self._mask(parts, masking, give_up_at - time.monotonic())
            try:
                return await self._ask_each(
                    purpose, prompt, llm, give_up_at, ledger, markers, records, max_tokens
                )
            except MarkersTakenError as taken:
                await rebase(masking, taken.rows, seconds=give_up_at - time.monotonic())
        raise ProviderError("ledger_unavailable")

    async def _ask_each(
        self,
        purpose: Purpose,
        prompt: Prompt,
        llm: Mapping[str, Any],
        give_up_at: float,
        ledger: Ledger,
        markers: Sequence[Mapping[str, Any]],
        records: list[CallRecord],
        max_tokens: int | None,
    ) -> Reply:
        """Ask the model, and its fallback when it does not answer."""
        choices = [llm, llm["fallback"]] if llm.get("fallback") else [llm]
        failure = ProviderError("provider_timeout")
        for place, choice in enumerate(choices):
            left = give_up_at - time.monotonic()
            if left <= 0:
                break
            share = FIRST_SHARE if place < len(choices) - 1 else 1.0
            options = {
                **choice,
                "max_tokens": max_tokens or choice.get("max_tokens") or llm.get("max_tokens"),
            }
            until = time.monotonic() + left * share
            try:
                return await self._ask_one(
                    purpose, prompt, options, until, ledger, markers, records
                )
            except ProviderError as error:
                failure = error
                if error.code in _FINAL:
                    break
        raise failure

    async def _mask(
        self, parts: Sequence[Part], masking: Any, seconds: float
    ) -> tuple[Prompt, Sequence[Mapping[str, Any]]]:
        """Return the prompt as it may be sent, and the conversation's new markers."""
        try:
            return await masking_thread(
                masking,
                lambda: (masked_prompt(parts, masking), masking.book.new_rows()),
                seconds=seconds,
            )
        except Exception:
            # Whatever it was, nothing has been sent, and its message may quote the customer.
            raise ProviderError("masking_failed") from None

    async def _ask_one(
        self,
        purpose: Purpose,
        prompt: Prompt,
        llm: Mapping[str, Any],
        until: float,
        ledger: Ledger,
        markers: Sequence[Mapping[str, Any]],
        records: list[CallRecord],
    ) -> Reply:
        if llm.get("refused"):
            raise ProviderError(llm["refused"])
        key = key_of(llm)
        if not self._breaker.allows(key):
            raise ProviderError("provider_suspended")
        price = llm.get("price")
        most = int(llm.get("max_tokens") or MAX_TOKENS)
        call = OpenCall(
            purpose=purpose,
            model=str(llm["model"]),
            host=host_of(llm),
            messages=prompt.messages,
            said=prompt.said,
            input_tokens=prompt.tokens,
            output_tokens=most,
            cost=_cost(prompt.tokens, most, price),
            currency=price.get("currency") if price else None,
            on_installation=bool(llm.get("on_installation")),
            markers=tuple(markers),
        )
        call_id = await _open(ledger, call, until)
        began = time.monotonic()
        tried = _Tries()
        closed = ClosedCall(
            raw_answer=None,
            # Until the provider tells otherwise: it may have counted what it was sent.
            input_tokens=call.input_tokens,
            output_tokens=0,
            cost=_cost(call.input_tokens, 0, price),
            elapsed_ms=0,
            attempts=1,
            error="cancelled",
        )
        try:
            completion = await self._attempt(llm, prompt, until, key, tried)
            closed = _counted(completion, call, price)
            if purpose == "check":
                # Whoever tries addresses must not read here what something that is no model answers.
                closed = replace(closed, raw_answer=None)
        except ProviderError as error:
            closed = replace(closed, error=error.code)
            if error.code in _UNCOUNTED:
                closed = replace(closed, input_tokens=0, cost=0.0)
            raise
        finally:
            closed = replace(
                closed,
                elapsed_ms=round((time.monotonic() - began) * 1000, 1),
                attempts=tried.count,
            )
            records.append(_record(call_id, call, closed, prompt))
            await self._close(ledger, call_id, closed)
        return Reply(
            text=completion.text,
            raw=completion.text,
            masked_prompt=prompt.text,
            messages=prompt.messages,
            model=call.model,
            input_tokens=closed.input_tokens,
            output_tokens=closed.output_tokens,
            cost=closed.cost,
            truncated=completion.truncated,
            call_id=call_id,
        )

    async def _attempt(
        self,
        llm: Mapping[str, Any],
        prompt: Prompt,
        until: float,
        key: Key,
        tried: "_Tries",
    ) -> Completion:
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise ProviderError("provider_timeout", blames_provider=True)
            tried.count += 1
            try:
                completion = await self._models.complete(llm, prompt.messages, seconds=left)
            except ProviderError as error:
                self._breaker.note(key, failed=error.blames_provider)
                pause = PAUSE_SECONDS if error.retry_after is None else error.retry_after
                in_time = time.monotonic() + pause < until
                if not error.retryable or tried.count >= ATTEMPTS or not in_time:
                    raise
            else:
                self._breaker.note(key, failed=False)
                return completion
            await asyncio.sleep(pause)

    async def _close(self, ledger: Ledger, call_id: str, closed: ClosedCall) -> None:
        async def work() -> None:
            try:
                await ledger.close(call_id, closed)
            except Exception as error:
                # The entry stands; only its end is missing, and the sweeper settles it.
                log.warning("an entry of the ledger was not closed: %s", type(error).__name__)

        task = asyncio.create_task(work())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), CLOSE_SECONDS)


_FINAL = frozenset({"providers_forbidden", "spend_limit_reached"})
"""Another model would be refused for the same reason."""

_UNCOUNTED = frozenset(
    {
        "provider_unreachable",
        "provider_misconfigured",
        "provider_private",
        "provider_extra_missing",
        "provider_rejected_key",
        "provider_model_unknown",
        "provider_busy",
    }
)
"""Failures that no provider charges for."""


@dataclass(slots=True)
class _Tries:
    count: int = 0


async def _open(ledger: Ledger, call: OpenCall, until: float) -> str:
    try:
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            return await ledger.open(call)
    except (ProviderError, MarkersTakenError):
        raise
    except Exception:
        raise ProviderError("ledger_unavailable") from None


def _counted(completion: Completion, call: OpenCall, price: Mapping[str, Any] | None) -> ClosedCall:
    read = completion.input_tokens or call.input_tokens
    written = completion.output_tokens or estimate.tokens(completion.text)
    return ClosedCall(
        raw_answer=completion.text,
        input_tokens=read,
        output_tokens=written,
        cost=_cost(read, written, price),
        elapsed_ms=0,
        attempts=1,
    )


def _record(call_id: str, call: OpenCall, closed: ClosedCall, prompt: Prompt) -> CallRecord:
    return CallRecord(
        id=call_id,
        purpose=call.purpose,
        model=call.model,
        prompt=prompt.text,
        raw_answer=closed.raw_answer,
        input_tokens=closed.input_tokens,
        output_tokens=closed.output_tokens,
        cost=closed.cost,
        currency=call.currency,
        error=closed.error,
    )


def _cost(input_tokens: int, output_tokens: int, price: Mapping[str, Any] | None) -> float:
    if not price:
        return 0.0
    return estimate.cost(
        input_tokens,
        output_tokens,
        price={"input": float(price["input"]), "output": float(price["output"])},
    )
