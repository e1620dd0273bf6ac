"""How much one organization may keep."""

from dataclasses import dataclass

from bot.knowledge.formats.limits import MEGABYTE


@dataclass(frozen=True, slots=True)
class KnowledgeLimits:
    """Of one organization, in all its documents.

    Attributes:
        sources: documents.
        bytes: of originals and typed texts.
        passages: that answer, or wait to be published; the action server loads as many well within its three seconds.
        waiting: documents that wait to be ingested.
    """

    sources: int = 1_000
    bytes: int = 2_048 * MEGABYTE
    passages: int = 20_000
    waiting: int = 300
