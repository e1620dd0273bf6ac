"""A customer's question -> an answer from the company's own documents, or an honest "I don't know"."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.answering.answers import Answer, declined, quoted, told, totals
from bot.answering.asked import Asked, turns_before
from bot.answering.calls import Ledger, NoLedger, Purpose
from bot.answering.confidence import THRESHOLD, confidence, features
from bot.answering.embedding import EMBEDDING_SECONDS, Embedder, ready_model
from bot.answering.extractive import Extract, extract
from bot.answering.failures import ProviderError
from bot.answering.finding import find
from bot.answering.gateway import Gateway
from bot.answering.judge import judge
from bot.answering.masked import new_masking
from bot.answering.translation import translate
from bot.answering.writing import Check, NotWrittenError, Written, write
from bot.knowledge.embeddings import Matrix
from bot.knowledge.index import Index
from bot.knowledge.languages import LANGUAGES
from bot.knowledge.library import IndexLibrary, LoadSnapshot
from bot.knowledge.retrieval import Found

log = logging.getLogger(__name__)

PASSAGES = 5
# What is left for the extractive answer after the provider was given up on.
RESERVE_SECONDS = 0.3
TRANSLATION_SHARE = 0.3
"""Of the time, for a translated question."""
JUDGE_SECONDS = 1.5
"""How long a written answer waits for its judge; then the built-in confidence decides."""


class Answerer:
    """Answers from knowledge. One serves a whole process: it holds the indexes and the models."""

    def __init__(
        self,
        *,
        http_deadline_seconds: float = 8,
        library: IndexLibrary | None = None,
        gateway: Gateway | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._deadline_seconds = http_deadline_seconds
        self._library = library or IndexLibrary()
        self.embedder = embedder or Embedder()
        self.gateway = gateway or Gateway()
        """The path to providers."""

    async def warm(self) -> None:
        """Import what takes seconds to import. Worth calling at start where a language model is in use."""
        await asyncio.gather(self.gateway.warm(), asyncio.to_thread(new_masking, None))

    async def answer(
        self,
        *,
        question: str,
        language: str,
        history: Sequence[Mapping[str, str]],
        context: Mapping[str, Any],
        load_snapshot: LoadSnapshot,
        ledger: Ledger | None = None,
        purpose: Purpose = "answer",
    ) -> Answer:
        """Answer within the deadline.

        Args:
            question: the customer's words.
            language: the customer's; an unknown one counts as Russian.
            history: turns before, oldest first: role (customer, bot, operator) and text.
            context: as `GET /internal/conversations/{id}/context` gives it.
            load_snapshot: fetches the passages of a knowledge version.
            ledger: where is written down what leaves; without one nothing leaves.
            purpose: `answer`, or `suggest` for an operator's reply.

        Raises:
            TimeoutError: the snapshot did not come within the deadline.
            Whatever `load_snapshot` raises. A provider's errors are never raised: the answer is then quoted.
        """
        started = time.monotonic()
        language = language if language in LANGUAGES else "ru"
        version = int(context["assistant"]["knowledge_version"])
        async with asyncio.timeout(self._deadline_seconds):
            index = await self._library.index(
                str(context["organization"]["id"]),
                version,
                load_snapshot,
                vectors=ready_model(context),
            )
        asked = Asked(
            question=question,
            language=language,
            turns=turns_before(history, question),
            context=context,
            ledger=ledger or NoLedger(),
            purpose=purpose,
            give_up_at=started + self._deadline_seconds - RESERVE_SECONDS,
        )
        trace: dict[str, Any] = {
            "knowledge_version": version,
            "assistant_version": context["assistant"].get("version"),
            **dict.fromkeys(("model", "masked_prompt", "raw_answer", "provider_error")),
            **dict.fromkeys(("judge", "translated")),
        }
        result = await self._answer(index, asked, trace)
        trace |= totals(asked.records, started)
        trace["checks"] = asked.checks
        return result

    async def _answer(self, index: Index, asked: Asked, trace: dict[str, Any]) -> Answer:
        found = find(
            index,
            asked.question,
            language=asked.language,
            earlier=asked.earlier,
            limit=PASSAGES,
            day=asked.day,
            meaning=await self._meaning(index, asked, trace),
        )
        extracts = extract(index, found)
        sure = _sure(index, found, extracts)
        verdict: bool | None = None
        result: Answer | None = None
        if asked.context["assistant"].get("llm") and any(map(str.isalnum, asked.question)):
            try:
                masking = await asyncio.to_thread(new_masking, asked.context.get("privacy"))
            except Exception:
                # Whatever it was, nothing has been sent, and its message may quote the customer.
                trace["provider_error"] = "masking_failed"
            else:
                if sure < THRESHOLD:
                    other = await self._translated(index, asked, masking, trace)
                    if other is not None and (better := other[2]) > sure:
                        found, extracts, sure = other[0], other[1], better
                if found.hits:
                    result, verdict = await self._written(
                        found, extracts, sure, asked, masking, trace
                    )
        trace["passages"] = [
            {
                "passage_id": hit.passage.id,
                "document": hit.passage.document,
                "score": round(hit.score, 3),
            }
            for hit in found.hits
        ]
        if result is None:
            result = quoted(asked.language, extracts, sure, trace, believed=verdict)
        return result

    async def _meaning(self, index: Index, asked: Asked, trace: dict[str, Any]) -> Matrix | None:
        """Return the question's embedding; None where there are none, or the provider is down."""
        if index.vectors is None or not asked.question.strip():
            return None
        try:
            return await self.embedder.embed_question(
                asked.question,
                earlier=asked.earlier,
                context=asked.context,
                seconds=min(EMBEDDING_SECONDS, asked.seconds),
                ledger=asked.ledger,
            )
        except ProviderError as error:
            trace["embedding_error"] = error.code
            return None

    async def _translated(
        self, index: Index, asked: Asked, masking: Any, trace: dict[str, Any]
    ) -> tuple[Found, list[Extract], float] | None:
        """Return what the question finds in the language that most documents have, where it is another one."""
        counts = [passage.language for passage in index.passages]
        main = max(set(counts), key=counts.count, default=asked.language)
        if main == asked.language:
            return None
        translated = await translate(
            self.gateway,
            question=asked.question,
            turns=asked.turns,
            language=main,
            context=asked.context,
            masking=masking,
            ledger=asked.ledger,
            seconds=asked.seconds * TRANSLATION_SHARE,
            records=asked.records,
        )
        if translated is None:
            return None
        text, trace["translated"] = translated
        found = find(index, text, language=main, limit=PASSAGES, day=asked.day)
        extracts = extract(index, found)
        return found, extracts, _sure(index, found, extracts)

    async def _written(
        self,
        found: Found,
        extracts: Sequence[Extract],
        sure: float,
        asked: Asked,
        masking: Any,
        trace: dict[str, Any],
    ) -> tuple[Answer | None, bool | None]:
        """Return what a language model makes of the passages, None when that is of no use; and the judge's verdict.

        Both are asked at the same time: the customer waits for one call, not for two.
        """
        passages = [hit.passage for hit in found.hits]
        trace["model"] = asked.context["assistant"]["llm"]["model"]
        common = {
            "question": asked.question,
            "turns": asked.turns,
            "context": asked.context,
            "passages": passages,
            "masking": masking,
            "ledger": asked.ledger,
            "seconds": asked.seconds,
            "records": asked.records,
        }
        writing = asyncio.create_task(
            write(
                self.gateway,
                language=asked.language,
                purpose=asked.purpose,
                checks=asked.checks,
                **common,
            )
        )
        judging = asyncio.create_task(judge(self.gateway, **common)) if asked.wants_judge else None
        try:
            verdict = await _verdict(judging, writing)
            if judging is not None:
                _note_verdict(asked, trace, verdict=verdict, sure=sure)
            if verdict is False or (judging is not None and verdict is None and sure < THRESHOLD):
                return declined(asked.language, sure, trace), verdict
            try:
                written = await writing
            except NotWrittenError as error:
                trace["provider_error"] = error.code
                return None, verdict
            except Exception as error:
                # Ours to mend; the customer gets the documents' words. The error's own may quote him.
                log.error("a written answer could not be used: %s", type(error).__name__)  # noqa: TRY400
                trace["provider_error"] = "answering_failed"
                return None, verdict
            return told(written.reading, found.hits, extracts, asked.language, sure, trace), verdict
        finally:
            await _end(writing, judging)
            _note_failure(writing, asked, trace)
            sent = [call for call in asked.records if call.purpose == asked.purpose]
            if sent:
                last = sent[-1]
                trace |= {"model": last.model, "masked_prompt": last.prompt}
                trace["raw_answer"] = last.raw_answer


async def _verdict(
    judging: asyncio.Task[bool | None] | None, writing: asyncio.Task[Written]
) -> bool | None:
    if judging is None:
        return None
    await asyncio.wait({judging, writing}, return_when=asyncio.FIRST_COMPLETED)
    try:
        # A slow answer is waited for anyway; a slow judge is not, once the answer is there.
        return await asyncio.wait_for(
            asyncio.shield(judging), JUDGE_SECONDS if writing.done() else None
        )
    except TimeoutError:
        return None
    except Exception as error:
        log.error("a judge's verdict could not be used: %s", type(error).__name__)  # noqa: TRY400
        return None


def _note_verdict(
    asked: Asked, trace: dict[str, Any], *, verdict: bool | None, sure: float
) -> None:
    said = {True: "yes", False: "no", None: "none"}[verdict]
    trace["judge"] = {"verdict": said}
    detail = said if verdict is not None else f"no verdict in time; confidence {sure:.2f}"
    passed = verdict if verdict is not None else sure >= THRESHOLD
    asked.checks.append(Check(name="judge", passed=passed, detail=detail))


def _note_failure(writing: asyncio.Task[Written], asked: Asked, trace: dict[str, Any]) -> None:
    """Note why there is no written answer, also where the judge's verdict, or its silence, made an end before."""
    if trace["provider_error"]:
        return
    if writing.cancelled():
        # What ended the judge's call would have ended this one.
        errors = [call.error for call in asked.records if call.purpose == "judge"]
        trace["provider_error"] = next((error for error in errors if error), None)
        return
    error = writing.exception()
    if isinstance(error, NotWrittenError):
        trace["provider_error"] = error.code


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """End what is still under way; its entries of the ledger are closed with it."""
    for task in tasks:
        if task is not None:
            task.cancel()
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def _sure(index: Index, found: Found, extracts: list[Extract]) -> float:
    return confidence(features(index, found, extracts)) if found.hits else 0.0
