"""What the bot's last reply expects, so that a short answer is read by it.

The buttons of a reply say what it offers; the same offer must be open to words. A reply with "call a person" and "no" asks
whether to call one, so "yes" accepts; a reply with rating buttons asks for a number, so "5" is a rating and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

PERSON, RATING = "person", "rating"
_BARE_RATING = re.compile(r"\W*(?P<rating>[1-5])(?:\s*(?:/|из|out of)\s*5)?\W*", re.IGNORECASE)
_STARS = re.compile(r"\W*?(?P<stars>[⭐★🌟]{1,5})\W*")


def offer_of(replies: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what the last of a turn's replies offers: "person", "rating", or nothing."""
    payloads = (
        {button["payload"] for button in replies[-1].get("buttons", [])} if replies else set()
    )
    if any(payload.startswith("/give_feedback") for payload in payloads):
        return RATING
    return PERSON if {"/ask_human", "/deny"} <= payloads else None


def expected_meaning(text: str, offer: str | None) -> tuple[str, Mapping[str, str]] | None:
    """Return intent and entities of a short answer to the last reply, `None` when it is not one."""
    if offer != RATING:
        return None
    match = _BARE_RATING.fullmatch(text)
    if match:
        return "give_feedback", {"rating": match["rating"]}
    match = _STARS.fullmatch(text)
    return ("give_feedback", {"rating": str(len(match["stars"]))}) if match else None
