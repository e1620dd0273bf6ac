"""Whether a mail may be parsed: what a parser costs grows with its lines times the depth of its parts.

A mail of 35 MB that strangers have made for it would take minutes, in which no other mailbox is read.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

MAX_LINES: Final = 800_000
"""60 MB, the most that is ever fetched, in lines of base64."""
MAX_BOUNDARIES: Final = 100
"""Parts with parts; one can be deeper than another only by naming its own boundary."""
MAX_MESSAGES: Final = 100
"""Mails within it."""
MAX_SEPARATORS: Final = 20_000

MAX_LOOKS: Final = 20_000_000
"""Lines times parts with parts: so often the parser compares a line with a boundary, a second or so."""

# As the parser knows them: a parameter may stand in pieces (RFC 2231), a line ends with CR, LF or both.
_BOUNDARY: Final = re.compile(rb"boundary[*0-9]*\s*=", re.IGNORECASE)
_MESSAGE: Final = re.compile(rb"content-type:\s*message/", re.IGNORECASE)
_SEPARATOR: Final = re.compile(rb"(?:\A|[\r\n])--")


def is_too_complex(raw: bytes) -> bool:
    """Whether parsing the mail would cost more than mails are worth. Costs little itself."""
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    boundaries = _count(_BOUNDARY, raw, MAX_BOUNDARIES)
    return (
        lines > MAX_LINES
        or boundaries > MAX_BOUNDARIES
        or lines * boundaries > MAX_LOOKS
        or _count(_MESSAGE, raw, MAX_MESSAGES) > MAX_MESSAGES
        or _count(_SEPARATOR, raw, MAX_SEPARATORS) > MAX_SEPARATORS
    )


def _count(pattern: re.Pattern[bytes], raw: bytes, most: int) -> int:
    """How often it stands there; of more than ``most``, one more."""
    return sum(1 for _ in islice(pattern.finditer(raw), most + 1))
