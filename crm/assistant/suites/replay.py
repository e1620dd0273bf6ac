"""Real conversations, said anew to another version: what was answered, and what would be now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm.assistant.suites.conversations import EFFECTS, Exchange
from crm.assistant.suites.expectations import answers, declined, documents, handed_over, refused
from crm.core.database import RawDocument

MAX_SAID: Final = 20
"""Messages of a conversation that are said anew, the newest; those before are told as history."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages in a row that the bot answered, and what was said before them."""

    history: list[dict[str, str]]
    exchanges: list[Exchange]


def stretches(messages: Sequence[RawDocument], talk: Sequence[Exchange]) -> list[Stretch]:
    """Return what of a conversation can be said anew: where people had it, nothing, and after that as a new beginning.

    Args:
        messages: what was said, oldest first.
        talk: the same as exchanges.
    """
    said = [exchange for exchange in talk if exchange.replies and exchange.text.strip()][-MAX_SAID:]
    chosen = {exchange.message["_id"] for exchange in said}
    found: list[Stretch] = []
    broken = True
    for exchange in talk:
        if exchange.message["_id"] not in chosen:
            # An unanswered message breaks nothing; one that people answered does.
            broken = broken or exchange.by_people
            continue
        if broken:
            found.append(Stretch(_before(messages, exchange), []))
            broken = False
        found[-1].exchanges.append(exchange)
    return found


def _before(messages: Sequence[RawDocument], exchange: Exchange) -> list[dict[str, str]]:
    roles = {"contact": "customer", "bot": "bot", "operator": "operator"}
    return list(_told(messages, exchange, roles))


def _told(
    messages: Sequence[RawDocument], exchange: Exchange, roles: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    for message in messages:
        if message["_id"] == exchange.message["_id"]:
            return
        role = roles.get(message["author"]["kind"])
        if role and message["kind"] != "event" and message["text"]:
            yield {"role": role, "text": message["text"]}


def before_side(exchange: Exchange) -> dict[str, Any]:
    """Return what a message was answered with."""
    return {
        "texts": exchange.texts,
        "documents": exchange.documents,
        "skill": exchange.skill,
        "declined": exchange.declined,
        "refused": exchange.refused,
        "handed_over": exchange.called,
        "effects": exchange.effects,
    }


def after_side(turn: Mapping[str, Any]) -> dict[str, Any]:
    """Return what it would be answered with now."""
    return {
        "texts": [str(reply["text"]) for reply in answers(turn)],
        "documents": documents(turn),
        "skill": turn["skill"],
        "declined": declined(turn),
        "refused": refused(turn),
        "handed_over": handed_over([turn]),
        "effects": [kind for kind in EFFECTS.values() if kind in _done(turn)],
    }


def _done(turn: Mapping[str, Any]) -> set[str]:
    return {str(effect["kind"]) for effect in turn["effects"]}
