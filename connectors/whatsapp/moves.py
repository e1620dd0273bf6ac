"""Chats that were called by a number go on under the person's user id, once Meta tells both.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from connectors.whatsapp.people import is_user_id
from crm.contract import ChatMove, Connection, Echo, InboundEvent, InboundMessage, Inbox, Sender

_KEPT: Final = 50_000
"""People whose chat is known to have its last name, in this process."""


class Moves:
    """Takes events in, and tells first of the chats among them that are known by their number only."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._settled: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        """See ``Inbox.receive``."""
        moves = await self._moves(connection, events)
        stored = await self._inbox.receive(connection, [*moves, *events])
        for sender in _people_of(events):
            self._settled[connection.id, sender.external_id] = None
        while len(self._settled) > _KEPT:
            self._settled.popitem(last=False)
        return stored

    async def _moves(
        self, connection: Connection, events: Sequence[InboundEvent]
    ) -> list[ChatMove]:
        people = {
            sender.external_id: sender
            for sender in _people_of(events)
            if (connection.id, sender.external_id) not in self._settled
        }
        if not people:
            return []
        numbers = {one: (sender.phone or "").removeprefix("+") for one, sender in people.items()}
        known = await self._inbox.known_chats(connection, [*numbers, *numbers.values()])
        return [
            ChatMove(
                external_id=f"{number}:{user_id}",
                chat_id=number,
                new_chat_id=user_id,
                sender=people[user_id],
            )
            for user_id, number in numbers.items()
            if number in known and user_id not in known
        ]


def _people_of(events: Sequence[InboundEvent]) -> list[Sender]:
    """Who is told of with both, in a chat of their own."""
    told = [(event.chat_id, event.sender) for event in events if isinstance(event, InboundMessage)]
    told += [
        (event.chat_id, event.addressee)
        for event in events
        if isinstance(event, Echo) and event.addressee is not None
    ]
    return [sender for chat_id, sender in told if sender.phone and is_user_id(chat_id)]
