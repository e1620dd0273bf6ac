"""A call at a time the customer chooses."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from actions.details import find_phone, looks_like_phone, spoken_phone
from actions.interruptions import begins, passes_on, returns_after_interruption
from actions.skill import Event, Skill, Turn, end_form, leave_form, set_slot
from actions.times.reading import Reading, read_time
from actions.times.speaking import spoken_time

FORM = "callback_form"


class ValidateCallbackForm(Skill):
    """Takes time and phone out of a message; asks again for what it could not read."""

    action_name = "validate_callback_form"
    switch = "callback"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Return what was found; nothing when the message is about something else."""
        if returns_after_interruption(turn, FORM) or turn.entity("handoff_word"):
            return []
        starts = begins(turn, FORM)
        requested = None if starts else turn.slot("requested_slot")
        found: dict[str, str | None] = {}
        phone = find_phone(turn.text)
        if phone:
            found["phone"] = phone
        elif starts and not turn.slot("phone"):
            contact = (await turn.context()).get("contact") or {}
            if contact.get("phone"):
                found["phone"] = contact["phone"]
        reading = read_time(turn.text, await turn.now(), day=_day(turn.slot("callback_day")))
        if reading.due is not None:
            found["callback_time"] = reading.due.astimezone(UTC).isoformat()
        about_time = reading.day is not None or reading.vague
        if not found and not about_time and requested and passes_on(turn, requested):
            return []
        found.update(self._unanswered(turn, requested, found, reading))
        if reading.day is not None and reading.due is None:
            # The hour is still missing; the day is remembered for the next answer.
            found["callback_day"] = reading.day.isoformat()
        return [set_slot(name, value) for name, value in found.items()]

    async def decline(self, turn: Turn) -> Sequence[Event]:  # noqa: ARG002 - the interface's
        """End the form; its end, `SubmitCallback`, says why."""
        return end_form()

    def _unanswered(
        self, turn: Turn, requested: str | None, found: dict[str, str | None], reading: Reading
    ) -> dict[str, str | None]:
        """Say what was wrong with the answer to the question that was asked."""
        if requested == "callback_time" and "callback_time" not in found:
            turn.say("utter_hour_missing" if reading.day else "utter_time_unclear")
            return {"callback_time": None}
        if requested == "phone" and "phone" not in found and not turn.slot("phone"):
            if looks_like_phone(turn.text) or "callback_time" not in found:
                turn.say("utter_phone_invalid")
            return {"phone": None}
        return {}


class SubmitCallback(Skill):
    """Makes a task that is due when the customer wants the call."""

    action_name = "action_submit_callback"
    switch = "callback"
    ends_form = True
    asks_documents = True

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store the task and repeat time and phone to the customer."""
        due = datetime.fromisoformat(str(turn.slot("callback_time")))
        phone = str(turn.slot("phone"))
        name = turn.slot("name")
        await turn.crm.create_task(
            turn.organization_id,
            turn.conversation_id,
            {
                "kind": "callback",
                "title": f"Перезвонить: {name + ', ' if name else ''}{spoken_phone(phone)}",
                "description": turn.text[:500],
                "priority": "normal",
                "due_at": due.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "source_key": turn.source_key("callback"),
            },
        )
        await turn.crm.update_contact(turn.organization_id, turn.conversation_id, {"phone": phone})
        now = await turn.now()
        turn.say(
            "utter_callback_done",
            callback_when=spoken_time(due.astimezone(now.tzinfo), now, turn.language),
            callback_phone=spoken_phone(phone),
        )
        return [set_slot("callback_time", None), set_slot("callback_day", None), *leave_form()]


def _day(stored: object) -> date | None:
    return date.fromisoformat(stored) if isinstance(stored, str) else None
