"""The short form of `python -m tests.faults --load`."""

import pytest

from tests.faults.load import run_flood


@pytest.mark.timeout(600)
async def test_a_flood_with_kills_loses_doubles_and_reorders_nothing() -> None:
    outcome = await run_flood(seconds=10, rate=200, victims=("web", "worker"))
    assert not outcome.problems, outcome.summary()
    assert outcome.delivered > 1_000, outcome.summary()
    assert outcome.replies >= 30, outcome.summary()
    assert outcome.kills == {"web": 1, "worker": 1}
