"""One running product for all tests of faults."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.stage import Stage, staged


@pytest.fixture(scope="package")
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made
