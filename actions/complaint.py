"""A customer is unhappy."""

from collections.abc import Sequence

from actions.handoff import call_people
from actions.skill import Event, Skill, Turn, leave_form

MAX_DESCRIPTION = 2_000


class Complaint(Skill):
    """Makes an urgent task, and calls a person or offers one, as the assistant's version says."""

    action_name = "action_complaint"
    switch = "complaint"
    ends_form = True

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store the complaint in the customer's words; a half-filled form ends, selling can wait."""
        await turn.crm.create_task(
            turn.organization_id,
            turn.conversation_id,
            {
                "kind": "complaint",
                "title": "Жалоба клиента",
                "description": turn.text[:MAX_DESCRIPTION],
                "priority": "urgent",
                "due_at": None,
                "source_key": turn.source_key("complaint"),
            },
        )
        content = await turn.assistant()
        if content.handoff.on_dissatisfaction and content.skills.human:
            return await call_people(turn, "complaint", first="utter_complaint_noted")
        turn.say("utter_complaint")
        return leave_form() if turn.tracker.active_loop_name else []
