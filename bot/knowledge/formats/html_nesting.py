"""Pages whose markup alone would take a parser, or us, hours: refused before anybody begins."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from bot.knowledge.errors import DocumentError

DEPTH = 500
"""Elements within each other. Pages of ordinary builders have less than fifty."""
_OPEN = 4 * DEPTH
"""Elements that were opened and not closed yet, as they are written: pages forget to close some."""
_FORMATS_OPEN = 100
"""The same of formatting, which a parser opens anew in each paragraph that follows."""
_OPENED_AGAIN = 1_000_000
"""Formatting that may have to be opened anew, in all paragraphs together."""
_ATTRIBUTES = 300
"""Of an element: a parser compares each with all others. It adds those of a second body to the first one's."""
_SHORT = 1_000
"""Characters of a tag that cannot have so many."""

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?P<attributes>(?:"
    r"[^\s/>=][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"'][^\s>]*))?|[\s/=])*+)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"[^\s/>=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"'][^\s>]*))?", re.IGNORECASE
)
_FORMAT_NAMES = "b big code em font i s small strike strong tt u"
_FORMATS = frozenset(_FORMAT_NAMES.split())
_EMPTY_NAMES = "area base br col embed hr img input link meta param source track wbr"
# Their end need not be written, or the parser puts it in.
_ENDING_NAMES = (
    "html head body p li dt dd tr td th thead tbody tfoot colgroup caption option optgroup rt rp "
    "a nobr button select h1 h2 h3 h4 h5 h6"
)
# Their content is no markup.
_TEXT_NAMES = "script style title textarea"
_CLOSED_BY_ITSELF = frozenset(f"{_EMPTY_NAMES} {_ENDING_NAMES} {_TEXT_NAMES}".split())


def check_markup(content: str) -> None:
    """Refuse, before it is parsed, what would take the parser itself minutes.

    Raises:
        DocumentError: `document_too_complex`.
    """
    depth = formats = again = bodies = 0
    for tag in _TAG.finditer(content):
        if (
            len(tag[0]) > _SHORT
            and sum(1 for _ in _ATTRIBUTE.finditer(tag["attributes"])) > _ATTRIBUTES
        ):
            raise DocumentError("document_too_complex", "An element has too many attributes.")
        name = tag["name"].lower()
        bodies += name in {"html", "body"}
        again += formats
        if bodies > _ATTRIBUTES or again > _OPENED_AGAIN:
            raise DocumentError("document_too_complex", "Its elements are not closed.")
        if name in _CLOSED_BY_ITSELF:
            continue
        step = -1 if tag["end"] else 1
        depth = max(0, depth + step)
        if name in _FORMATS:
            formats = max(0, formats + step)
        if depth > _OPEN or formats > _FORMATS_OPEN:
            raise DocumentError("document_too_complex", "Its elements are nested too deeply.")


def check_depth(body: LexborNode | None) -> None:
    """Refuse what is nested so deeply that looking at each element's text would take hours.

    Raises:
        DocumentError: `document_too_complex`.
    """
    waiting = [(body, 0)] if body is not None else []
    while waiting:
        node, depth = waiting.pop()
        if depth > DEPTH:
            raise DocumentError("document_too_complex", "Its elements are nested too deeply.")
        waiting += [(child, depth + 1) for child in children(node)]


def children(node: LexborNode) -> Iterator[LexborNode]:
    """Yield what stands directly in an element, texts among it."""
    child = node.child
    while child is not None:
        yield child
        child = child.next
