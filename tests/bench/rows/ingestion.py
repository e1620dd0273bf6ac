"""Row (g): reading a PDF of 200 pages full of tables, and one in two columns."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus import PageBreak

from crm.knowledge.reading import Reader
from tests.bench.figures import Line, Row
from tests.bench.ground import Effort
from tests.support.papers import HEADING, JUSTIFIED, flowing, grid, running, text

PAGES = 200
MAX_SECONDS = 60
CITIES = ("Алматы", "Астана", "Шымкент", "Қарағанды", "Ақтөбе", "Тараз", "Павлодар", "Өскемен")
ROUNDS = 3

type Read = Callable[[bytes], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF, and what of it belongs together: words that one line must hold."""

    content: bytes
    facts: Sequence[tuple[str, ...]]


async def measure(effort: Effort) -> Row:
    """Measure it."""
    papers = {"tables": _tables(), "columns": _columns()}
    sides: dict[str, Read] = {"ours": _ours, "bare": _bare}
    seconds: dict[tuple[str, str], list[float]] = {}
    whole: dict[tuple[str, str], float] = {}
    for number in range(min(effort.rounds, ROUNDS)):
        for kind, paper in papers.items():
            for side, read in sides.items():
                begun = time.perf_counter()
                passages = await read(paper.content)
                seconds.setdefault((kind, side), []).append(time.perf_counter() - begun)
                if not number:
                    whole[kind, side] = _whole(passages, paper.facts)
    took = {key: statistics.median(values) for key, values in seconds.items()}
    return Row(
        key="g",
        title=f"Reading PDF files of {PAGES} pages: one of ruled tables, one in two columns, both with running titles",
        sides="Ours: `crm.knowledge.reading.Reader`, the process it starts for each document included: reading order, headings, tables, "
        "passages. The rival: the text pypdfium2 gives for each page, cut by the same rules, in a process of its own. A fact counts as "
        "whole when one line of a passage, which an answer can quote, holds it: of a table's row the city, the price and the column's name, "
        "of a column's text the sentence.",
        lines=[line for kind in papers for line in _lines(kind, took, whole)],
    )


def _lines(
    kind: str, took: dict[tuple[str, str], float], whole: dict[tuple[str, str], float]
) -> list[Line]:
    ours, bare = took[kind, "ours"], took[kind, "bare"]
    kept, lost = whole[kind, "ours"], whole[kind, "bare"]
    return [
        Line(
            f"{kind}: seconds",
            f"{ours:.1f}",
            f"{bare:.1f}",
            f"{bare / ours:.2f}",
            f"at most {MAX_SECONDS} s",
            met=ours <= MAX_SECONDS,
        ),
        Line(
            f"{kind}: facts that stay whole",
            f"{kept:.1%}",
            f"{lost:.1%}",
            f"{kept / lost:.2f}" if lost else "–",
            "at least 99%",
            met=kept >= 0.99,
        ),
    ]


async def _ours(content: bytes) -> list[str]:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async def nobody(_done: int, _total: int) -> None:
        return

    reading = await Reader().read("paper.pdf", chunks(), language=None, title=None, tell=nobody)
    return [passage.text for passage in reading.passages]


async def _bare(content: bytes) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.rivals.bare_text"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(content)
    found: list[str] = json.loads(output)
    return found


def _whole(passages: Sequence[str], facts: Sequence[tuple[str, ...]]) -> float:
    """Return the share of facts that one line holds: what an answer can quote."""
    lines = [line for passage in passages for line in passage.splitlines()]
    kept = sum(1 for fact in facts if any(all(word in line for word in fact) for line in lines))
    return kept / len(facts)


def _tables() -> Paper:
    story: list[Any] = []
    facts: list[tuple[str, ...]] = []
    for page in range(PAGES):
        rows = [["Город", "Стоимость доставки", "Срок"]]
        for place, city in enumerate(CITIES):
            name, price = f"{city}-{page}", f"{1000 + page * 10 + place} ₸"
            rows.append([name, price, f"{place + 1} дн."])
            facts.append((name, price, "Стоимость доставки"))
        story += [text(f"Тариф {page}", HEADING), grid(rows, colWidths=[150, 150, 80])]
        story += [text(_sentence(page, n)) for n in range(8)] + [PageBreak()]
    return Paper(flowing(story, decorate=running("ТОО Тау Демо: тарифы", "Стр. {}")), facts)


def _columns() -> Paper:
    story: list[Any] = []
    facts: list[tuple[str, ...]] = []
    for page in range(PAGES):
        story.append(text(f"Раздел {page}", HEADING))
        for number in range(30):
            sentence = _sentence(page, number)
            facts.append((sentence,))
            story.append(text(sentence, JUSTIFIED))
        story.append(PageBreak())
    return Paper(
        flowing(story, columns=2, decorate=running("ТОО Тау Демо: правила", "Стр. {}")), facts
    )


def _sentence(page: int, number: int) -> str:
    if number % 2:
        return f"Тапсырыс {page}.{number} бойынша жеткізу {number + 1} күн ішінде жүзеге асырылады, құны қашықтыққа байланысты."
    return f"По заказу {page}.{number} доставка занимает {number + 1} дней, а её стоимость зависит от расстояния и веса."
