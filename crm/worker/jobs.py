"""Jobs: what is queued or due by the clock. Each is safe to run twice."""

from __future__ import annotations

import logging

from taskiq import AsyncBroker

from crm.inbox.handover import Handover

_log = logging.getLogger(__name__)

EVERY_MINUTE = "* * * * *"


def register_jobs(broker: AsyncBroker, *, handover: Handover) -> None:
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
