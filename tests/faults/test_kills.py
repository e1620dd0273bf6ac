"""The short form of `python -m tests.faults`."""

import pytest

from tests.faults.campaign import VICTIMS, run
from tests.faults.stage import Stage


@pytest.mark.timeout(400)
async def test_kill_9_in_the_middle_of_conversations_loses_and_doubles_nothing(
    stage: Stage,
) -> None:
    outcome = await run(stage, conversations=40, wave=10, victims=VICTIMS)
    assert not outcome.problems, outcome.summary()
    assert outcome.kills == dict.fromkeys(VICTIMS, 1)


@pytest.mark.timeout(300)
async def test_a_killed_database_loses_and_doubles_nothing_either(stage: Stage) -> None:
    outcome = await run(stage, conversations=10, wave=10, victims=("mongod",))
    assert not outcome.problems, outcome.summary()
