"""Tests of the engine's own parts. They need the engine's environment; `tests/conversations/test_engine_units.py` runs them there."""

import importlib.util
import os
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

collect_ignore_glob: list[str] = []
if importlib.util.find_spec("rasa") is None:
    collect_ignore_glob.append("test_*.py")
else:
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))


@pytest.fixture
async def store() -> AsyncIterator[Any]:
    uri = os.environ.get("AITYS_TEST_MONGODB_URI")
    if not uri:
        pytest.skip("AITYS_TEST_MONGODB_URI names no mongod")
    from rasa.shared.core.domain import Domain

    from bot.engine.tracker_store import MotorTrackerStore

    slots = {
        name: {"type": kind, "influence_conversation": False, "mappings": [{"type": "custom"}]}
        for name, kind in (
            ("language", "text"),
            ("product", "text"),
            ("failures", "float"),
            ("count", "any"),
        )
    }
    domain = Domain.from_dict(
        {
            "intents": ["greet"],
            "slots": slots,
            "forms": {"order_form": {"required_slots": ["product"]}},
        }
    )
    opened = MotorTrackerStore(domain, host=uri, db="engine_units")
    yield opened
    await opened._client.drop_database("engine_units")
    opened.close()
