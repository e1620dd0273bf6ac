"""WhatsApp's own marks, and texts cut to its lengths.

https://faq.whatsapp.com/539178204879377. Lengths are counted in UTF-16 units, as phones do: an
emoji is two, so no limit is ever overrun.
"""

from __future__ import annotations

from typing import Final

from connectors.base import Capabilities
from connectors.base.marks import Mark, MarkedText, bare, read_marks, split_marked

_SIGNS: Final = {"bold": "*", "italic": "_", "code": "`"}
_TRIES: Final = 8


def length(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitted(text: str, limit: int) -> str:
    """A title in so many units, with an ellipsis where something is missing."""
    text = " ".join(text.split())
    if length(text) <= limit:
        return text
    while length(text) > limit - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def shown_parts(text: str, limit: int, *, last: int | None = None) -> list[str]:
    """A text with our marks in WhatsApp's form, in parts of at most ``limit`` units.

    The last one has at most ``last``. White space alone gives no part.
    """
    marked = read_marks(text)
    if not marked.text.strip():
        return []
    parts = _parts(marked, limit)
    if last is not None and length(_shown(parts[-1])) > last:
        parts[-1:] = _parts(parts[-1], last)
    return [_shown(part) for part in parts]


def _parts(marked: MarkedText, limit: int) -> list[MarkedText]:
    """Marks and written-out addresses lengthen a part, so that some room is left for them."""
    room = limit
    for _ in range(_TRIES):
        parts = split_marked(marked, Capabilities(max_text=room, measure=length))
        longest = max(length(_shown(part)) for part in parts)
        if longest <= limit:
            return parts
        room -= max(longest - limit, limit // (2 * _TRIES))
        if room < limit // 2:
            break
    written = MarkedText(_shown(marked))
    return split_marked(written, Capabilities(max_text=limit, measure=length))


def _shown(marked: MarkedText) -> str:
    return marked.shown(_piece)


def _piece(piece: str, mark: Mark | None) -> str:
    if mark is None or mark.kind == "link":
        return bare(piece, mark)
    sign = _SIGNS[mark.kind]
    return f"{sign}{piece}{sign}"
