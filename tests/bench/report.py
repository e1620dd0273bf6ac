"""The page of benchmarks: a section for each row, of which a run replaces those it measured."""

import re
from pathlib import Path

from tests.bench.figures import Line, Row

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`; some rows alone by `make bench ARGS="a c"`. Each row is measured side by side in one run on one machine with one
mongod: ours, the rival, ours, the rival, and so on; the medians of the rounds are shown, and the first round only warms up. Load comes from
a process of its own. A ratio above 1 means that ours is better: more a second, or sooner. Figures of other machines differ; ratios less so.
"""
_SECTION = re.compile(r"<!-- row (?P<key>\w+) -->\n(?P<text>.*?)(?=<!-- row |\Z)", re.DOTALL)


def write(row: Row, circumstances: str, page: Path = PAGE) -> None:
    """Put a row into the page; the other sections stay as they are."""
    sections = {**read(page), row.key: section(row, circumstances)}
    body = "\n".join(f"<!-- row {key} -->\n{sections[key].strip()}\n" for key in sorted(sections))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{HEAD}\n{body}", encoding="utf-8")


def read(page: Path = PAGE) -> dict[str, str]:
    """The page's sections by the key of their row."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {match["key"]: match["text"] for match in _SECTION.finditer(text)}


def section(row: Row, circumstances: str) -> str:
    """A row as Markdown."""
    lines = [
        f"## ({row.key}) {row.title}",
        "",
        row.sides,
        "",
        "| what | ours | rival | ratio | goal |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {line.title} | {line.ours} | {line.rival} | {line.ratio} | {_goal(line)} |"
            for line in row.lines
        ),
        "",
        *(f"{note}\n" for note in row.notes),
        circumstances,
    ]
    return "\n".join(lines)


def _goal(line: Line) -> str:
    if line.met is None:
        return line.goal
    return f"{line.goal}: {'met' if line.met else '**missed**'}"
