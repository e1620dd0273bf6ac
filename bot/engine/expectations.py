"""What the bot's last reply expects, so that a short answer is read by it.

The buttons of a reply say what it offers; the same offer must be open to words. A reply with "call a person" and "no" asks
whether to call one, so "yes" accepts; a reply with rating buttons asks for a number, so "5" is a rating and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

PERSON, RATING, CALL, MESSAGE = "person", "rating", "call", "message"
LEAVE_MESSAGE = "leave_message"
# What is said instead of leaving the message that was asked for.
NO_MESSAGE = {
    "affirm",
    "deny",
    "cancel",
    "goodbye",
    "thanks",
    "change_language",
    "bot_challenge",
    "opt_out",
}
SURE = 0.5
_NUMBER = re.compile(r"\W*(?P<number>\d{1,2})\W*")
# Questions of a form that a bare number may answer.
NUMERIC_ANSWERS = {"quantity", "product", "callback_time", "comment"}
_BARE_RATING = re.compile(r"\W*(?P<rating>[1-5])(?:\s*(?:/|из|out of)\s*5)?\W*", re.IGNORECASE)
_STARS = re.compile(r"\W*?(?P<stars>[⭐★🌟]{1,5})\W*")


def offer_of(replies: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what the last of a turn's replies offers: "person", "rating", "call", to take a "message", or nothing."""
    payloads = (
        {button["payload"] for button in replies[-1].get("buttons", [])} if replies else set()
    )
    if any(payload.startswith("/give_feedback") for payload in payloads):
        return RATING
    if {"/ask_human", "/deny"} <= payloads:
        return PERSON
    if {"/book_callback", "/deny"} <= payloads:
        return CALL
    expects = (replies[-1].get("custom") or {}).get("expects") if replies else None
    return MESSAGE if expects == MESSAGE else None


def is_message(text: str, intent: Mapping[str, Any], offer: str | None) -> bool:
    """Return whether a text is the message for people that the last reply asked for."""
    if offer != MESSAGE or not text:
        return False
    says_no = intent.get("name") in NO_MESSAGE and float(intent.get("confidence") or 0.0) >= SURE
    return not says_no


def chosen_button(
    text: str, buttons: Sequence[Mapping[str, str]], requested: str | None
) -> str | None:
    """Return the payload of the button whose number was typed, as messengers without buttons list them.

    Args:
        text: The customer's message.
        buttons: Those of the bot's last reply, in order.
        requested: The detail that an active form asks for, if there is one.
    """
    match = _NUMBER.fullmatch(text)
    # One button is shown without a choice, and a number then answers the question above it.
    if match is None or len(buttons) < 2 or requested in NUMERIC_ANSWERS:
        return None
    number = int(match["number"])
    return buttons[number - 1].get("payload") if 1 <= number <= len(buttons) else None


def expected_meaning(text: str, offer: str | None) -> tuple[str, Mapping[str, str]] | None:
    """Return intent and entities of a short answer to the last reply, `None` when it is not one."""
    if offer != RATING:
        return None
    match = _BARE_RATING.fullmatch(text)
    if match:
        return "give_feedback", {"rating": match["rating"]}
    match = _STARS.fullmatch(text)
    return ("give_feedback", {"rating": str(len(match["stars"]))}) if match else None
