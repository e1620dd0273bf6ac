"""How much one organization may keep."""

from dataclasses import dataclass

from bot.knowledge.formats.limits import MEGABYTE


@dataclass(frozen=True, slots=True)
class KnowledgeLimits:
    """Of one organization, in all its documents.

    Attributes:
        sources: documents.
        bytes: of originals and typed texts.
        passages: that answer, or wait to be published.
        waiting: documents that wait to be ingested.
    """

    sources: int = 1_000
    bytes: int = 2_048 * MEGABYTE
    passages: int = 50_000
    waiting: int = 300
