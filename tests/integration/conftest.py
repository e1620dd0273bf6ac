"""All integration tests: no query of the product reaches beyond one organization."""

from collections.abc import Iterator

import pytest
from pymongo import monitoring

from tests.integration.scoping import Scoping

_SCOPING = Scoping()
monitoring.register(_SCOPING)  # of every client that is made from here on


@pytest.fixture
def scoping() -> Scoping:
    """What listens."""
    return _SCOPING


@pytest.fixture(autouse=True)
def _scoped(scoping: Scoping) -> Iterator[None]:
    scoping.found.clear()
    yield
    found = sorted(set(scoping.found))
    scoping.found.clear()
    if found:
        pytest.fail(
            "Queries without organization_id (see tests/integration/scoping_exceptions.py):\n"
            + "\n".join(found)
        )
