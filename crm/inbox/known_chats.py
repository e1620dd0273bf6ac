"""Which conversation belongs to a chat, as far as this process has just seen it."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from crm.inbox.models import Document

AT_MOST: Final = 20_000
FOR_SECONDS: Final = 60.0
"""How long what was seen is believed; a chat whose person has other ids now is another person's then."""


class KnownChats:
    """Conversations by chat, remembered for a while."""

    def __init__(self, *, conversations: AsyncCollection[Document]) -> None:
        self._conversations = conversations
        # Each with the moment until which it is believed.
        self._known: OrderedDict[tuple[ObjectId, str], tuple[ObjectId, float]] = OrderedDict()

    def remember(self, conversation: Document) -> None:
        """Know which conversation belongs to a chat."""
        chat = (conversation["connection_id"], conversation["chat_id"])
        self._known[chat] = (conversation["_id"], time.monotonic() + FOR_SECONDS)
        self._known.move_to_end(chat)
        if len(self._known) > AT_MOST:
            self._known.popitem(last=False)

    def forget(self, connection_id: ObjectId, chat_id: str) -> None:
        """The chat's conversation goes on under other ids."""
        self._known.pop((connection_id, chat_id), None)

    async def conversation_of(self, message: Document) -> ObjectId | None:
        """The id of a new message's conversation, or None when it was not seen here lately.

        Makes no query while it was just seen; later it is looked up, for another process may have
        moved the chat.
        """
        chat = (message["connection_id"], message["chat_id"])
        if (known := self._known.get(chat)) is None:
            return None
        conversation_id, until = known
        if time.monotonic() < until:
            return conversation_id
        place = ("organization_id", "connection_id", "chat_id")
        found = await self._conversations.find_one(
            {name: message[name] for name in place}, {"connection_id": 1, "chat_id": 1}
        )
        if found is None:
            self.forget(*chat)
            return None
        self.remember(found)
        return ObjectId(found["_id"])
