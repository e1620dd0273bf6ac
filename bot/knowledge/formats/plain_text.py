"""Plain text -> sections."""

import re

from bot.knowledge.blocks import BULLET, Document, Section

_BULLET = re.compile(r"^\s*[-*•–—·]\s+")
_UNDERLINE = re.compile(r"^\s*[=\-~_]{3,}\s*$")
_MAX_HEADING = 70
_SENTENCE_ENDS = (".", "!", "?", ";", ",", "…")


def parse_plain_text(text: str) -> Document:
    """Return the text's sections. A short line that stands alone, or is in capitals or underlined, is a heading."""
    sections = [Section(())]
    for block in re.split(r"\n\s*\n", text):
        lines = [line.rstrip() for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        heading, lines = _take_heading(lines)
        if heading:
            sections.append(Section((heading,)))
        sections[-1].lines += _joined(lines)
    filled = [section for section in sections if section.lines]
    if not filled and len(sections) > 1:  # short lines alone are all there is
        filled = [Section((), [section.heading[0] for section in sections[1:]])]
    return Document(None, tuple(filled))


def _take_heading(lines: list[str]) -> tuple[str | None, list[str]]:
    first = lines[0].strip()
    if len(lines) > 1 and _UNDERLINE.match(lines[1]):
        return first, lines[2:]
    if len(first) > _MAX_HEADING or first.endswith(_SENTENCE_ENDS) or _BULLET.match(lines[0]):
        return None, lines
    alone = len(lines) == 1 and not any(letter.isdigit() for letter in first)
    shouted = first.isupper() and any(letter.isalpha() for letter in first)
    introduces = len(lines) > 1 and first.endswith(":") and not _BULLET.match(lines[1])
    if alone or shouted or introduces:
        return first.rstrip(":"), lines[1:]
    return None, lines


def _joined(lines: list[str]) -> list[str]:
    """Return paragraphs and list items: a hard-wrapped line goes to the one before it."""
    found: list[str] = []
    for line in lines:
        stripped = line.strip()
        if _BULLET.match(line):
            found.append(BULLET + _BULLET.sub("", line).strip())
        elif found and stripped[:1].islower() and not found[-1].endswith((".", "!", "?", ":")):
            found[-1] = f"{found[-1]} {stripped}"
        else:
            found.append(stripped)
    return found
