"""When a connection that a platform refuses is looked at again, and when its owners are told.

A refusal may pass: a platform's own fault, a permission that one call lacked. So the next look comes soon, then less and
less often; a look that finds nothing wrong brings the connection back into use. Refusals with little time between them are
one trouble, also when it worked in between: of a trouble the owners are told once.
"""

from datetime import datetime, timedelta
from typing import Final

from crm.core.database import RawDocument

FIRST_LOOK: Final = timedelta(seconds=30)
LAST_LOOK: Final = timedelta(hours=1)
"""The usual rhythm of looking."""
REMEMBERED: Final = timedelta(hours=6)


def refused(stored: RawDocument, now: datetime) -> RawDocument:
    """Return what a connection is to keep when it is refused now: the trouble so far, and when to look again."""
    before = stored.get("refusals")
    if before is None or now - before["last"] > REMEMBERED:
        before = {"since": now, "count": 0}
    count = before["count"] + 1
    return {
        "refusals": {"since": before["since"], "last": now, "count": count},
        "health_due_at": now + min(FIRST_LOOK * 2 ** min(count - 1, 10), LAST_LOOK),
    }
