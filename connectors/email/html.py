"""HTML of mails made safe to show.

What operators are shown is sanitised by nh3 (ammonia, html5ever): no scripts, forms, frames or
styles that reach out of their place. Nothing is loaded from elsewhere: a remote picture keeps its
address in ``data-remote-src``, for a person who asks for it, and tracking pixels are taken out. A
picture that came with the mail is named by its place among the attachments: ``data-attachment``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.email.headers import clean
from connectors.email.html_text import MAX_HTML, attribute_of, is_pixel, too_deep

MAX_KEPT: Final = 200_000
"""Letters of sanitised HTML that are kept; a larger one is shown as text."""

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "address",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_ATTRIBUTES: Final = {
    "*": {"align", "dir", "lang", "style", "title", "valign"},
    "a": {"href"},
    "img": {"alt", "data-attachment", "data-remote-src", "height", "width"},
    "td": {"colspan", "rowspan", "width"},
    "th": {"colspan", "rowspan", "width"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "font": {"color", "size"},
    "ol": {"start", "type"},
    "li": {"value"},
}
_STYLES: Final = frozenset(
    {"color", "font-size", "font-style", "font-weight", "text-align", "text-decoration"}
)
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags={"script", "style", "title", "head", "template", "noscript", "svg", "math"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer nofollow",
    filter_style_properties=set(_STYLES),
    url_relative="deny",
)


def safe_html(html: str, pictures: Mapping[str, int]) -> str | None:
    """The mail as it may be shown; None when it is too large. ``pictures``: attachments by Content-ID."""
    html = html[:MAX_HTML]
    if too_deep(html):
        return None
    tree = LexborHTMLParser(html)
    for image in tree.css("img"):
        _settle_picture(image, pictures)
    found = _CLEANER.clean(tree.html or "").strip()
    return clean(found) if len(found) <= MAX_KEPT else None


def content_ids(html: str) -> set[str]:
    """The Content-IDs of pictures that the HTML shows."""
    html = html[:MAX_HTML]
    if too_deep(html):
        return set()
    return {
        source[4:].strip()
        for image in LexborHTMLParser(html).css("img")
        if (source := attribute_of(image, "src").strip()).lower().startswith("cid:")
    }


def _settle_picture(image: LexborNode, pictures: Mapping[str, int]) -> None:
    source = attribute_of(image, "src").strip()
    for name in ("src", "srcset", "data-attachment", "data-remote-src"):
        if name in image.attributes:
            del image.attrs[name]
    if source.lower().startswith("cid:"):
        place = pictures.get(source[4:].strip())
        if place is not None:
            image.attrs["data-attachment"] = str(place)
    elif is_pixel(image):
        image.decompose()
    elif re.match(r"https?://", source, re.IGNORECASE):
        image.attrs["data-remote-src"] = source
