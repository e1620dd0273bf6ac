"""What of a page is its own text, and what every page of the site has."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

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


def main_content(tree: LexborHTMLParser) -> tuple[LexborNode | None, set[int]]:
    """Return the element that holds the page's own text, None for an empty page, and the ids of what is not to be read in it."""
    body = tree.body
    if body is None:
        return None, set()
    # Nothing is taken out of the tree: what is below would be freed while we hold it.
    around = {_id(node) for node in body.css(_NEVER)}
    whole = len(body.text()) or 1
    for node in body.css(f"{_ROLES}, {_AROUND}"):
        if len(node.text()) < _MOST * whole and not _holds_main(node):
            around.add(_id(node))
    around |= {_id(node) for node in body.css("[class], [id], [style]") if _is_around(node, whole)}
    main = _main(body, whole)
    if main is not None:
        return main, around - {_id(main)}
    for node in body.css("header, ul, ol"):
        if _link_share(node) > _LINK_SHARE and len(node.css("a")) > 2:
            around.add(_id(node))
    return body, around


def _is_around(node: LexborNode, whole: int) -> bool:
    if node.tag in {"html", "body", "main", "article", "h1", "h2", "h3", "table", "tr", "td"}:
        return False
    attributes = node.attributes
    if _HIDDEN.search(attributes.get("style") or ""):
        return True
    named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    words = {word.lower() for word in _PARTS.split(named) if word}
    if not words & (_WORDS | _LINKED):
        return False
    if len(node.text()) >= _MOST * whole or _holds_main(node):
        return False
    if words & _WORDS:
        return True
    return bool(words & {"header", "menu", "links"}) and _link_share(node) > _LINK_SHARE


def _holds_main(node: LexborNode) -> bool:
    return node.css_first("main, article, h1") is not None


def _main(body: LexborNode, whole: int) -> LexborNode | None:
    for selector in ("main", "[role=main]", "article"):
        found = body.css(selector)
        if len(found) == 1 and len(found[0].text()) > _MAIN_SHARE * whole:
            return found[0]
    return None


def _link_share(node: LexborNode) -> float:
    text = "".join(node.text().split())
    linked = sum(len("".join(link.text().split())) for link in node.css("a"))
    return linked / len(text) if text else 1.0


def _id(node: LexborNode) -> int:
    return int(node.mem_id)
