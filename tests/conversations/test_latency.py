"""A turn costs the same however long the conversation is."""

import statistics
import time
from collections.abc import Callable

import pytest

from tests.conversations.support.talk import Talk

PAIRS = 15
ATTEMPTS = 4


async def seconds_of(customer: Talk) -> float:
    began = time.perf_counter()
    await customer.say("привет")
    return time.perf_counter() - began


async def ratio(long: Talk, short: Talk) -> float:
    """How many times longer a turn of the long conversation takes; by turns, so that a slow machine slows both."""
    pairs = [(await seconds_of(long), await seconds_of(short)) for _ in range(PAIRS)]
    return statistics.median(one for one, _ in pairs) / statistics.median(one for _, one in pairs)


@pytest.mark.slow
async def test_hundreds_of_turns_make_the_next_no_dearer(talk: Callable[..., Talk]) -> None:
    """A Rasa that reads the whole conversation takes five times as long at 100 turns (docs/benchmarks.md, row b)."""
    long, short = talk(), talk()
    # The window of 60 events is full after some 20 turns; from then on nothing may grow.
    for customer, turns in ((long, 300), (short, 20)):
        for _ in range(turns):
            await customer.say("привет")
    found = []
    for _ in range(ATTEMPTS):
        found.append(await ratio(long, short))
        if found[-1] < 1.5:
            return
    pytest.fail(f"A turn takes {found} times as long after 300 turns.")
