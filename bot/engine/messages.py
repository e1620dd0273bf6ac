"""What reaches the engine from outside, checked and bounded before anything else sees it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 4_000
MAX_PARSED_TEXT = 1_000
MAX_ID = 200
METADATA_FIELDS = (
    "organization_id",
    "conversation_id",
    "contact_id",
    "channel",
    "language",
    "fallback_language",
    "timezone",
    "kind",
)
# Only these buttons are ours, with the value that each may carry; anything else in a payload is refused, so that a client cannot steer the dialogue.
PAYLOAD_ENTITIES: Mapping[str, str | None] = {
    "affirm": None,
    "ask_human": None,
    "ask_question": None,
    "book_callback": None,
    "cancel": None,
    "change_language": "language",
    "check_status": None,
    "deny": None,
    "give_feedback": "rating",
    "greet": None,
    "place_order": None,
    "skip": None,
}
LANGUAGES = ("ru", "kk", "en")
MAX_HANDOFF_WORDS = 50
MAX_SWITCHES = 20
MAX_WORD = 100
_PAYLOAD = re.compile(r"/(?P<intent>[a-z_]{1,40})(?::(?P<value>[\w-]{1,40}))?")
# Line breaks and tabs stay; other controls, bidirectional overrides and invisible joiners only hide text.
_HIDDEN = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc]"
)
_START_COMMAND = re.compile(r"/start(\s+\S{0,64})?", re.IGNORECASE)


class BadRequest(ValueError):
    """The request's body breaks the channel's contract; the text says where."""


@dataclass(frozen=True)
class Payload:
    """A tapped button: an intent of ours and the values it carries."""

    intent: str
    entities: Mapping[str, str]


@dataclass(frozen=True)
class AssistantRules:
    """What the organization's assistant version says and the engine itself must obey.

    Attributes:
        languages: In which it answers; never empty.
        default_language: For who writes in another one; `None` leaves it to the other hints.
        off: Names of the skills that are switched off.
        handoff_words: Words and phrases that call a person.
    """

    languages: tuple[str, ...] = LANGUAGES
    default_language: str | None = None
    off: tuple[str, ...] = ()
    handoff_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class TurnRequest:
    """One message of a customer, with what the CRM knows about it."""

    conversation_id: str
    message_id: str
    text: str
    payload: Payload | None
    metadata: Mapping[str, str | None]
    rules: AssistantRules = AssistantRules()


@dataclass(frozen=True)
class RecordedMessage:
    """A message that people exchanged while the bot was silent."""

    id: str
    role: str
    text: str


@dataclass(frozen=True)
class RecordRequest:
    """Messages to remember without answering, and whether the bot must be silent from now on."""

    conversation_id: str
    events: tuple[RecordedMessage, ...]
    pause: bool | None


def clean_text(text: str) -> str:
    """Return the text without hidden characters, composed (NFC) and at most `MAX_TEXT` characters long."""
    # Cut first: normalising a very long text costs more than the text is worth.
    visible = _HIDDEN.sub("", text[: 2 * MAX_TEXT])
    return unicodedata.normalize("NFC", visible).strip()[:MAX_TEXT]


def text_to_parse(text: str) -> str:
    """Return what the NLU sees of a message: never a leading `/`, which Rasa would take for an intent.

    Telegram's own `/start` is the customer opening the chat, and is therefore read as a greeting.
    """
    if _START_COMMAND.fullmatch(text):
        return "привет"
    return text.lstrip("/ \t\n")[:MAX_PARSED_TEXT]


def parse_payload(value: object) -> Payload | None:
    """Read a button's payload such as `/ask_human` or `/give_feedback:5`.

    Raises:
        BadRequest: It is not one of ours.
    """
    if value is None or value == "":
        return None
    match = _PAYLOAD.fullmatch(value) if isinstance(value, str) else None
    if match is None or match["intent"] not in PAYLOAD_ENTITIES:
        raise BadRequest("message.payload is not one of the allowed buttons")
    name = PAYLOAD_ENTITIES[match["intent"]]
    if match["value"] is not None and name is None:
        raise BadRequest("message.payload carries a value that its button does not have")
    return Payload(match["intent"], {name: match["value"]} if name and match["value"] else {})


def parse_turn(body: object) -> TurnRequest:
    """Check the body of `POST /turn`.

    Raises:
        BadRequest: A field is missing or of the wrong type.
    """
    fields = _object(body, "the body")
    message = _object(fields.get("message"), "message")
    given = _object(fields.get("metadata"), "metadata")
    text = message.get("text")
    if not isinstance(text, str):
        raise BadRequest("message.text must be a string")
    message_id = _id(message.get("id"), "message.id")
    metadata: dict[str, str | None] = {}
    for name in METADATA_FIELDS:
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"metadata.{name} must be a string")
        metadata[name] = value[:MAX_ID] if value is not None else None
    return TurnRequest(
        conversation_id=_id(fields.get("conversation_id"), "conversation_id"),
        message_id=message_id,
        text=clean_text(text),
        payload=parse_payload(message.get("payload")),
        metadata={**metadata, "message_id": message_id},
        rules=parse_rules(given.get("assistant")),
    )


def parse_rules(value: object) -> AssistantRules:
    """Read `metadata.assistant`; without it everything is on.

    Raises:
        BadRequest: It has another form.
    """
    if value is None:
        return AssistantRules()
    fields = _object(value, "metadata.assistant")
    given = _words(fields.get("languages"), "languages", len(LANGUAGES))
    languages = tuple(language for language in LANGUAGES if language in given) or LANGUAGES
    default = fields.get("default_language")
    return AssistantRules(
        languages=languages,
        default_language=str(default) if default in languages else None,
        off=_words(fields.get("off"), "off", MAX_SWITCHES),
        handoff_words=_words(fields.get("handoff_words"), "handoff_words", MAX_HANDOFF_WORDS),
    )


def _words(value: object, name: str, most: int) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadRequest(f"metadata.assistant.{name} must be a list of strings")
    return tuple(word[:MAX_WORD] for word in value[:most])


def parse_record(body: object) -> RecordRequest:
    """Check the body of `POST /record`.

    Raises:
        BadRequest: A field is missing or of the wrong type.
    """
    fields = _object(body, "the body")
    events = fields.get("events", [])
    if not isinstance(events, list):
        raise BadRequest("events must be a list")
    pause = fields.get("pause")
    if pause is not None and not isinstance(pause, bool):
        raise BadRequest("pause must be true, false or null")
    return RecordRequest(
        _id(fields.get("conversation_id"), "conversation_id"), tuple(map(_recorded, events)), pause
    )


def _recorded(value: object) -> RecordedMessage:
    fields = _object(value, "events[]")
    role, text = fields.get("role"), fields.get("text")
    if role not in {"customer", "operator", "bot"}:
        raise BadRequest("events[].role must be customer, operator or bot")
    if not isinstance(text, str):
        raise BadRequest("events[].text must be a string")
    return RecordedMessage(_id(fields.get("id"), "events[].id"), str(role), clean_text(text))


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be an object")
    return value


def _id(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        raise BadRequest(f"{name} must be a string of 1 to {MAX_ID} characters")
    return value
