"""An answer written by a language model that sees no personal data, checked before it is believed."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from bot.answering.calls import Ledger, Purpose, Said
from bot.answering.failures import ProviderError
from bot.answering.gateway import CallRecord, Gateway, Reply
from bot.answering.grounding import ground
from bot.answering.injections import without_instructions
from bot.answering.leaks import foreign_markers, tells_prompt
from bot.answering.masked import masking_thread
from bot.answering.prompt import MAX_QUESTION_LENGTH, Reading, answer_parts, read_answer
from bot.knowledge.passages import Passage


class Check(TypedDict):
    """One thing that was looked at before an answer was believed. `detail` quotes masked text only."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Written:
    """A model's answer that passed the checks, restored; or that it declined."""

    reading: Reading
    model: str
    prompt: str
    raw: str


class NotWrittenError(Exception):
    """There is no answer that may be used.

    `code` is one of `ProviderError`, or one of ours: `unknown_marker`, `prompt_leak`, `ungrounded`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


async def write(
    gateway: Gateway,
    *,
    question: str,
    language: str,
    turns: Sequence[Mapping[str, str]],
    context: Mapping[str, Any],
    passages: Sequence[Passage],
    masking: Any,
    ledger: Ledger,
    purpose: Purpose,
    seconds: float,
    records: list[CallRecord],
    checks: list[Check],
) -> Written:
    """Ask for an answer and check it.

    Args:
        gateway: the path to the provider.
        question: the customer's words.
        language: to answer in.
        turns: what was said before.
        context: the organization and the assistant with its model.
        passages: to answer from, best first.
        masking: the conversation's.
        ledger: where the call is written down.
        purpose: `answer` or `suggest`.
        seconds: how long all of it may take.
        records: gets the ledger's entries.
        checks: gets what was looked at.

    Raises:
        NotWrittenError: as it says.
    """
    until = time.monotonic() + seconds
    parts = answer_parts(
        question=question,
        history=turns,
        passages=passages,
        language=language,
        context=context,
        purpose=purpose,
    )
    try:
        reply = await gateway.ask(
            purpose=purpose,
            parts=parts,
            masking=masking,
            llm=context["assistant"]["llm"],
            seconds=seconds,
            ledger=ledger,
            records=records,
        )
    except ProviderError as error:
        raise NotWrittenError(error.code) from None
    reading = read_answer(reply.text, len(passages), truncated=reply.truncated)
    if not reading.declined:
        if not reading.text:
            raise NotWrittenError("provider_empty")
        _check_leaks(reading.text, reply, masking, checks)
        if _grounds(context):
            try:
                material = await masking_thread(
                    masking,
                    lambda: _material(question, passages, context, masking),
                    seconds=until - time.monotonic(),
                )
            except Exception:
                # What cannot be compared cannot be believed; the error may quote the customer.
                raise NotWrittenError("masking_failed") from None
            # Tens of milliseconds for long passages: other customers need not wait.
            reading = await asyncio.to_thread(_grounded, reading, *material, checks)
        restored = masking.restore(reading.text).text.strip()
        reading = Reading(restored, reading.cited, declined=False)
    return Written(reading, reply.model, reply.masked_prompt, reply.raw)


def _check_leaks(text: str, reply: Reply, masking: Any, checks: list[Check]) -> None:
    system = "\n".join(message for role, message in reply.messages if role == "system")
    others = [message for role, message in reply.messages if role != "system"]
    told = tells_prompt(text, system, others)
    checks.append(Check(name="leak", passed=not told, detail=""))
    if told:
        raise NotWrittenError("prompt_leak")
    sent = [message for _, message in reply.messages]
    foreign = foreign_markers(text, sent, masking)
    checks.append(Check(name="markers", passed=not foreign, detail=", ".join(foreign[:5])))
    if foreign:
        raise NotWrittenError("unknown_marker")


def _material(
    question: str, passages: Sequence[Passage], context: Mapping[str, Any], masking: Any
) -> tuple[list[str], str]:
    """Return passages and question in the form the model saw: a marker that stands there is as good as its value."""
    masked = (context.get("privacy") or {}).get("mask_passages", True)
    texts = [
        without_instructions("\n".join((passage.title, *passage.heading, passage.text)))
        for passage in passages
    ]
    said = Said(question, MAX_QUESTION_LENGTH).masked(masking)
    return [Said(text).masked(masking) if masked else text for text in texts], said


def _grounded(
    reading: Reading, passages: Sequence[str], question: str, checks: list[Check]
) -> Reading:
    found = ground(reading.text, passages, question=question)
    cut = "; ".join(f"{reason}: {sentence}" for sentence, reason in found.cut)
    checks.append(Check(name="grounding", passed=not found.cut, detail=cut[:1_000]))
    if not found.answers:
        raise NotWrittenError("ungrounded")
    return Reading(found.text, reading.cited, declined=False)


def _grounds(context: Mapping[str, Any]) -> bool:
    model = (context["assistant"].get("content") or {}).get("model") or {}
    return bool(model.get("ground", True))
