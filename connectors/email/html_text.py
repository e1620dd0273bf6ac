"""HTML of mails as strangers write it: bounded in size and depth, and read as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.email.headers import clean

MAX_HTML: Final = 300_000
"""Letters of a mail's HTML that are read; what follows is rarely a person's words."""
ORIGINAL_MESSAGE: Final = "-----Original Message-----"
"""What stands in the text where a mail program shows only by its markup that a quotation begins."""

_HIDDEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "math"}
)
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_SPACED: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
_INVISIBLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt)?\s*(?:;|$)",
    re.IGNORECASE,
)
_OUTLOOK_BORDER: Final = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+#(?:e1e1e1|b5c4df)\s+1\.0pt", re.IGNORECASE
)
_OUTLOOK_IDS: Final = frozenset(
    {"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"}
)
_SPACE: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_LINES: Final = re.compile(r"\n{3,}")
_ANY_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})[^<>]{0,5000}>?")
_DEEPEST: Final = 500
_SHALLOW: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "o:p",
        "p",
        "source",
        "tbody",
        "td",
        "th",
        "tr",
        "wbr",
    ]
)
"""What is empty, or ends by itself where the next one begins."""
_PIXEL: Final = re.compile(r"\s*[01](?:px|pt)?\s*", re.IGNORECASE)
_PIXEL_STYLE: Final = re.compile(
    r"(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)", re.IGNORECASE
)


def charset_of(content: bytes) -> str | None:
    """The charset that HTML names in itself."""
    found = re.search(
        rb"<meta[^>]{0,200}charset=[\"']?\s*([A-Za-z0-9_-]{2,40})", content[:4_000], re.IGNORECASE
    )
    return found[1].decode() if found else None


def text_of_html(html: str) -> str:
    """What a person reads of the HTML, quotations with ``>`` before their lines. Never raises."""
    html = html[:MAX_HTML]
    if too_deep(html):
        return clean(unescape(_ANY_TAG.sub(" ", html))).strip()
    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    return _Reader().read(root) if root is not None else ""


def too_deep(html: str) -> bool:
    """Whether elements lie in each other deeper than any mail program writes.

    A parser that obeys the standard needs time by the square of the depth.
    """
    depth = 0
    for match in _ANY_TAG.finditer(html):
        tag = match[2].lower()
        if tag in _SHALLOW:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def is_pixel(image: LexborNode) -> bool:
    """Whether nobody can see the picture: it only tells the sender that the mail was opened."""
    small = [
        bool(_PIXEL.fullmatch(attribute_of(image, name)))
        for name in ("width", "height")
        if attribute_of(image, name)
    ]
    style = attribute_of(image, "style")
    return any(small) or bool(_PIXEL_STYLE.search(style) or _INVISIBLE.search(style))


def attribute_of(node: LexborNode, name: str) -> str:
    """An element's attribute; empty when it has none."""
    return node.attributes.get(name) or ""


class _Reader:
    """Writes a tree down as text. Walks without recursion: strangers nest as deep as they like."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0

    def read(self, root: LexborNode) -> str:
        for node, ends in _walk(root):
            if ends:
                self._end(node)
            else:
                self._begin(node)
        self._break()
        text = "\n".join(self._lines)
        return _LINES.sub("\n\n", text).strip("\n")

    def _begin(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._write(node)
        elif tag == "br":
            self._break(always=True)
        elif tag == "li":
            self._break()
            self._line.append("• ")
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")
        elif tag == "img" and (words := attribute_of(node, "alt").strip()) and not is_pixel(node):
            self._line.append(f"[{clean(words)[:200]}]")
        elif tag in _BLOCKS:
            self._break()
            if tag in _SPACED:
                self._space()
            if tag == "blockquote":
                self._depth += 1
            elif _begins_quotation(node):
                self._lines.append(ORIGINAL_MESSAGE)

    def _end(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "a":
            self._address(node)
        elif tag in _BLOCKS:
            self._break()
            if tag == "blockquote":
                self._depth -= 1
            elif tag in _SPACED:
                self._space()

    def _write(self, node: LexborNode) -> None:
        text = clean(node.text_content or "")
        parent = node.parent
        if parent is not None and parent.tag == "pre":
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self._break(always=True)
                self._line.append(line)
            return
        text = _SPACE.sub(" ", text)
        if not self._line or self._line[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            self._line.append(text)

    def _address(self, node: LexborNode) -> None:
        """Behind a link's words its address, when the words are not the address already."""
        href = attribute_of(node, "href").strip()
        if not re.match(r"https?://", href, re.IGNORECASE) or len(href) > 500:
            return
        shown = (node.text(deep=True, strip=True) or "")[:600]
        bare = re.sub(r"^https?://(www\.)?|/$", "", href)
        if shown and bare not in shown:
            self._line.append(f" ({href})")

    def _break(self, *, always: bool = False) -> None:
        """End the line; an empty one is written only when it was asked for."""
        line = "".join(self._line).rstrip()
        self._line = []
        if line or always:
            marks = "> " * min(self._depth, 5)
            self._lines.append(f"{marks}{line}".rstrip())

    def _space(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Nodes that are seen, in order; each element again where it ends."""
    node: LexborNode | None = root.child
    stack: list[LexborNode] = []
    while node is not None or stack:
        if node is None:
            node = stack.pop()
            yield node, True
            node = node.next
            continue
        tag = node.tag or ""
        hidden = tag in _HIDDEN or (
            not tag.startswith("-") and _INVISIBLE.search(attribute_of(node, "style")) is not None
        )
        if hidden:
            node = node.next
            continue
        yield node, False
        if tag.startswith("-") or node.child is None:
            if not tag.startswith("-"):
                yield node, True
            node = node.next
        else:
            stack.append(node)
            node = node.child


def _begins_quotation(node: LexborNode) -> bool:
    """Whether Outlook begins a quotation here, and all that follows is part of it."""
    identity = attribute_of(node, "id").lower()
    return (
        identity in _OUTLOOK_IDS
        or identity.endswith("_divrplyfwdmsg")
        or _OUTLOOK_BORDER.search(attribute_of(node, "style")) is not None
    )
