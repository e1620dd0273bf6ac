"""A conversation in memory, how it is bounded, and how it is written down.

Rasa rebuilds the state of a conversation by replaying its events, again and again within one turn. A bounded history must
therefore begin with events that restore what the dropped ones had built: slots, active loop, pause. `opening_events` makes
them from the state at the cut.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

MAX_EVENTS = 60
# Cutting to fewer than the most keeps the next turns from cutting again.
EVENTS_AFTER_CUT = 36
MAX_RANKING = 3
_REPEATED_IN_PARSE_DATA = ("text", "metadata", "message_id", "entities")


class ConversationTracker(DialogueStateTracker):
    """A tracker that knows its stored version and which of its events are already stored.

    Attributes:
        version: Version that was read; 0 for a conversation that was never saved.
        stored_events: How many of `events`, from the start, are the stored ones.
        opening: How many of `events`, from the start, only restore the state of what was cut away.
        replies: Recorded answers by message id, oldest first.
        recorded_ids: Ids of messages that were recorded without an answer.
        new_reply: Answer of the turn in progress, to be saved with it.
        new_recorded_ids: Ids recorded since the tracker was read.
    """

    def __init__(
        self, sender_id: str, slots: Iterable[Slot] | None, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(sender_id, slots, *args, **kwargs)
        self.version = 0
        self.stored_events = 0
        self.opening = 0
        self.replies: dict[str, dict[str, Any]] = {}
        self.recorded_ids: set[str] = set()
        self.new_reply: tuple[str, dict[str, Any]] | None = None
        self.new_recorded_ids: list[str] = []


def opening_events(state: DialogueStateTracker, timestamp: float) -> list[Event]:
    """Return events that bring an empty tracker to the given state, ready for a customer's next message."""
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    events += [
        SlotSet(slot.name, slot.value)
        for slot in state.slots.values()
        if slot.value != slot.initial_value
    ]
    if state.active_loop is not None and state.active_loop.name:
        events.append(ActiveLoop(state.active_loop.name))
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    if state.is_paused():
        events.append(ConversationPaused())
    for event in events:
        event.timestamp = timestamp
    return events


def bounded(
    events: list[Event], slots: Iterable[Slot], *, opening: int
) -> tuple[list[Event], list[Event]] | None:
    """Cut a history that grew too long.

    Args:
        events: The whole history, opening events first.
        slots: The domain's slots.
        opening: How many events at the start are opening events.

    Returns:
        New opening events and the kept tail; `None` when nothing has to be cut. The tail begins with a customer's message,
        and has at most `MAX_EVENTS` events unless one single turn has more.
    """
    if len(events) - opening <= MAX_EVENTS:
        return None
    starts = [
        place for place in range(opening, len(events)) if isinstance(events[place], UserUttered)
    ]
    short_enough = [place for place in starts if len(events) - place <= EVENTS_AFTER_CUT]
    if not starts:
        return None
    # A single very long turn is kept whole: half a turn would mislead the policies.
    cut = short_enough[0] if short_enough else starts[-1]
    state = DialogueStateTracker.from_events("cut", events[:cut], slots=slots)
    return opening_events(state, events[cut].timestamp), events[cut:]


def stored_form(event: Event) -> dict[str, Any]:
    """Return what is stored of an event: everything that decides the dialogue, nothing twice.

    Traces of replies are dropped: the CRM keeps them with the message, and the dialogue does not depend on them.
    """
    fields = {name: value for name, value in event.as_dict().items() if value is not None}
    if isinstance(event, UserUttered):
        parsed = {
            name: value
            for name, value in event.parse_data.items()
            if name not in _REPEATED_IN_PARSE_DATA
        }
        if "intent_ranking" in parsed:
            parsed["intent_ranking"] = parsed["intent_ranking"][:MAX_RANKING]
        fields["parse_data"] = {
            "intent": event.intent,
            "entities": event.entities,
            **{name: parsed[name] for name in ("intent", "intent_ranking") if name in parsed},
        }
    elif isinstance(event, BotUttered):
        data = fields.get("data") or {}
        fields["data"] = {"buttons": data["buttons"]} if data.get("buttons") else {}
        fields["metadata"] = {
            name: value
            for name, value in (event.metadata or {}).items()
            if name in ("utter_action", "message_id", "role")
        }
    else:
        fields.pop("metadata", None)
    return fields


@lru_cache(maxsize=1)
def _event_classes() -> dict[str, type[Event]]:
    # Rasa walks all subclasses anew for every event it reads, which is half the cost of reading a conversation.
    return {
        kind.type_name: kind for kind in all_subclasses(Event) if getattr(kind, "type_name", None)
    }


def load_event(fields: dict[str, Any]) -> Event | None:
    """Return the event that was stored; `None` for a kind that this version of Rasa does not know."""
    kind = _event_classes().get(str(fields.get("event")))
    return None if kind is None else kind._from_parameters(_loaded_form(fields))


def _loaded_form(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the event as Rasa's own deserialiser expects it: the inverse of `stored_form`."""
    if fields.get("event") != UserUttered.type_name:
        return fields
    parse_data = {
        **fields["parse_data"],
        "text": fields.get("text"),
        "message_id": fields.get("message_id"),
        "metadata": fields.get("metadata") or {},
    }
    return {**fields, "parse_data": parse_data}
