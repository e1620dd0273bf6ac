"""Runs over the real engine and skills: what a trial's tests stand on, and a worker that does the runs."""

from collections.abc import AsyncIterator

import pytest

from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.runner import RunWorker
from crm.assistant.trials import Trials
from crm.core.feature import Core
from crm.services import Services
from tests.integration.trials.conftest import Mind, mind, server, settings

__all__ = ["Mind", "mind", "server", "settings"]


@pytest.fixture
async def run_worker(core: Core, services: Services) -> AsyncIterator[RunWorker]:
    worker = RunWorker(
        database=core.database,
        events=core.events,
        trials=Trials(database=core.database, engine=services.inbox.engine),
        past=PastConversations(database=core.database),
    )
    yield worker
    await worker.close()
