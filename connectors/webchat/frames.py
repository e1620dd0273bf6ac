"""What the widget and the server say to each other: one JSON object a frame.

The server's frames: ``welcome`` {token, history, config}, ``ack`` {id}, ``message`` {message},
``typing``, ``pong``, ``error`` {code, id?, retry_after?}.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from crm.contract import ChatMessage

MAX_FRAME = 131_072
"""Bytes: 10,000 characters fit, also when each is an emoji written as two escapes."""

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Filled = StringConstraints(strip_whitespace=True, min_length=1)


class Hello(BaseModel):
    """The first frame. ``after`` is the newest message the widget has."""

    type: Literal["hello"]
    token: str | None = Field(default=None, max_length=200)
    language: Literal["ru", "kk", "en"] | None = None
    after: str | None = Field(default=None, max_length=64)
    page: str | None = Field(default=None, max_length=500)


class Say(BaseModel):
    """The visitor writes. ``id`` is the widget's own; the same id again changes nothing."""

    type: Literal["message"]
    id: ClientId
    text: Annotated[str, Filled, Field(max_length=10_000)]


class Tap(BaseModel):
    """The visitor taps a button."""

    type: Literal["tap"]
    id: ClientId
    payload: str = Field(min_length=1, max_length=512)
    title: Annotated[str, Filled, Field(max_length=200)]


class Seen(BaseModel):
    """A message of ours is on the visitor's screen."""

    type: Literal["seen"]
    id: str = Field(max_length=64)


class Typing(BaseModel):
    """The visitor is typing."""

    type: Literal["typing"]


class Language(BaseModel):
    """The visitor changed the page's language."""

    type: Literal["language"]
    language: Literal["ru", "kk", "en"]


class Ping(BaseModel):
    """Is anybody there? A browser cannot see the socket's own pings."""

    type: Literal["ping"]


Frame = Annotated[Hello | Say | Tap | Seen | Typing | Language | Ping, Field(discriminator="type")]
FRAMES: TypeAdapter[Frame] = TypeAdapter(Frame)


def shown(message: ChatMessage) -> dict[str, Any]:
    """A message as the widget reads it."""
    return {
        "id": message.id,
        "author": message.author_kind,
        "name": message.author_name,
        "text": message.text,
        "buttons": [{"title": b.title, "payload": b.payload} for b in message.buttons],
        "at": message.at.isoformat(),
        "client_id": message.client_id,
    }
