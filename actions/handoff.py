"""A person is wanted: asked for, offered and accepted, or called by the rules of the assistant's version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from actions.skill import Event, Skill, Turn, leave_form
from actions.times.speaking import spoken_time

UNANSWERED = ("utter_answer_unknown",)
COMPLAINT = ("utter_complaint", "utter_feedback_low")
WAITING = "waiting"
MAX_TITLE = 120


async def call_people(
    turn: Turn, reason: str, *, first: str | None = None, **values: Any
) -> list[Event]:
    """Put the conversation before people and tell the customer when they answer.

    Where people do not answer in the chat, a message to them is asked for instead.

    Args:
        turn: the turn.
        reason: why; one of the internal API's.
        first: a response that is said before, for example that the documents do not tell.
        values: of that response.

    Returns:
        The events that end an active form; what it learnt stays.
    """
    content = await turn.assistant()
    ends = leave_form() if turn.tracker.active_loop_name else []
    if first:
        turn.say(first, **values)
    if not content.skills.human:
        turn.say("utter_ask_message", json_message={"expects": "message"})
        return ends
    answer = await turn.crm.request_handoff(
        turn.organization_id,
        turn.conversation_id,
        reason=reason,
        source_key=turn.source_key("handoff"),
    )
    opens_at = answer.get("opens_at")
    waited = (await turn.context()).get("conversation", {}).get("status") == WAITING
    if answer.get("open_now"):
        turn.say("utter_handoff_waiting" if waited else "utter_handoff_open")
        return ends
    if isinstance(opens_at, str) and opens_at:
        now = await turn.now()
        when = datetime.fromisoformat(opens_at).astimezone(now.tzinfo)
        turn.say("utter_handoff_closed", opens_at=spoken_time(when, now, turn.language))
    else:
        turn.say("utter_handoff_closed_unknown")
    if content.handoff.outside_hours == "callback" and content.skills.callback:
        turn.say("utter_offer_call")
    return ends


class AskHuman(Skill):
    """Calls people because the customer asked, accepted the offer, or used one of the tenant's words."""

    action_name = "action_ask_human"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Request the handoff; a half-filled form ends, what it learnt stays."""
        return await call_people(turn, handoff_reason(turn))


class LeaveMessage(Skill):
    """Takes a message for people who do not answer in the chat."""

    action_name = "action_leave_message"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Make a task of the message."""
        line = " ".join(turn.text.split())
        await turn.crm.create_task(
            turn.organization_id,
            turn.conversation_id,
            {
                "kind": "other",
                "title": f"Сообщение из чата: {line}"[:MAX_TITLE],
                "description": turn.text[:4000],
                "priority": "normal",
                "due_at": None,
                "source_key": turn.source_key("message"),
            },
        )
        turn.say("utter_message_left")
        return []


def handoff_reason(turn: Turn) -> str:
    """Return why people are called: by a listed word, by the offer that was just accepted, else because they were asked for."""
    if turn.entity("handoff_word"):
        return "words"
    if turn.tracker.get_slot("offer") != "person":
        return "asked"
    for event in reversed(turn.tracker.events):
        if event.get("event") == "bot":
            said = (event.get("metadata") or {}).get("utter_action", "")
            if said in COMPLAINT:
                return "complaint"
            return "unanswered" if said in UNANSWERED else "asked"
    return "asked"
