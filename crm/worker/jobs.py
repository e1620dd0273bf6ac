"""Jobs: what is queued or due by the clock. Each is safe to run twice."""

from __future__ import annotations

import logging

from taskiq import AsyncBroker

from crm.core.clock import utc_now
from crm.files.store import FileStore
from crm.inbox.handover import Handover
from crm.knowledge.service import Knowledge
from crm.providers.ledger import ProviderLedger

_log = logging.getLogger(__name__)

EVERY_MINUTE = "* * * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_HOUR = "17 * * * *"


def register_jobs(
    broker: AsyncBroker,
    *,
    handover: Handover,
    knowledge: Knowledge,
    files: FileStore,
    ledger: ProviderLedger,
) -> None:
    """Tell the broker which jobs this worker does."""

    async def return_abandoned() -> None:
        count = await handover.return_abandoned()
        if count:
            _log.info("%d conversations left alone went back to the bot", count)

    broker.register_task(
        return_abandoned,
        task_name="inbox.return_abandoned",
        schedule=[{"cron": EVERY_MINUTE}],
    )

    async def tidy_knowledge() -> None:
        rows = await knowledge.versions.prune_all(utc_now())
        files = await knowledge.originals.clean_up(utc_now())
        if rows or files:
            _log.info("%d passages and %d files nobody can reach were removed", rows, files)

    broker.register_task(
        tidy_knowledge,
        task_name="knowledge.tidy",
        schedule=[{"cron": EVERY_HOUR}],
    )

    async def tidy_files() -> None:
        count = await files.clean_up(utc_now())
        if count:
            _log.info("%d files nothing names were removed", count)

    broker.register_task(
        tidy_files,
        task_name="files.tidy",
        schedule=[{"cron": EVERY_HOUR}],
    )

    async def settle_lost_calls() -> None:
        count = await ledger.settle_lost()
        if count:
            _log.info("%d calls of providers that nobody closed were settled", count)

    broker.register_task(
        settle_lost_calls,
        task_name="providers.settle_lost",
        schedule=[{"cron": EVERY_FIVE_MINUTES}],
    )
