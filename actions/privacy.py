"""What is stored about a customer, and wishes to correct or delete it."""

from collections.abc import Sequence

from actions.skill import Event, Skill, Turn


class PrivacyRequest(Skill):
    """Passes the request to the owner. The bot neither shows nor deletes data: a chat proves no identity."""

    action_name = "action_privacy_request"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Make a task for the owner and say what happens next."""
        await turn.crm.create_task(
            turn.organization_id,
            turn.conversation_id,
            {
                "kind": "privacy",
                "title": "Запрос о персональных данных",
                "description": turn.text[:2000],
                "priority": "urgent",
                "due_at": None,
                "source_key": turn.source_key("privacy"),
            },
        )
        turn.say("utter_privacy_request")
        return []
