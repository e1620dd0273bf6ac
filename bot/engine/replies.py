"""What the bot says in a turn, collected, and the answer that the channel makes of it."""

from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, UserUttered

from bot.engine.trackers import ConversationTracker

CHANNEL = "aitys"
_SILENT_ACTIONS = (ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME)


class CollectedReplies(OutputChannel):
    """Keeps each reply whole, text, buttons and custom data together, for the answer of the request."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """The channel's name, by which responses could be chosen."""
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one reply; replies without text, buttons and custom data say nothing and are dropped."""
        reply = {
            "text": (message.get("text") or "").strip(),
            "buttons": [
                {"title": button["title"], "payload": button.get("payload", "")}
                for button in message.get("buttons") or []
            ],
            "custom": message.get("custom") or {},
        }
        if any(reply.values()):
            self.replies.append(reply)


def answer_of(
    tracker: ConversationTracker,
    replies: list[dict[str, Any]],
    message: UserUttered | None,
    fresh: list[Event],
) -> dict[str, Any]:
    """Return what the channel answers: the replies, what was understood, the language, and the skill that spoke."""
    intent = message.intent if message is not None else {}
    return {
        "replies": replies,
        "intent": {
            "name": intent.get("name"),
            "confidence": float(intent.get("confidence") or 0.0),
        },
        "language": tracker.get_slot("language"),
        "skill": _skill(fresh),
    }


def _skill(fresh: list[Event]) -> str | None:
    """Return the skill that answered: the first thing the bot did, by its name without the kind of action."""
    for event in fresh:
        if (
            isinstance(event, ActionExecuted)
            and event.action_name
            and event.action_name not in _SILENT_ACTIONS
        ):
            name = event.action_name
            return name.removeprefix("action_").removeprefix("utter_").removesuffix("_form")
    return None
