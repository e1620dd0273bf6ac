"""A person is wanted, or was offered and accepted."""

from collections.abc import Sequence
from datetime import datetime

from actions.skill import Event, Skill, Turn, leave_form
from actions.times.speaking import spoken_time

UNANSWERED = ("utter_answer_unknown",)
NOT_UNDERSTOOD = ("utter_not_understood", "utter_rephrase")
COMPLAINT = ("utter_complaint", "utter_feedback_low")


class AskHuman(Skill):
    """Puts the conversation before people and says when they answer."""

    action_name = "action_ask_human"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Request the handoff; a half-filled form ends, what it learnt stays."""
        answer = await turn.crm.request_handoff(
            turn.organization_id,
            turn.conversation_id,
            reason=handoff_reason(turn),
            source_key=turn.source_key("handoff"),
        )
        opens_at = answer.get("opens_at")
        if answer.get("open_now"):
            turn.say("utter_handoff_open")
        elif isinstance(opens_at, str) and opens_at:
            now = await turn.now()
            when = datetime.fromisoformat(opens_at).astimezone(now.tzinfo)
            turn.say("utter_handoff_closed", opens_at=spoken_time(when, now, turn.language))
        else:
            turn.say("utter_handoff_closed_unknown")
        return leave_form() if turn.tracker.active_loop_name else []


def handoff_reason(turn: Turn) -> str:
    """Return why people are called: by the offer that was just accepted, else because they were asked for."""
    if turn.tracker.get_slot("offer") != "person":
        return "asked"
    for event in reversed(turn.tracker.events):
        if event.get("event") == "bot":
            said = (event.get("metadata") or {}).get("utter_action", "")
            if said in COMPLAINT:
                return "complaint"
            if said in UNANSWERED:
                return "unanswered"
            return "low_confidence" if said in NOT_UNDERSTOOD else "asked"
    return "asked"
