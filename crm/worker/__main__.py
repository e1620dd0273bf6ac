"""`python -m crm.worker`: sweepers, polling, and jobs. Any number may run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
from functools import partial

from taskiq import AsyncBroker, TaskiqScheduler
from taskiq.api import run_receiver_task, run_scheduler_task
from taskiq.schedule_sources import LabelScheduleSource

from bot.answering.embedding import Embedder
from bot.privacy.logs import install_log_masking
from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.runner import RunWorker
from crm.assistant.trials import Trials
from crm.channels.connectors import connectors_of
from crm.core.database import Database
from crm.core.settings import Settings, load_settings
from crm.inbox.polling import Poller
from crm.knowledge.embedding import Embedding
from crm.providers.allowance import Allowance
from crm.providers.blocks import ContextBlocks
from crm.providers.ledger import BoundLedger, ProviderLedger
from crm.services import build_services, open_core
from crm.worker.broker import build_broker
from crm.worker.jobs import register_jobs
from crm.worker.sweeper import sweep_forever

log = logging.getLogger("crm.worker")

_MAX_JOBS = 8
_PAUSE_SECONDS = 1.0


async def work(settings: Settings) -> None:
    """Do a worker's work until cancelled."""
    database = await Database.connect(settings)
    connectors = connectors_of(settings)
    core = await open_core(settings, database)
    services = build_services(core, connectors)
    inbox = services.inbox
    broker = build_broker(settings)
    ledger = ProviderLedger(database=database, allowance=Allowance.of(settings))
    register_jobs(
        broker,
        handover=inbox.handover,
        knowledge=services.knowledge,
        files=services.files.store,
        ledger=ledger,
        health=services.connection_health,
        templates=services.templates,
        connectors=list(connectors.values()),
    )
    scheduler = TaskiqScheduler(broker, [LabelScheduleSource(broker)])
    poller = Poller(
        database=database,
        inbox=inbox.gateway,
        connectors=connectors,
        public_url=settings.public_url,
    )
    runs = RunWorker(
        database=database,
        events=core.events,
        trials=Trials(database=database, engine=inbox.engine),
        past=PastConversations(database=database),
    )
    blocks = ContextBlocks(database=database, settings=settings, secrets=core.secrets)
    embedding = Embedding(
        database=database,
        versions=services.knowledge.versions,
        vectors=services.knowledge.vectors,
        embedder=Embedder(),
        model_of=blocks.embedding_model,
        ledger_of=partial(BoundLedger, ledger),
    )
    await broker.startup()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                sweep_forever(
                    {
                        "turns": inbox.turns.sweep,
                        "deliveries": inbox.outbox.sweep,
                        "answers by mail": inbox.away.sweep,
                        "channel events": inbox.channel_events.sweep,
                        "files": services.files.checking.sweep,
                        "attachments": services.files.fetching.sweep,
                        "documents": services.knowledge.ingestion.sweep,
                        "runs": runs.sweep,
                        "embeddings": embedding.sweep,
                    }
                )
            )
            group.create_task(poller.run_forever())
            group.create_task(_take_jobs(broker))
            group.create_task(run_scheduler_task(scheduler))
    finally:
        await broker.shutdown()
        await runs.close()
        await services.files.fetching.close()
        await services.knowledge.ingestion.close()
        await inbox.close()
        for connector in connectors.values():
            await connector.close()
        await database.close()


async def _take_jobs(broker: AsyncBroker) -> None:
    """Take jobs for ever: taskiq's receiver ends when the broker's queue breaks off."""
    task = asyncio.current_task()
    while True:
        try:
            await run_receiver_task(broker, max_async_tasks=_MAX_JOBS)
        except asyncio.CancelledError:  # taskiq's own way of ending, unless we are being stopped
            if task is not None and task.cancelling():
                raise
        except Exception:
            log.exception("the queue of jobs broke off")
        await asyncio.sleep(_PAUSE_SECONDS)


def raise_file_limit() -> None:
    """Take all the descriptors that the system lets us have: each mailbox that is read holds two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # a system may promise more than it gives
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def main() -> None:
    """Work until SIGINT or SIGTERM."""
    raise_file_limit()
    settings = load_settings()
    install_log_masking()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    task = asyncio.create_task(work(settings))
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    asyncio.run(main())
