"""Short questions to a language model, whose answers are for us and never shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.answering.calls import Ledger, Part, Purpose
from bot.answering.failures import ProviderError
from bot.answering.gateway import CallRecord, Gateway
from bot.answering.prompt import without_reasoning


async def brief_answer(
    gateway: Gateway,
    *,
    purpose: Purpose,
    parts: Sequence[Part],
    context: Mapping[str, Any],
    masking: Any,
    ledger: Ledger,
    seconds: float,
    max_tokens: int,
    records: list[CallRecord],
) -> str | None:
    """Return what the organization's model answers, the same each time as far as it can, without its reasoning.

    None where there is no answer in time: nothing depends on one.
    """
    try:
        reply = await gateway.ask(
            purpose=purpose,
            parts=parts,
            masking=masking,
            llm={**context["assistant"]["llm"], "temperature": 0.0},
            seconds=seconds,
            ledger=ledger,
            max_tokens=max_tokens,
            records=records,
        )
    except ProviderError:
        return None
    return without_reasoning(reply.text)
