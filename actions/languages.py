"""Another language is wanted. The engine has already switched when the message names one."""

from collections.abc import Sequence

from actions.skill import LANGUAGES, Event, Skill, Turn


class ChangeLanguage(Skill):
    """Confirms the language and stores it with the contact, or asks which one."""

    action_name = "action_change_language"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Confirm in the new language."""
        if turn.metadata.get("requested_language") not in LANGUAGES:
            turn.say("utter_ask_language")
            return []
        await turn.crm.update_contact(
            turn.organization_id, turn.conversation_id, {"language": turn.language}
        )
        turn.say("utter_language_changed")
        return []
