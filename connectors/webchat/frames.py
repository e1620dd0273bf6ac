"""What the widget and the server say to each other: one JSON object a frame.

The server's frames: ``welcome`` {token, user, resumed, history, more, config, attendance}, ``ack``
{id}, ``message`` {message}, ``older`` {history, more}, ``read`` {id}: a person or the bot has
read up to the visitor's message of that id, ``attendance`` {answers, opens_at, follows}, ``typing``,
``pong``, ``error`` {code, id?, retry_after?}.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from crm.contract import Attendance, ChatMessage

MAX_FRAME = 131_072
"""Bytes: 10,000 characters fit, also when each is an emoji written as two escapes."""
MOST_FILES = 10
"""Files of one message."""

_EMAIL: Final = re.compile(
    r"[^\s@<>\"'(),:;\[\]\\]{1,64}@[^\s@<>\"'(),:;\[\]\\.]+(\.[^\s@<>\"'(),:;\[\]\\.]+)+"
)
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ().-]{5,24}")


def _email(value: str) -> str:
    if len(value) > 254 or _EMAIL.fullmatch(value) is None:
        raise ValueError("must be an e-mail address")
    return value


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    if _PHONE.fullmatch(value) is None or not 7 <= len(digits) <= 15:
        raise ValueError("must be a telephone number")
    # How numbers of Kazakhstan and Russia are written at home.
    if len(digits) == 11 and digits[0] == "8" and not value.startswith("+"):
        digits = f"7{digits[1:]}"
    elif len(digits) == 10 and digits[0] == "7":
        digits = f"7{digits}"
    return f"+{digits}"


def _or_none(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Filled = StringConstraints(strip_whitespace=True, min_length=1)
Name = Annotated[str, Filled, Field(max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_phone)]
Language = Literal["ru", "kk", "en"]


class Details(BaseModel):
    """What a visitor says of themselves."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None


class Known(Details):
    """What is known of a visitor before they say anything. What makes no sense is left out."""

    name: Annotated[Name | None, WrapValidator(_or_none)] = None
    phone: Annotated[Phone | None, WrapValidator(_or_none)] = None
    email: Annotated[Email | None, WrapValidator(_or_none)] = None


class Identity(Known):
    """A user of the company's own site, with the signature that its server made."""

    user_id: Annotated[str, Field(min_length=1, max_length=200)]
    signature: Annotated[str, Field(max_length=128)]


class Hello(BaseModel):
    """The first frame. ``after`` is the newest message the widget has."""

    type: Literal["hello"]
    token: str | None = Field(default=None, max_length=200)
    identity: Identity | None = None
    details: Known | None = None
    language: Language | None = None
    after: str | None = Field(default=None, max_length=64)
    page: str | None = Field(default=None, max_length=500)


class SentFile(BaseModel):
    """An upload that goes with a message, as the server told of it."""

    id: Annotated[str, Field(max_length=100)]
    name: Annotated[str, Field(max_length=300)] = ""
    mime: Annotated[str, Field(max_length=100)] = ""
    size: Annotated[int, Field(ge=0, lt=2**40)] = 0


class Say(BaseModel):
    """The visitor writes. ``id`` is the widget's own; the same id again changes nothing.

    ``files`` are the sealed names of uploads.
    """

    type: Literal["message"]
    id: ClientId
    text: Annotated[str, StringConstraints(strip_whitespace=True), Field(max_length=10_000)] = ""
    files: list[SentFile] = Field(default=[], max_length=MOST_FILES)

    @model_validator(mode="after")
    def _check_something(self) -> Self:
        if not self.text and not self.files:
            raise ValueError("must have a text or a file")
        return self


class Tap(BaseModel):
    """The visitor taps a button."""

    type: Literal["tap"]
    id: ClientId
    payload: str = Field(min_length=1, max_length=512)
    title: Annotated[str, Filled, Field(max_length=200)]


class Share(BaseModel):
    """The visitor gives their phone where a button asked for it."""

    type: Literal["phone"]
    id: ClientId
    phone: Phone


class Form(Details):
    """The visitor fills in the form before the chat. ``text`` is how it reads, for people."""

    type: Literal["form"]
    id: ClientId
    text: Annotated[str, Filled, Field(max_length=2_000)]
    answer: Annotated[str, Field(max_length=500)] = ""
    consent: Literal[True]


class Mail(BaseModel):
    """Nobody is there: the answer is to go to this address."""

    type: Literal["email"]
    id: ClientId
    email: Email


class Seen(BaseModel):
    """A message of ours has reached the visitor's screen; ``read``: they look at it."""

    type: Literal["seen"]
    id: str = Field(max_length=64)
    read: bool = False


class Older(BaseModel):
    """The visitor scrolls up to what stood before a message."""

    type: Literal["older"]
    before: str = Field(max_length=64)


class Typing(BaseModel):
    """The visitor is typing."""

    type: Literal["typing"]


class Speak(BaseModel):
    """The visitor changed the page's language."""

    type: Literal["language"]
    language: Language


class Ping(BaseModel):
    """Is anybody there? A browser cannot see the socket's own pings."""

    type: Literal["ping"]


type Written = Say | Tap | Share | Form | Mail

Frame = Annotated[
    Hello | Say | Tap | Share | Form | Mail | Seen | Older | Typing | Speak | Ping,
    Field(discriminator="type"),
]
FRAMES: TypeAdapter[Frame] = TypeAdapter(Frame)


def shown(message: ChatMessage) -> dict[str, Any]:
    """A message as the widget reads it."""
    quote = message.reply_to
    return {
        "id": message.id,
        "author": message.author_kind,
        "name": message.author_name,
        "text": message.text,
        "buttons": [
            {"title": b.title, "payload": b.payload, "url": b.url, "share": b.share}
            for b in message.buttons
        ],
        "files": [
            {
                "kind": file.kind,
                "name": file.name,
                "mime": file.mime,
                "size": file.size,
                "url": file.url,
                "thumbnail": file.thumbnail_url,
            }
            for file in message.files
        ],
        "quote": None
        if quote is None
        else {"id": quote.id, "author": quote.author_kind, "text": quote.text},
        "at": message.at.isoformat(),
        "client_id": message.client_id,
    }


def attended(attendance: Attendance) -> dict[str, Any]:
    """Who answers, as the widget reads it."""
    opens_at = attendance.opens_at
    return {
        "answers": attendance.answers,
        "opens_at": opens_at.isoformat() if opens_at else None,
        "follows": attendance.follows,
    }
