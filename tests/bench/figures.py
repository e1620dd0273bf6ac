"""What measurements become: medians, percentiles, and rows of a table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round of load gave.

    Attributes:
        rate: completed a second.
        p50: median latency, milliseconds.
        p95: 95th percentile of the latency, milliseconds.
        count: how many were completed.
        p99: 99th percentile of the latency, milliseconds.
        failed: how many got a wrong answer, or none in time.
    """

    rate: float
    p50: float
    p95: float
    count: int
    failed: int = 0
    p99: float = 0.0

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float, failed: int = 0) -> "Figures":
        """Figures of one round from its latencies in seconds."""
        milliseconds = sorted(latency * 1000 for latency in latencies)
        count = len(milliseconds)
        if not count:
            return cls(0.0, float("inf"), float("inf"), 0, failed)
        return cls(
            rate=count / seconds,
            p50=statistics.median(milliseconds),
            p95=milliseconds[min(count - 1, int(count * 0.95))],
            count=count,
            failed=failed,
            p99=milliseconds[min(count - 1, int(count * 0.99))],
        )


def median(rounds: Sequence[Figures]) -> Figures:
    """The median of each figure over the rounds; counts are added up."""
    return Figures(
        rate=statistics.median(figures.rate for figures in rounds),
        p50=statistics.median(figures.p50 for figures in rounds),
        p95=statistics.median(figures.p95 for figures in rounds),
        count=sum(figures.count for figures in rounds),
        failed=sum(figures.failed for figures in rounds),
        p99=statistics.median(figures.p99 for figures in rounds),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table. ``goal`` says in words what ``ratio`` should be; ``met`` whether it is."""

    title: str
    ours: str
    rival: str
    ratio: str
    goal: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Row:
    """One thing measured: what each side does, in words, and its lines."""

    key: str
    title: str
    sides: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
