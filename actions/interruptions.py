"""What a customer says inside a form that is not an answer to it."""

from actions.skill import Turn

# Rules in data/rules answer these and then return to the form, or leave it.
INTERRUPTIONS = {
    "ask_question",
    "ask_human",
    "bot_challenge",
    "book_callback",
    "cancel",
    "change_language",
    "check_status",
    "complaint",
    "give_feedback",
    "goodbye",
    "greet",
    "opt_in",
    "opt_out",
    "out_of_scope",
    "place_order",
    "privacy_request",
    "thanks",
}
SURE = 0.5
# Almost anything may be a product: "торт" is one, and "12" is no rating, whatever the NLU makes of them. A message must be
# surer to be something else, and a very short one surer still.
SURE_INSTEAD_OF_PRODUCT = 0.55
LIKELY_ANSWERS = {"give_feedback", "out_of_scope", "place_order", "check_status", "give_contact"}
SURE_INSTEAD_OF_ANSWER = {"product": 0.85}
OTHERWISE_SURE = 0.6
# Anything at all may be a comment, but these wishes are not put into one.
NO_COMMENT = {"ask_human", "cancel", "change_language"}
SURE_INSTEAD_OF_COMMENT = 0.7
FEW_WORDS = 3
OWN_INTENT = {"order_form": "place_order", "callback_form": "book_callback"}


def passes_on(turn: Turn, requested: str) -> bool:
    """Return whether a message without any detail of the form is for the other rules."""
    own = OWN_INTENT.get(turn.tracker.active_loop_name or "")
    if turn.intent not in INTERRUPTIONS or turn.intent == own:
        return False
    if turn.text and not any(map(str.isalpha, turn.text)):
        # Numbers and signs are meant as an answer, whatever they remind the NLU of.
        return turn.text.rstrip().endswith("?")
    if requested == "comment" and turn.confidence < 1:
        return turn.intent in NO_COMMENT and turn.confidence >= SURE_INSTEAD_OF_COMMENT
    if turn.text.rstrip().endswith("?"):
        return True
    if turn.intent in LIKELY_ANSWERS:
        long_enough = len(turn.text.split()) > FEW_WORDS or turn.intent == "out_of_scope"
        return long_enough and turn.confidence >= SURE_INSTEAD_OF_ANSWER.get(
            requested, OTHERWISE_SURE
        )
    return turn.confidence >= (SURE_INSTEAD_OF_PRODUCT if requested == "product" else SURE)


def begins(turn: Turn, form: str) -> bool:
    """Return whether this message has just started the form."""
    for event in reversed(turn.tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "active_loop" and event.get("name") == form:
            return True
    return False


def returns_after_interruption(turn: Turn, form: str) -> bool:
    """Return whether the form only takes up its question again, after another rule has answered this message."""
    for event in reversed(turn.tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") not in {
            form,
            "action_listen",
            "action_session_start",
        }:
            return True
    return False
