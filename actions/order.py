"""An order: the details that the assistant's version asks for, in its order; then a contact, a deal and a task."""

from collections.abc import Mapping, Sequence

from actions.cities import find_city
from actions.details import (
    clean_name,
    clean_product,
    find_email,
    find_phone,
    looks_like_phone,
    product_in_order,
    with_model,
    without_emails,
)
from actions.interruptions import begins, passes_on, returns_after_interruption
from actions.lead_fields import SKIPPED, read_answer, skips, told
from actions.quantities import quantity_of
from actions.skill import Event, Skill, Turn, end_form, leave_form, set_slot
from bot.prompts.content import LeadField, LeadFieldName

FORM = "order_form"
FIELDS: tuple[LeadFieldName, ...] = (
    "product", "name", "phone", "email", "quantity", "city", "comment",
)  # fmt: skip
# What belongs to one order and not to the customer.
OF_THE_ORDER = ("product", "quantity", "comment")
# By which a customer can be answered.
REACHES = ("phone", "email")
# Words of an answer that says nothing else.
SHORT_ANSWER = 2
# A name the extractor is so sure of that it is no product.
SURE_NAME = 0.9


class ValidateOrderForm(Skill):
    """Takes every detail out of a message, whichever was asked for, and decides what is asked for next.

    Which details an order has is not the domain's matter but the assistant version's: like rasa-sdk's
    `FormValidationAction.required_slots`, this sets `requested_slot` itself, and `None` when nothing is missing.
    """

    action_name = "validate_order_form"
    switch = "order"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Return the details found and the next one to ask for; nothing when the message is about something else."""
        form = (await turn.assistant()).lead_form
        if returns_after_interruption(turn, FORM):
            return _next(turn, form, {})
        if turn.entity("handoff_word"):
            return []
        starts = begins(turn, FORM)
        requested = None if starts else _asked(turn, form)
        wanting = starts or (turn.intent == "place_order" and not _only_answers(turn, requested))
        found = details_of(turn, form, wanting=wanting)
        if starts:
            found = {**await self._known(turn), **found}
        if requested and requested.field not in found and _skipped(turn):
            required = _is_required(turn, form, requested, found)
            if required:
                turn.say("utter_detail_required")
            found[requested.field] = None if required else SKIPPED
        elif not found and requested and passes_on(turn, requested.field):
            return []
        elif requested and requested.field not in found and not turn.slot(requested.field):
            value = read_answer(requested.field, turn.text, turn.language)
            if requested.field == "product" and _is_name(turn):
                value = None
            if value is None and not (requested.field == "product" and found):
                turn.say(f"utter_{requested.field}_invalid")
            found[requested.field] = value
        return [
            *(set_slot(name, value) for name, value in found.items()),
            *_next(turn, form, found),
        ]

    async def decline(self, turn: Turn) -> Sequence[Event]:  # noqa: ARG002 - the interface's
        """End the form; its end, `SubmitOrder`, says why."""
        return end_form()

    async def _known(self, turn: Turn) -> dict[str, str | None]:
        """Return what is known of the contact, so that nobody is asked twice."""
        contact = (await turn.context()).get("contact") or {}
        return {
            name: contact[name]
            for name in ("name", "phone", "email")
            if contact.get(name) and not turn.slot(name)
        }


class SubmitOrder(Skill):
    """Makes contact, deal and task of the order, and repeats it to the customer."""

    action_name = "action_submit_order"
    switch = "order"
    ends_form = True
    asks_documents = True

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store the order; the next one begins without a product."""
        form = (await turn.assistant()).lead_form
        details: dict[str, str] = {
            field.field: str(turn.slot(field.field)) for field in form if turn.slot(field.field)
        }
        forgotten = [
            set_slot(name, None)
            for name in FIELDS
            if name in OF_THE_ORDER or turn.slot(name) == SKIPPED
        ]
        await turn.crm.create_lead(
            turn.organization_id,
            turn.conversation_id,
            {**details, "source_key": turn.source_key("lead")},
        )
        turn.say("utter_order_done", order_details=told(details, turn.language))
        return [*forgotten, *leave_form()]


def details_of(turn: Turn, form: Sequence[LeadField], *, wanting: bool) -> dict[str, str | None]:
    """Return the details that a message gives by itself, asked for or not.

    Args:
        turn: the turn.
        form: the details an order has.
        wanting: whether this message asks for an order, so that a product may stand in it without being asked for.
    """
    fields = {field.field for field in form}
    requested = None if wanting else turn.slot("requested_slot")
    if requested == "comment":
        return {}  # a number or a name in it is not the customer's own
    product = _product_of(turn, wanting=wanting, requested=requested)
    quantity = None
    if product and "quantity" in fields and not turn.slot("quantity"):
        quantity, product = quantity_of(product)
    # A city's name can look like a person's.
    named = (turn.entity("name") if requested != "city" else None) or ""
    if named in (product or ""):  # a make that sounds like a person
        named = ""
    found: dict[str, str | None] = {
        "phone": find_phone(turn.text),
        "email": find_email(turn.text) if "email" in fields else None,
        "name": clean_name(named) if named in without_emails(turn.text) else None,
        "product": product,
        "quantity": quantity,
        # What is asked for now may be the answer as a whole: a name can sound like a city.
        "city": find_city(turn.text, turn.language)
        if "city" in fields and requested != "name"
        else None,
    }
    return {field: value for field, value in found.items() if value}


def _product_of(turn: Turn, *, wanting: bool, requested: str | None) -> str | None:
    product = turn.entity("product")
    if product and (wanting or requested == "product"):
        product = clean_product(with_model(product, turn.text))
    elif wanting:
        product = product_in_order(turn.text)
    else:
        product = None
    return None if looks_like_phone(product or "") else product


def _asked(turn: Turn, form: Sequence[LeadField]) -> LeadField | None:
    """Return the detail that the form has asked for; `None` when the version no longer has it."""
    return next((field for field in form if field.field == turn.slot("requested_slot")), None)


def _only_answers(turn: Turn, requested: LeadField | None) -> bool:
    """Return whether a message is nothing but the number, the city or the address that was asked for."""
    return (
        requested is not None
        and requested.field in {"quantity", "city", "phone", "email"}
        and len(turn.text.split()) <= SHORT_ANSWER
        and read_answer(requested.field, turn.text, turn.language) is not None
    )


def _skipped(turn: Turn) -> bool:
    return turn.intent == "skip" or skips(turn.text)


def _is_name(turn: Turn) -> bool:
    """Return whether the whole message is somebody's name, and surely so."""
    return any(
        found.get("entity") == "name"
        and float(found.get("confidence_entity") or 0.0) >= SURE_NAME
        and str(found.get("value")) == turn.text.strip(" .,!")
        for found in turn.tracker.latest_message.get("entities") or []
    )


def _is_required(
    turn: Turn, form: Sequence[LeadField], field: LeadField, found: Mapping[str, str | None]
) -> bool:
    """Return whether a detail may not be left out: by the version, or because nobody could be reached then."""
    if field.required or field.field not in REACHES:
        return field.required
    others = [other.field for other in form if other.field in REACHES and other != field]
    return all(found.get(other, turn.slot(other)) == SKIPPED for other in others)


def _next(turn: Turn, form: Sequence[LeadField], found: Mapping[str, str | None]) -> list[Event]:
    """Return the events that ask for the next detail, or that end the form."""
    missing = next(
        (field for field in form if found.get(field.field, turn.slot(field.field)) is None), None
    )
    return [
        set_slot("skippable", missing is not None and not _is_required(turn, form, missing, found)),
        set_slot("requested_slot", missing.field if missing else None),
    ]
