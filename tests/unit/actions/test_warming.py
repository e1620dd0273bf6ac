"""Answering is made ready where a language model is in place, and nowhere else."""

from typing import Any

import pytest

from actions.crm_client import CrmUnavailable
from actions.warming import warm_where_used


class Crm:
    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = list(answers)

    async def uses_providers(self) -> bool:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Answers:
    warmed = 0

    async def warm(self) -> None:
        self.warmed += 1


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ([True], True),
        ([False], False),
        ([CrmUnavailable("not yet"), CrmUnavailable("not yet"), True], True),
        ([CrmUnavailable("never")] * 4, False),
    ],
)
async def test_warming(said: list[Any], done: bool) -> None:
    answers = Answers()
    crm: Any = Crm(*said)
    assert await warm_where_used(crm, answers, pauses=(0, 0, 0)) is done
    assert answers.warmed == int(done)
