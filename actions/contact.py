"""A customer gives a name, a phone or an e-mail unasked."""

from collections.abc import Sequence
from typing import Any

from actions.details import clean_name, find_email, find_phone, looks_like_phone, spoken_phone
from actions.skill import Event, Skill, Turn, set_slot


class GiveContact(Skill):
    """Stores what was given and repeats it."""

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
        name = clean_name(turn.entity("name") or "")
        if name is None and not looks_like_phone(turn.text) and len(turn.text.split()) <= 3:
            name = clean_name(turn.text)
        if name and not find_email(name):
            changes["name"] = name
        if not changes:
            turn.say("utter_phone_invalid" if looks_like_phone(turn.text) else "utter_contact_unclear")
            return []
        await turn.crm.update_contact(turn.organization_id, turn.conversation_id, changes)
        shown = [
            spoken_phone(changes[field]) if field == "phone" else changes[field]
            for field in ("name", "phone", "email")
            if field in changes
        ]
        turn.say("utter_contact_saved", contact_details=", ".join(shown))
        return [set_slot(field, changes[field]) for field in ("name", "phone") if field in changes]
