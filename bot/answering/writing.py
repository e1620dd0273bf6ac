"""An answer written by a language model that sees no personal data, checked before it is believed."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.answering.grounding import unsupported_numbers
from bot.answering.models import ChatModels, ProviderError
from bot.answering.prompt import Prompt, Reading, make_prompt, read_answer
from bot.knowledge.passages import Passage


class NotWrittenError(Exception):
    """There is no answer that may be used.

    `code` is a provider's (see `ProviderError`) or one of ours: `masking_failed` (nothing was sent), `unknown_marker`,
    `unsupported_numbers`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Writer:
    """Masks, asks, checks, restores."""

    def __init__(self, models: ChatModels) -> None:
        self._models = models

    async def warm(self) -> None:
        """Import what takes seconds to import."""
        await asyncio.gather(self._models.warm(), asyncio.to_thread(_new_masking))

    async def write(
        self,
        *,
        question: str,
        language: str,
        turns: Sequence[Mapping[str, str]],
        context: Mapping[str, Any],
        passages: Sequence[Passage],
        seconds: float,
        trace: dict[str, Any],
    ) -> Reading:
        """Return what the model wrote, restored; or that it declined.

        Args:
            question: the customer's words.
            language: to answer in.
            turns: what was said before.
            context: the organization and the assistant with its model.
            passages: to answer from, best first.
            seconds: how long all of it may take.
            trace: gets `model`, `masked_prompt` and `raw_answer`.

        Raises:
            NotWrittenError: as it says.
        """
        give_up_at = time.monotonic() + seconds
        llm = context["assistant"]["llm"]
        trace["model"] = llm["model"]
        masking, prompt = await _masked(question, language, turns, context, passages)
        trace["masked_prompt"] = prompt.text
        try:
            left = max(0.0, give_up_at - time.monotonic())
            raw = await self._models.complete(llm, prompt.messages, seconds=left)
        except ProviderError as error:
            raise NotWrittenError(error.code) from None
        trace["raw_answer"] = raw
        reading = read_answer(raw, len(passages))
        if reading.declined:
            return reading
        restored = masking.restore(reading.text)
        if restored.unknown:
            raise NotWrittenError("unknown_marker")
        if not restored.text.strip():
            raise NotWrittenError("provider_empty")
        if unsupported_numbers(reading.text, [text for _, text in prompt.messages]):
            raise NotWrittenError("unsupported_numbers")
        return replace(reading, text=restored.text.strip())


async def _masked(
    question: str,
    language: str,
    turns: Sequence[Mapping[str, str]],
    context: Mapping[str, Any],
    passages: Sequence[Passage],
) -> tuple[Any, Prompt]:
    try:
        masking = await asyncio.to_thread(_new_masking)
        prompt = make_prompt(
            question=question,
            history=turns,
            passages=passages,
            language=language,
            context=context,
            masking=masking,
        )
    except Exception:
        # Whatever it was, nothing has been sent, and its message may quote the customer.
        raise NotWrittenError("masking_failed") from None
    return masking, prompt


def _new_masking() -> Any:
    # Presidio takes seconds to import and is needed only where a provider is.
    from bot.privacy.masking import Masking, analyzer  # noqa: PLC0415 - see above

    analyzer()
    return Masking()
