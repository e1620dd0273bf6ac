"""Jobs: what is queued or due by the clock. Each is safe to run twice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from taskiq import AsyncBroker

from connectors.base import Connector
from crm.channels.health import ConnectionHealth
from crm.channels.templates import Templates
from crm.core.clock import utc_now
from crm.files.store import FileStore
from crm.inbox.handover import Handover
from crm.knowledge.service import Knowledge
from crm.providers.ledger import ProviderLedger

_log = logging.getLogger(__name__)

EVERY_MINUTE = "* * * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_HOUR = "17 * * * *"

type Work = Callable[[], Awaitable[int]]
"""Does what is due, and tells how much that was."""


def register_jobs(
    broker: AsyncBroker,
    *,
    handover: Handover,
    knowledge: Knowledge,
    files: FileStore,
    ledger: ProviderLedger,
    health: ConnectionHealth,
    templates: Templates,
    connectors: Sequence[Connector],
) -> None:
    """Tell the broker which jobs this worker does."""

    async def tidy_knowledge() -> int:
        rows = await knowledge.versions.prune_all(utc_now())
        return rows + await knowledge.originals.clean_up(utc_now())

    async def tidy_files() -> int:
        return await files.clean_up(utc_now())

    async def sync_templates() -> int:
        return await templates.run_due(connectors)

    jobs: Sequence[tuple[str, str, Work, str]] = (
        (
            "inbox.return_abandoned",
            EVERY_MINUTE,
            handover.return_abandoned,
            "%d conversations left alone went back to the bot",
        ),
        (
            "knowledge.tidy",
            EVERY_HOUR,
            tidy_knowledge,
            "%d passages and files nobody can reach were removed",
        ),
        ("files.tidy", EVERY_HOUR, tidy_files, "%d files nothing names were removed"),
        (
            "providers.settle_lost",
            EVERY_FIVE_MINUTES,
            ledger.settle_lost,
            "%d calls of providers that nobody closed were settled",
        ),
        # Each connection is due once an hour, at a minute of its own.
        ("channels.check", EVERY_MINUTE, health.run_due, "%d connections were checked"),
        ("channels.templates", EVERY_MINUTE, sync_templates, "templates of %d connections synced"),
    )
    for name, cron, work, told in jobs:
        broker.register_task(_job(work, told), task_name=name, schedule=[{"cron": cron}])


def _job(work: Work, told: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        count = await work()
        if count:
            _log.info(told, count)

    return run
