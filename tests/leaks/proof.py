"""Runs conversations through the real answering and gateway, and searches every byte that left for what is personal."""

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.answering import Answerer
from bot.answering.calls import OpenCall
from bot.answering.embedding import Embedder
from bot.answering.evaluation import read_folder
from bot.answering.failures import ProviderError
from bot.answering.masked import new_masking
from bot.answering.summary import summarise
from bot.knowledge.letters import fold
from bot.privacy.masking import Masking
from tests.fakes.ledger import FakeLedger
from tests.fakes.openai_server import FakeOpenAI, FakeReply, SeenRequest
from tests.leaks.conversations import STRUCTURED, Conversation, conversations
from tests.leaks.proxy import RecordingProxy

_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"[\W_]+")
MIN_NAME = 3
"""Letters. A shorter word of a name (an initial) is found everywhere."""


@dataclass(slots=True)
class Outcome:
    """What was sent, and what of it should not have been.

    Attributes:
        conversations: how many were held.
        requests: how many requests reached the providers, by purpose.
        sent_bytes: of all requests, headers and bodies.
        entities: labelled data in the conversations, by kind.
        leaks: those of which something left, by kind, with the value and the conversation's number.
        retried: calls that were sent a second time.
        fallback: requests to the second provider.
        unexplained: leaks that the recognisers would not have left in any text of the conversation by itself.
        unwritten: requests whose messages are in no entry of the ledger.
        ambiguous: names that the conversation also holds as something else, and that prove nothing.
        seconds: how long it took.
    """

    conversations: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    sent_bytes: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    leaks: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    unexplained: list[tuple[str, int]] = field(default_factory=list)
    retried: int = 0
    fallback: int = 0
    unwritten: int = 0
    ambiguous: int = 0
    seconds: float = 0

    @property
    def structured_leaks(self) -> list[tuple[str, int]]:
        """Leaks of identifiers, of which there must be none."""
        return [leak for kind in STRUCTURED for leak in self.leaks.get(kind, ())]

    def summary(self) -> str:
        """Return the figures for reading."""
        lines = [
            f"conversations      {self.conversations} in {self.seconds:.0f} s",
            f"requests           {sum(self.requests.values())}: "
            + ", ".join(f"{name} {count}" for name, count in sorted(self.requests.items())),
            f"of these           {self.retried} calls sent twice, {self.fallback} requests to the fallback",
            f"bytes sent         {self.sent_bytes}",
            f"not in the ledger  {self.unwritten}",
        ]
        for kind, count in sorted(self.entities.items()):
            leaked = len(self.leaks.get(kind, ()))
            lines.append(f"{kind:18} {leaked} of {count} left ({leaked / count:.2%})")
        lines.append(
            f"of what left       {len(self.unexplained)} that the recognisers find in the text alone"
        )
        lines.append(f"proves nothing     {self.ambiguous} (the same word stands there as no name)")
        return "\n".join(lines)


async def prove(count: int, *, seed: int = 1, lanes: int = 4) -> Outcome:
    """Hold `count` conversations, `lanes` at a time, and look through what left."""
    outcome = Outcome(conversations=count)
    began = time.monotonic()
    waiting = enumerate(conversations(count, seed=seed))

    async def lane(number: int) -> None:
        async with (
            FakeOpenAI.running() as first,
            FakeOpenAI.running() as second,
            RecordingProxy.before(first.base_url) as one,
            RecordingProxy.before(second.base_url) as two,
        ):
            stage = _Stage(first, second, one, two, random.Random(seed * 1000 + number))
            await stage.answerer.warm()
            for place, conversation in waiting:
                ledger = await stage.hold(conversation)
                outcome.retried += sum(call.attempts > 1 for call in ledger.closed.values())
                outcome.fallback += len(second.seen)
                sent = one.take() + two.take()
                _examine(outcome, place, conversation, sent, [*first.seen, *second.seen], ledger)
                first.seen.clear()
                second.seen.clear()

    await asyncio.gather(*map(lane, range(lanes)))
    outcome.seconds = time.monotonic() - began
    return outcome


class _Stage:
    """The real parts, and two providers behind their proxies."""

    def __init__(
        self,
        first: FakeOpenAI,
        second: FakeOpenAI,
        one: RecordingProxy,
        two: RecordingProxy,
        chance: random.Random,
    ) -> None:
        self._first, self._second = first, second
        self._one, self._two = one, two
        self._chance = chance
        self.answerer = Answerer(http_deadline_seconds=20)
        self._embedder = Embedder()
        self._snapshots: dict[str, dict[str, Any]] = {}

    async def hold(self, conversation: Conversation) -> FakeLedger:
        """Hold a conversation: answers, and a suggestion and a summary at its end."""
        ledger = FakeLedger()
        markers: list[dict[str, Any]] = []
        history: list[dict[str, str]] = []
        snapshot = self._snapshot(conversation)

        async def load(_: int) -> dict[str, Any]:
            return snapshot

        for turn, reply in zip(conversation.turns, conversation.replies, strict=True):
            self._prepare()
            context = self._context(conversation, markers)
            last = turn is conversation.turns[-1]
            answer = await self.answerer.answer(
                question=turn,
                language=conversation.language,
                history=history,
                context=context,
                load_snapshot=load,
                ledger=ledger,
                purpose="suggest" if last else "answer",
            )
            history += [
                {"role": "customer", "text": turn},
                {"role": "bot", "text": answer.text},
                {"role": "operator", "text": reply},
            ]
            markers = _noted(ledger)
        context = self._context(conversation, markers)
        self._prepare()
        await summarise(
            self.answerer.gateway,
            turns=history,
            language="ru",
            context=context,
            ledger=ledger,
        )
        self._first.reply(FakeReply(text=_echo))
        embedding = {**self._llm(self._one), "model": "openai:embedding"}
        with suppress(ProviderError):  # refused or not, it was sent
            await self._embedder.embed(
                [conversation.turns[-1], conversation.instructions],
                masking=new_masking(context["privacy"]),
                llm=embedding,
                seconds=10,
                ledger=ledger,
            )
        return ledger

    def _prepare(self) -> None:
        """Say what the providers do next: mostly they answer, sometimes they fail, sometimes for good."""
        judge = FakeReply(text=self._chance.choice(("YES", "NO")), when="You judge whether")
        translate = FakeReply(text=_echo, when="Translate the customer's last message")
        answer = FakeReply(text=_echo)
        fate = self._chance.random()
        replies = [judge, translate, answer]
        if fate < 0.15:
            replies = [FakeReply(status=500), judge, translate, answer]
        elif fate < 0.25:
            replies = [FakeReply(status=401)]  # for good: the fallback answers
        elif fate < 0.3:
            replies = [FakeReply(drop=True), judge, translate, answer]
        self._first.reply(*replies)
        self._second.reply(judge, translate, answer)

    def _llm(self, proxy: RecordingProxy) -> dict[str, Any]:
        return {"model": "openai:m", "base_url": proxy.url, "api_key": "sk-proof"}

    def _context(self, conversation: Conversation, markers: list[dict[str, Any]]) -> dict[str, Any]:
        fallback = {**self._llm(self._two), "model": "openai:small"}
        return {
            "organization": {
                "id": str(conversation.company.folder),
                "name": "Tau Demo",
                "timezone": "Asia/Almaty",
                "language": "ru",
            },
            "assistant": {
                "version": 1,
                "knowledge_version": 1,
                "name": "Aitys",
                "tone": conversation.tone,
                "instructions": conversation.instructions,
                "llm": {**self._llm(self._one), "fallback": fallback},
                "content": {"model": {"judge": True, "ground": True}},
            },
            "privacy": {
                "markers": markers,
                "known": conversation.known,
                "mask_passages": True,
            },
        }

    def _snapshot(self, conversation: Conversation) -> dict[str, Any]:
        folder = conversation.company.folder
        if str(folder) not in self._snapshots:
            index = read_folder(folder)
            self._snapshots[str(folder)] = {
                "version": 1,
                "passages": [passage.to_mapping() for passage in index.passages],
            }
        return self._snapshots[str(folder)]


def _echo(messages: list[dict[str, str]]) -> str:
    """Repeat what was sent, as far as a model might: markers and figures come back."""
    return messages[-1]["content"][-400:]


def _noted(ledger: FakeLedger) -> list[dict[str, Any]]:
    """Return the conversation's markers as the CRM keeps them."""
    rows = [dict(row) for call in ledger.opened.values() for row in call.markers]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def _examine(
    outcome: Outcome,
    number: int,
    conversation: Conversation,
    sent: bytes,
    seen: Sequence[SeenRequest],
    ledger: FakeLedger,
) -> None:
    outcome.sent_bytes += len(sent)
    written = {text for call in ledger.opened.values() for _, text in call.messages}
    for request in seen:
        outcome.requests[_purpose_of(request.body, ledger.opened.values())] += 1
        outcome.unwritten += not _texts(request.body) <= written
        # What the servers read is what the proxies saw: nothing went around them.
        assert request.raw.encode() in sent
    text = _readable(sent)
    said = fold("\n".join(text for request in seen for text in _texts(request.body)))
    passages = " ".join(
        path.read_text("utf-8", errors="ignore")
        for path in conversation.company.folder.iterdir()
        if path.suffix in {".md", ".txt", ".csv", ".html"}
    )
    innocent = set(_WORD.findall(fold(" ".join([*conversation.innocent, passages]))))
    # A name may be a word of the protocol ("max"): it is looked for in what was said. Identifiers in every byte.
    sent_words = set(_WORD.findall(said))
    compact = _SEPARATORS.sub("", fold(text))
    for kind, value in dict.fromkeys(conversation.entities):
        outcome.entities[kind] += 1
        if kind in STRUCTURED:
            leaked = value in text or _SEPARATORS.sub("", fold(value)) in compact
        else:
            words = [word for word in _WORD.findall(fold(value)) if len(word) >= MIN_NAME]
            telling = [word for word in words if word not in innocent and not word.isdecimal()]
            outcome.ambiguous += not telling
            leaked = any(word in sent_words for word in telling)
            if leaked and not _is_missed(telling, conversation):
                outcome.unexplained.append((value, number))
        if leaked:
            outcome.leaks.setdefault(kind, []).append((value, number))


def _is_missed(words: Sequence[str], conversation: Conversation) -> bool:
    """Tell whether the recognisers, asked about one text of the conversation alone, leave any of the words."""
    texts = [*conversation.turns, *conversation.replies, conversation.instructions]
    left = {word for text in texts for word in _WORD.findall(fold(Masking().mask(text)))}
    return not left.isdisjoint(words)


def _readable(sent: bytes) -> str:
    """Return the bytes as text, escapes of JSON resolved as well."""
    text = sent.decode("utf-8", errors="replace")
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text).replace(
        "\\n", "\n"
    )
    return f"{text}\n{unescaped}" if unescaped != text else text


def _texts(body: dict[str, Any]) -> set[str]:
    if "messages" in body:
        return {message["content"] for message in body["messages"]}
    given = body.get("input") or []
    return {given} if isinstance(given, str) else set(given)


def _purpose_of(body: dict[str, Any], calls: Iterable[OpenCall]) -> str:
    sent = _texts(body)
    for call in calls:
        if sent <= {text for _, text in call.messages}:
            return call.purpose
    return "unknown"


def as_json(outcome: Outcome) -> str:
    """Return the figures as JSON; leaked values are not repeated."""
    return json.dumps(
        {
            "conversations": outcome.conversations,
            "requests": dict(outcome.requests),
            "sent_bytes": outcome.sent_bytes,
            "unwritten": outcome.unwritten,
            "entities": dict(outcome.entities),
            "leaks": {kind: len(found) for kind, found in outcome.leaks.items()},
        }
    )
