"""What a DOCX says about its styles and lists: which paragraphs are headings, and how list items are numbered."""

import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field

from lxml import etree

from bot.knowledge.blocks import BULLET
from bot.knowledge.formats.containers import attribute, local, tree_of

TITLE_LEVEL = 0
_HEADING = re.compile(r"^(?:heading|заголовок|тақырып)\s*(\d)$", re.IGNORECASE)
_TITLES = frozenset({"title", "название", "атауы"})
_PLACE = re.compile(r"%(\d)")
_DEPTH = 10


@dataclass(slots=True)
class _Style:
    level: int | None = None
    numbering: tuple[str, int] | None = None
    bold: bool = False
    based_on: str | None = None


@dataclass(slots=True)
class _List:
    """The levels of one kind of list: (number format, text with %1 for the numbers, first number)."""

    levels: dict[int, tuple[str, str, int]] = field(default_factory=dict)


class Styles:
    """Looks up what paragraphs inherit."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._styles = _read_styles(tree_of(package, "word/styles.xml"))

    def level(self, paragraph: etree._Element) -> int | None:
        """Return the level of heading a paragraph is, 0 for the title; None for plain ones."""
        own = attribute(child(child(paragraph, "pPr"), "outlineLvl"), "val")
        if own is not None and own.isdigit() and int(own) < 9:
            return int(own) + 1
        for style in self._chain(paragraph):
            if style.level is not None:
                return style.level
        return None

    def numbering(self, paragraph: etree._Element) -> tuple[str, int] | None:
        """Return the list (its id) and the depth of a list item; None for other paragraphs."""
        own = child(child(paragraph, "pPr"), "numPr")
        found = _numbering(own)
        if own is not None and found is None and child(own, "numId") is not None:
            return None  # taken out of its style's list
        for style in self._chain(paragraph):
            found = found or style.numbering
        return found

    def is_bold(self, paragraph: etree._Element) -> bool:
        """Whether the paragraph's style is bold."""
        return any(style.bold for style in self._chain(paragraph))

    def _chain(self, paragraph: etree._Element) -> list[_Style]:
        name = attribute(child(child(paragraph, "pPr"), "pStyle"), "val")
        found: list[_Style] = []
        while name is not None and len(found) < _DEPTH and name in self._styles:
            found.append(self._styles[name])
            name = found[-1].based_on
        return found


class Numbering:
    """Counts list items."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._lists = _read_lists(tree_of(package, "word/numbering.xml"))
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def mark(self, list_id: str, depth: int) -> str:
        """Return what stands before the next item: a bullet or its number."""
        levels = self._lists.get(list_id, _List()).levels
        form, text, first = levels.get(depth, ("bullet", "", 1))
        counts = self._counts[list_id]
        counts[depth] = counts.get(depth, first - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        if form in {"bullet", "none"} or not _PLACE.search(text):
            return BULLET

        def number(place: re.Match[str]) -> str:
            level = int(place[1]) - 1
            return str(counts.get(level, levels.get(level, ("", "", 1))[2]))

        return _PLACE.sub(number, text).strip() + " "


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first child of a name."""
    if element is None:
        return None
    return next((found for found in element if local(found) == name), None)


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch such as `w:b` is there and not turned off."""
    return element is not None and attribute(element, "val") not in {"0", "false", "off", "none"}


def _numbering(properties: etree._Element | None) -> tuple[str, int] | None:
    list_id = attribute(child(properties, "numId"), "val")
    depth = attribute(child(properties, "ilvl"), "val") or "0"
    if list_id is None or list_id == "0" or not depth.isdigit():
        return None
    return list_id, int(depth)


def _read_styles(root: etree._Element | None) -> dict[str, _Style]:
    found: dict[str, _Style] = {}
    for element in root if root is not None else ():
        name = attribute(element, "styleId")
        if local(element) != "style" or name is None:
            continue
        shown = (attribute(child(element, "name"), "val") or "").strip().casefold()
        properties = child(element, "pPr")
        style = _Style(
            numbering=_numbering(child(properties, "numPr")),
            bold=is_on(child(child(element, "rPr"), "b")),
            based_on=attribute(child(element, "basedOn"), "val"),
        )
        outline = attribute(child(properties, "outlineLvl"), "val")
        if shown in _TITLES:
            style.level = TITLE_LEVEL
        elif heading := _HEADING.match(shown):
            style.level = int(heading[1])
        elif outline is not None and outline.isdigit() and int(outline) < 9:
            style.level = int(outline) + 1
        found[name] = style
    return found


def _read_lists(root: etree._Element | None) -> dict[str, _List]:
    kinds: dict[str, _List] = {}
    found: dict[str, _List] = {}
    for element in root if root is not None else ():
        if local(element) == "abstractNum":
            kind = kinds[attribute(element, "abstractNumId") or ""] = _List()
            for level in element:
                depth = attribute(level, "ilvl")
                if local(level) == "lvl" and depth is not None and depth.isdigit():
                    first = attribute(child(level, "start"), "val") or "1"
                    kind.levels[int(depth)] = (
                        attribute(child(level, "numFmt"), "val") or "bullet",
                        attribute(child(level, "lvlText"), "val") or "",
                        int(first) if first.isdigit() else 1,
                    )
        elif local(element) == "num":
            kind_id = attribute(child(element, "abstractNumId"), "val") or ""
            found[attribute(element, "numId") or ""] = kinds.get(kind_id, _List())
    return found
