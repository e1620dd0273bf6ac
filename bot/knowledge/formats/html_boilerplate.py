"""What of a page is its own text, and what every page of the site has."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.knowledge.formats.html_nesting import children

_NEVER = "script, style, noscript, template, svg, iframe, nav, dialog, button, select, [hidden], [aria-hidden=true]"
_ROLES = "[role=navigation], [role=banner], [role=contentinfo], [role=search], [role=dialog], [role=alertdialog], [role=complementary]"
_AROUND = "footer, aside"
_WORDS = frozenset(
    (
        "ad",
        "ads",
        "advert",
        "advertisement",
        "banner",
        "breadcrumb",
        "breadcrumbs",
        "comments",
        "consent",
        "cookie",
        "cookies",
        "cookiebar",
        "footer",
        "gdpr",
        "modal",
        "nav",
        "navbar",
        "navigation",
        "newsletter",
        "offcanvas",
        "pager",
        "pagination",
        "popup",
        "related",
        "share",
        "sharing",
        "sidebar",
        "skip",
        "skiplink",
        "social",
        "socials",
        "subscribe",
        "toolbar",
        "topbar",
    )
)
_LINKED = frozenset(("header", "menu", "links", "list"))
"""Words that mean a menu only where it is links that stand there: a restaurant's menu is its text."""
_PARTS = re.compile(r"[^a-z]+|(?<=[a-z])(?=[A-Z])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_MOST = 0.5
"""Of the text: what holds more is never cut, whatever its class says."""
_MAIN_SHARE = 0.3
_LINK_SHARE = 0.6


class _Counts:
    """What each element holds, counted once for all of them: elements may stand in hundreds of others."""

    def __init__(self, root: LexborNode) -> None:
        self._counts: dict[int, tuple[int, int, int]] = {}
        open_counts: list[list[int]] = [[0, 0, 0]]
        waiting: list[LexborNode | None] = [root]
        path: list[LexborNode] = []
        links = 0
        while waiting:
            node = waiting.pop()
            if node is None:
                closed, own = path.pop(), open_counts.pop()
                links -= closed.tag == "a"
                self._counts[_id(closed)] = (own[0], own[1], own[2])
                open_counts[-1] = [a + b for a, b in zip(open_counts[-1], own, strict=True)]
            elif node.tag == "-text":
                length = len("".join(node.text(deep=False).split()))
                open_counts[-1][0] += length
                open_counts[-1][1] += length if links else 0
            else:
                is_link = node.tag == "a"
                links += is_link
                path.append(node)
                open_counts[-1][2] += is_link
                open_counts.append([0, 0, 0])
                waiting += [None, *reversed(list(children(node)))]

        self._with_main: set[int] = set()
        for node in root.css("main, article, h1"):
            above: LexborNode | None = node
            while above is not None and _id(above) not in self._with_main:
                self._with_main.add(_id(above))
                above = above.parent

    def letters(self, node: LexborNode) -> int:
        """Return how many letters an element has."""
        return self._counts[_id(node)][0]

    def holds_main(self, node: LexborNode) -> bool:
        """Tell whether the page's own text, or its heading, may be in an element."""
        return _id(node) in self._with_main

    def share(self, node: LexborNode) -> float:
        """Return the share of an element's letters that are links; 1 where it has none."""
        letters, linked, _ = self._counts[_id(node)]
        return linked / letters if letters else 1.0

    def number(self, node: LexborNode) -> int:
        """Return how many links are in an element."""
        return self._counts[_id(node)][2]


def main_content(tree: LexborHTMLParser) -> tuple[LexborNode | None, set[int]]:
    """Return the element that holds the page's own text, None for an empty page, and the ids of what is not to be read in it."""
    body = tree.body
    if body is None:
        return None, set()
    # Nothing is taken out of the tree: what is below would be freed while we hold it.
    around = {_id(node) for node in body.css(_NEVER)}
    counts = _Counts(body)
    whole = counts.letters(body) or 1
    for node in body.css(f"{_ROLES}, {_AROUND}"):
        if counts.letters(node) < _MOST * whole and not counts.holds_main(node):
            around.add(_id(node))
    around |= {
        _id(node) for node in body.css("[class], [id], [style]") if _is_around(node, whole, counts)
    }
    main = _main(body, whole, counts)
    if main is not None:
        return main, around - {_id(main)}
    for node in body.css("header, ul, ol"):
        if counts.share(node) > _LINK_SHARE and counts.number(node) > 2:
            around.add(_id(node))
    return body, around


def _is_around(node: LexborNode, whole: int, counts: _Counts) -> bool:
    if node.tag in {"html", "body", "main", "article", "h1", "h2", "h3", "table", "tr", "td"}:
        return False
    attributes = node.attributes
    if _HIDDEN.search(attributes.get("style") or ""):
        return True
    named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    words = {word.lower() for word in _PARTS.split(named) if word}
    if not words & (_WORDS | _LINKED):
        return False
    if counts.letters(node) >= _MOST * whole or counts.holds_main(node):
        return False
    if words & _WORDS:
        return True
    return bool(words & {"header", "menu", "links"}) and counts.share(node) > _LINK_SHARE


def _main(body: LexborNode, whole: int, counts: _Counts) -> LexborNode | None:
    for selector in ("main", "[role=main]", "article"):
        found = body.css(selector)
        if len(found) == 1 and counts.letters(found[0]) > _MAIN_SHARE * whole:
            return found[0]
    return None


def _id(node: LexborNode) -> int:
    return int(node.mem_id)
