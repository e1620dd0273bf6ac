"""What takes seconds to import is imported before the first question that needs it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from actions.crm_client import CrmClient, CrmRejected, CrmUnavailable

logger = logging.getLogger(__name__)

PAUSES: Sequence[float] = (1, 2, 5, 10, 20, 40)
"""Seconds before each try: all processes start at the same time, and the CRM may be the last."""


@runtime_checkable
class Warms(Protocol):
    """What can be made ready; see `bot.answering.Answerer`."""

    async def warm(self) -> None:
        """Import what takes seconds."""


async def warm_where_used(
    crm: CrmClient, answers: Warms, *, pauses: Sequence[float] = PAUSES
) -> bool:
    """Make answering by language models ready where some organization has one; return whether it was done.

    Where nobody has one the memory is saved, and the first to get one waits for its first answer a little longer.
    """
    for pause in pauses:
        await asyncio.sleep(pause)
        try:
            if not await crm.uses_providers():
                return False
            await answers.warm()
        except (CrmUnavailable, CrmRejected) as error:
            logger.debug("not made ready yet: %s", error)
        else:
            return True
    return False
