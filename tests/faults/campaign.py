"""Conversations, and kill -9 in the middle of them."""

import asyncio
import itertools
import random
import signal
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bson import ObjectId

from tests.faults.ledger import Audit, Entry, audit, gist, stored_messages
from tests.faults.scripts import SCRIPTS
from tests.faults.stage import Stage

CHANNELS = ("webchat", "telegram")
VICTIMS = ("web", "worker", "engine", "actions")
PATIENCE_SECONDS = 300.0
PROBLEMS_SHOWN = 30

type Rehearsed = dict[tuple[str, str], list[list[str]]]
"""By channel and script: the answers to each step, without numbers."""


@dataclass(slots=True)
class Outcome:
    """How a campaign went.

    Attributes:
        kills: how often each process was killed.
        in_flight: Telegram messages that were being sent when a process was killed. Only they may have arrived twice:
            the Bot API has no key by which it would notice.
        stuck: conversations that got no answer.
    """

    conversations: int
    kills: dict[str, int] = field(default_factory=dict)
    in_flight: set[ObjectId] = field(default_factory=set)
    stuck: list[str] = field(default_factory=list)
    audit: Audit = field(default_factory=Audit)
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """All that is not as it must be."""
        problems = [*self.stuck, *self.audit.problems]
        unexplained = [str(found) for found in self.audit.doubles if found not in self.in_flight]
        if unexplained:
            problems.append(
                f"arrived twice without having been on the wire at a kill: {unexplained}"
            )
        return problems

    def summary(self) -> str:
        """The outcome in lines for a person."""
        found = self.audit
        kills = ", ".join(f"{name} {count}" for name, count in self.kills.items())
        doubles = sum(found.doubles.values())
        waits = sorted(found.waits) or [0.0]
        return "\n".join(
            [
                f"{self.conversations} conversations, {found.messages} messages in, {found.answers} out, {self.seconds:.0f} s",
                f"killed: {kills}",
                f"answers after: median {statistics.median(waits):.1f} s, longest {waits[-1]:.0f} s",
                f'told "we got it": {found.notices}',
                f"Telegram messages on the wire at a kill: {len(self.in_flight)}, of which came twice: {doubles}",
                f"problems: {len(self.problems)}",
                *(f"  {problem}" for problem in self.problems[:PROBLEMS_SHOWN]),
            ]
        )


async def rehearse(stage: Stage) -> Rehearsed:
    """Play every script once on every channel without faults, and note the answers."""
    rehearsed: Rehearsed = {}
    for script, channel in itertools.product(SCRIPTS, CHANNELS):
        customer, phone = stage.customer(channel), stage.phone()
        steps: list[list[str]] = []
        for step in script.steps:
            for text in step:
                await customer.say(text.format(phone=phone))
            await stage.until_settled()
            conversation = await stage.conversation(customer)
            assert conversation is not None
            stored = await stored_messages(stage, conversation["_id"], "out")
            known = sum(len(answers) for answers in steps)
            steps.append([gist(message) for message in stored[known:]])
        rehearsed[channel, script.name] = steps
    return rehearsed


async def run(
    stage: Stage,
    *,
    conversations: int,
    wave: int,
    victims: Sequence[str] = VICTIMS,
    seed: int = 1,
) -> Outcome:
    """Play so many conversations in waves, and kill one process in each wave, the victims in turn."""
    began = time.monotonic()
    outcome = Outcome(conversations)
    rehearsed = await rehearse(stage)
    chance = random.Random(seed)
    entries: list[Entry] = []
    playing: list[asyncio.Task[None]] = []
    for number in range(0, conversations, wave):
        for place in range(number, min(number + wave, conversations)):
            entry = _entry(stage, place, rehearsed)
            entries.append(entry)
            steps = rehearsed[entry.customer.channel, entry.script.name]
            pause = chance.uniform(0.0, 1.5)
            playing.append(asyncio.create_task(_play(entry, steps, pause, outcome)))
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        await _kill(stage, victims[number // wave % len(victims)], outcome)
    await asyncio.gather(*playing)
    await stage.until_settled()
    await asyncio.sleep(1.5)  # what was just sent is still on its way to the screens
    outcome.audit = await audit(stage, entries)
    outcome.seconds = time.monotonic() - began
    return outcome


def _entry(stage: Stage, number: int, rehearsed: Rehearsed) -> Entry:
    channel = CHANNELS[number % len(CHANNELS)]
    script = SCRIPTS[number // len(CHANNELS) % len(SCRIPTS)]
    expected = [text for answers in rehearsed[channel, script.name] for text in answers]
    return Entry(stage.customer(channel), script, stage.phone(), expected)


async def _play(
    entry: Entry, steps: Sequence[Sequence[str]], pause: float, outcome: Outcome
) -> None:
    """Say all of the script; each step after the answers to the one before."""
    customer, script = entry.customer, entry.script
    await asyncio.sleep(pause)
    try:
        answered = 0
        for step, answers in zip(script.steps, steps, strict=True):
            async with asyncio.timeout(PATIENCE_SECONDS):
                for text in step:
                    await customer.say(text.format(phone=entry.phone))
            answered += len(answers)
            await customer.screen.wait_for_answers(answered, seconds=PATIENCE_SECONDS)
            await asyncio.sleep(pause)
    except TimeoutError:
        said = [text for _, text in customer.said]
        outcome.stuck.append(f"{script.name} ({customer.channel}): no answer after {said}")


async def _kill(stage: Stage, name: str, outcome: Outcome) -> None:
    """Kill a process as hard as can be, note what was on the wire, and wait until it is back."""
    pid = stage.signal(name, signal.SIGKILL)
    sending = stage.database["messages"].find(
        {"state": "sending", "channel": "telegram"}, {"_id": 1}
    )
    outcome.in_flight |= {message["_id"] async for message in sending}
    outcome.kills[name] = outcome.kills.get(name, 0) + 1
    await stage.until_back(name, pid)
