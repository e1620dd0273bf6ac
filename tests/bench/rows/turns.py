"""Row (a): whole turns."""

from tests.bench.figures import Figures, Line, Row
from tests.bench.ground import Ground
from tests.bench.rivals.rasa import both_rasas, set_language

CUSTOMERS = 240
CONCURRENCIES = (1, 8, 32)
DECIDING = 8
GOAL = 1.2


async def measure(ground: Ground) -> Row:
    """Measure it."""
    known = await ground.turns.ask("customers", count=CUSTOMERS)
    async with both_rasas(mongodb_uri=ground.mongodb_uri, folder=ground.folder) as rasas:
        for url in rasas.values():
            for chat_id in known["chat_ids"]:
                await set_language(url, chat_id)
        lines: list[Line] = []
        failed: dict[str, int] = dict.fromkeys(("ours", *rasas), 0)
        for concurrency in CONCURRENCIES:
            figures = await _side_by_side(ground, rasas, concurrency)
            lines += _lines(concurrency, figures)
            for name, found in figures.items():
                failed[name] += found.failed
    return Row(
        key="a",
        title="Whole turns of greetings, thanks and farewells (answers of the domain, no custom action)",
        sides="Ours: from the webhook's request to the reply at the Bot API (a loopback fake): web, engine and worker processes; "
        "checks, stores, dedupes, makes events, delivers and records the delivery. The rival: `rasa run` with the same trained "
        "model, from a request at its REST channel to its answer; one process; stores the conversation (MongoTrackerStore on "
        "the same mongod) or nothing outside its memory. Customers write again as soon as they are answered, "
        f"{CUSTOMERS} conversations by turns.",
        lines=lines,
        notes=[f"Turns without an answer: {failed}."] if any(failed.values()) else [],
    )


async def _side_by_side(
    ground: Ground, rasas: dict[str, str], concurrency: int
) -> dict[str, Figures]:
    load = {"concurrency": concurrency, "seconds": ground.effort.seconds}
    sides = {
        name: lambda url=url: ground.turns.measure("rest", url=url, **load)
        for name, url in rasas.items()
    }
    return await ground.interleaved({"ours": lambda: ground.turns.measure("ours", **load), **sides})


def _lines(concurrency: int, figures: dict[str, Figures]) -> list[Line]:
    ours = figures["ours"]
    people = "1 customer" if concurrency == 1 else f"{concurrency} customers at once"
    lines = []
    for name, title in (("mongodb", "MongoTrackerStore"), ("memory", "in memory")):
        rival = figures[name]
        ratio = ours.rate / rival.rate
        decides = name == "mongodb" and concurrency == DECIDING
        lines.append(
            Line(
                f"turns/s (p50 / p95 ms), {people}; rival: Rasa, {title}",
                _told(ours),
                _told(rival),
                f"{ratio:.2f}",
                f"at least {GOAL}" if decides else "",
                met=ratio >= GOAL if decides else None,
            )
        )
    return lines


def _told(figures: Figures) -> str:
    return f"{figures.rate:.1f} ({figures.p50:.0f} / {figures.p95:.0f})"
