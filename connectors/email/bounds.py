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

# As the parser knows them: a parameter may stand in pieces (RFC 2231), a line ends with CR, LF or both.
_LIMITS: Final = (
    (re.compile(rb"boundary[*0-9]*\s*=", re.IGNORECASE), MAX_BOUNDARIES),
    (re.compile(rb"content-type:\s*message/", re.IGNORECASE), MAX_MESSAGES),
    (re.compile(rb"(?:\A|[\r\n])--"), MAX_SEPARATORS),
)


def is_too_complex(raw: bytes) -> bool:
    """Whether parsing the mail would cost more than mails are worth. Costs little itself."""
    if raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") > MAX_LINES:
        return True
    return any(
        next(islice(pattern.finditer(raw), most, None), None) is not None
        for pattern, most in _LIMITS
    )
