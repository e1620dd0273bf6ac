"""An order: what, who, which phone; then a contact, a deal and a task."""

from collections.abc import Sequence

from actions.details import (
    clean_name,
    clean_product,
    find_phone,
    looks_like_phone,
    product_in_order,
    spoken_phone,
    without_emails,
)
from actions.interruptions import begins, passes_on, returns_after_interruption
from actions.skill import Event, Skill, Turn, leave_form, set_slot

FORM = "order_form"


class ValidateOrderForm(Skill):
    """Takes every detail out of a message, whichever was asked for, and says what was wrong with the asked one."""

    action_name = "validate_order_form"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Return the details found; nothing when the message is about something else."""
        if returns_after_interruption(turn, FORM):
            return []
        starts = begins(turn, FORM)
        found = details_of(turn, wanting=starts or turn.intent == "place_order")
        if starts:
            found = {**await self._known(turn), **found}
        requested = None if starts else turn.slot("requested_slot")
        if not found and requested and passes_on(turn, requested):
            return []
        if requested and requested not in found and not turn.slot(requested):
            found.update(self._asked_for(turn, requested))
        return [set_slot(name, value) for name, value in found.items()]

    async def _known(self, turn: Turn) -> dict[str, str | None]:
        """Return what is known of the contact, so that nobody is asked twice."""
        contact = (await turn.context()).get("contact") or {}
        return {
            name: contact[name]
            for name in ("name", "phone")
            if contact.get(name) and not turn.slot(name)
        }

    def _asked_for(self, turn: Turn, requested: str) -> dict[str, str | None]:
        """Read the whole message as the answer to the question that was asked."""
        if requested == "product":
            value = clean_product(turn.text)
        elif requested == "name":
            value = clean_name(turn.text)
        else:
            value = None
        if value is None:
            turn.say(f"utter_{requested}_invalid")
        return {requested: value}


class SubmitOrder(Skill):
    """Makes contact, deal and task of the order, and repeats it to the customer."""

    action_name = "action_submit_order"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store the order; the next one begins with an empty product."""
        product, name, phone = (str(turn.slot(slot)) for slot in ("product", "name", "phone"))
        await turn.crm.create_lead(
            turn.organization_id,
            turn.conversation_id,
            {
                "product": product,
                "name": name,
                "phone": phone,
                "source_key": turn.source_key("lead"),
            },
        )
        turn.say(
            "utter_order_done",
            order_product=product,
            order_name=name,
            order_phone=spoken_phone(phone),
        )
        return [set_slot("product", None), *leave_form()]


def details_of(turn: Turn, *, wanting: bool) -> dict[str, str | None]:
    """Return the details that a message gives by itself, asked for or not.

    Args:
        turn: the turn.
        wanting: whether this message asks for an order, so that a product may stand in it without being asked for.
    """
    found: dict[str, str | None] = {}
    phone = find_phone(turn.text)
    if phone:
        found["phone"] = phone
    named = turn.entity("name") or ""
    name = clean_name(named) if named in without_emails(turn.text) else None
    if name:
        found["name"] = name
    product = turn.entity("product")
    if product and (wanting or turn.slot("requested_slot") == "product"):
        found["product"] = clean_product(product)
    elif wanting and not product:
        plain = product_in_order(turn.text)
        if plain:
            found["product"] = plain
    if looks_like_phone(str(found.get("product") or "")):
        found.pop("product")
    return {key: value for key, value in found.items() if value}
