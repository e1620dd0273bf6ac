"""The one source of "now"."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present moment in UTC, cut to the milliseconds that MongoDB keeps.

    What is answered at creation is then equal to what is read later.
    """
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
