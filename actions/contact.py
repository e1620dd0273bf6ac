"""A customer gives a name, a phone or an e-mail unasked."""

from collections.abc import Sequence
from typing import Any

from actions.answers import Answering
from actions.asking import tell
from actions.crm_client import CrmRejected
from actions.details import (
    clean_name,
    find_email,
    find_phone,
    looks_like_phone,
    spoken_phone,
    without_emails,
)
from actions.skill import Event, Turn, set_slot

# A message of so few words is the name itself.
SHORT = 3


class GiveContact(Answering):
    """Stores what was given and repeats it; a question in the same message is answered as well."""

    action_name = "action_give_contact"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store name, phone and e-mail; ask again when none can be read."""
        changes: dict[str, Any] = {}
        phone = find_phone(turn.text)
        if phone:
            changes["phone"] = phone
        email = find_email(turn.text)
        if email:
            changes["email"] = email
        plain = without_emails(turn.text)
        named = turn.entity("name") or ""
        name = clean_name(named) if named in plain else None
        if (
            name is None
            and not changes
            and not looks_like_phone(plain)
            and len(plain.split()) <= SHORT
        ):
            name = clean_name(plain)
        if name:
            changes["name"] = name
        if not changes:
            turn.say(
                "utter_phone_invalid" if looks_like_phone(turn.text) else "utter_contact_unclear"
            )
            return []
        try:
            await turn.crm.update_contact(turn.organization_id, turn.conversation_id, changes)
        except CrmRejected:
            # Its rules for an address are stricter than ours; trying the turn again would not help.
            turn.say("utter_contact_unclear")
            return []
        shown = [
            spoken_phone(changes[field]) if field == "phone" else changes[field]
            for field in ("name", "phone", "email")
            if field in changes
        ]
        turn.say("utter_contact_saved", contact_details=", ".join(shown))
        if "?" in turn.text and (await turn.assistant()).skills.answer:
            answer = await self.ask(turn)
            if answer.answered:
                tell(turn, answer)
        return [set_slot(field, changes[field]) for field in ("name", "phone") if field in changes]
