"""A turn costs the same however long the conversation is."""

import statistics
import time
from collections.abc import Callable

import pytest

from tests.conversations.support.talk import Talk


async def median_ms(customer: Talk, turns: int) -> float:
    times = []
    for _ in range(turns):
        started = time.perf_counter()
        await customer.say("привет")
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


@pytest.mark.slow
async def test_a_thousand_turns_cost_no_more_than_ten(talk: Callable[..., Talk]) -> None:
    customer = talk()
    await median_ms(customer, 10)
    early = await median_ms(customer, 20)
    await median_ms(customer, 940)
    late = await median_ms(customer, 40)
    print(  # noqa: T201 - the figures are worth reading with `-s`
        f"p50 of a turn: {early:.1f} ms at 10 turns, {late:.1f} ms at 1,000"
    )
    # The window of 60 events is full after some 20 turns; from then on nothing may grow.
    assert late < 2.5 * early
