"""Past conversations, read as what the customer wrote and what came of each message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bson import ObjectId

from bot.prompts.content import LANGUAGES
from crm.core.database import Database, RawDocument
from crm.core.errors import Conflict, NotFound
from crm.inbox.models import CANCELLED, CONVERSATIONS, MESSAGES

MAX_MESSAGES: Final = 400
"""Of a conversation, the newest: older ones are read by nobody."""
EFFECTS: Final = {
    "deal_created": "lead",
    "task_created": "task",
    "handoff_requested": "handoff",
    "consent_recorded": "consent",
    "feedback": "feedback",
}
"""What a conversation's lines tell that was done, and what the same is called in a trial."""
_SKILLS_THAT_ANSWER_NOTHING: Final = {"disclosure", "holding", "given_up"}
_AMOUNT: Final = re.compile(
    r"\d[\d\s\u00a0.,]*\d\s?(?:₸|тг|тенге|теңге|%|kzt)|\d+\s?(?:₸|тг|%)", re.IGNORECASE
)
MAX_PROPOSED: Final = 3


class NothingAsked(Conflict):
    """The customer had written nothing up to this message."""

    default_code = "nothing_asked"
    title = "There is no message of the customer up to this one"


@dataclass(slots=True)
class Exchange:
    """A customer's message and what it was answered with.

    Attributes:
        message: the customer's, as stored.
        replies: of the bot, the disclosure and the like left out.
        by_people: whether an operator had the conversation: no replies of the bot then.
        done: what was done in answer, by the names of `EFFECTS`.
    """

    message: RawDocument
    replies: list[RawDocument] = field(default_factory=list)
    by_people: bool = False
    done: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The customer's words."""
        return str(self.message["text"])

    @property
    def texts(self) -> list[str]:
        """The bot's."""
        return [str(reply["text"]) for reply in self.replies]

    @property
    def documents(self) -> list[str]:
        """The names of the documents that the answer rested on."""
        sources = [source for trace in self._traces() for source in trace.get("sources") or ()]
        return list(dict.fromkeys(str(source["document"]) for source in sources))

    @property
    def effects(self) -> list[str]:
        """What was done, as trials call it."""
        return [effect for name, effect in EFFECTS.items() if name in self.done]

    @property
    def called(self) -> bool:
        """Whether a person was called."""
        return "handoff_requested" in self.done

    @property
    def declined(self) -> bool:
        """Whether the bot said that it did not know."""
        return any(
            trace.get("method") == "declined"
            or (trace.get("skill") in {"fallback", "out_of_scope"} and not trace.get("sources"))
            for trace in self._traces()
        )

    @property
    def refused(self) -> bool:
        """Whether the bot said that what was wanted is switched off."""
        return any(trace.get("refused") for trace in self._traces())

    @property
    def skill(self) -> str | None:
        """What answered."""
        return next((trace.get("skill") for trace in self._traces()), None)

    @property
    def intent(self) -> str | None:
        """What the message was understood as."""
        return next((trace.get("intent") for trace in self._traces()), None)

    def _traces(self) -> list[Mapping[str, Any]]:
        return [reply.get("trace") or {} for reply in self.replies]


class PastConversations:
    """Reads conversations of an organization."""

    def __init__(self, *, database: Database) -> None:
        self._conversations = database.collection(CONVERSATIONS)
        self._messages = database.collection(MESSAGES)

    async def last(self, organization_id: ObjectId, count: int) -> list[ObjectId]:
        """Return the ids of the newest conversations in which a customer wrote, the newest first."""
        where = {"organization_id": organization_id, "last_message": {"$ne": None}}
        found = self._conversations.find(where, {"_id": 1}).sort(
            [("last_activity_at", -1), ("_id", -1)]
        )
        return [row["_id"] async for row in found.limit(count)]

    async def count_said(
        self, organization_id: ObjectId, conversation_ids: Sequence[ObjectId], *, most: int
    ) -> int:
        """Return how many messages customers wrote in these conversations, of each at most so many."""
        counted = await self._messages.aggregate(
            [
                {
                    "$match": {
                        "organization_id": organization_id,
                        "conversation_id": {"$in": list(conversation_ids)},
                        "direction": "in",
                    }
                },
                {"$group": {"_id": "$conversation_id", "count": {"$sum": 1}}},
            ]
        )
        return sum(min(int(row["count"]), most) for row in await counted.to_list())

    async def conversation(
        self, organization_id: ObjectId, conversation_id: ObjectId
    ) -> RawDocument | None:
        """Return a conversation as stored."""
        return await self._conversations.find_one(
            {"_id": conversation_id, "organization_id": organization_id}
        )

    async def messages(
        self, organization_id: ObjectId, conversation_id: ObjectId
    ) -> list[RawDocument]:
        """Return what was said, and what happened, oldest first."""
        where = {
            "organization_id": organization_id,
            "conversation_id": conversation_id,
            "kind": {"$ne": "note"},
            "state": {"$ne": CANCELLED},
        }
        newest = (
            await self._messages.find(where)
            .sort([("created_at", -1), ("_id", -1)])
            .limit(MAX_MESSAGES)
            .to_list()
        )
        return newest[::-1]

    async def propose(
        self,
        organization_id: ObjectId,
        conversation_id: ObjectId,
        message_id: ObjectId,
        *,
        most: int,
    ) -> RawDocument:
        """Return a case of a conversation up to a message: its turns, and expectations by what was answered.

        Args:
            organization_id: whose.
            conversation_id: the conversation.
            message_id: the customer's message, or an answer to it.
            most: how many messages a case holds; the newest are taken.

        Raises:
            NotFound: there is no such conversation or message.
            NothingAsked: the customer had written nothing by then.
        """
        conversation = await self.conversation(organization_id, conversation_id)
        said = await self.messages(organization_id, conversation_id)
        if conversation is None or not any(message["_id"] == message_id for message in said):
            raise NotFound("There is no such message.")
        talk = exchanges(said)
        place = _place_of(talk, said, message_id)
        if place is None:
            raise NothingAsked
        taken = [exchange for exchange in talk[: place + 1] if exchange.text.strip()][-most:]
        return {
            "name": None,
            "turns": [exchange.text for exchange in taken],
            "expect": _expectations(taken, conversation),
            "conversation_id": conversation_id,
        }


def exchanges(messages: Sequence[RawDocument]) -> list[Exchange]:
    """Return a conversation's messages as exchanges, in order."""
    talk: list[Exchange] = []
    by_id: dict[str, Exchange] = {}
    by_people = False
    for message in messages:
        event = (message.get("data") or {}).get("event") if message["kind"] == "event" else None
        if event in {"taken_over", "handed_back", "returned"}:
            by_people = event == "taken_over"
        elif event in EFFECTS and talk:
            talk[-1].done.add(event)
        elif message["direction"] == "in":
            talk.append(Exchange(message, by_people=by_people))
            by_id[str(message["_id"])] = talk[-1]
        elif message["author"]["kind"] == "bot" and talk:
            trace = message.get("trace") or {}
            if trace.get("skill") not in _SKILLS_THAT_ANSWER_NOTHING:
                by_id.get(str(trace.get("in_reply_to")), talk[-1]).replies.append(message)
    return talk


def _place_of(
    talk: Sequence[Exchange], said: Sequence[RawDocument], message_id: ObjectId
) -> int | None:
    """Return which exchange a message belongs to: its own, or the last one begun before it."""
    own = [
        place
        for place, exchange in enumerate(talk)
        if message_id in {exchange.message["_id"], *(reply["_id"] for reply in exchange.replies)}
    ]
    if own:
        return own[0]
    order = [message["_id"] for message in said]
    before = set(order[: order.index(message_id)])
    begun = [place for place, exchange in enumerate(talk) if exchange.message["_id"] in before]
    return begun[-1] if begun else None


def _expectations(taken: Sequence[Exchange], conversation: RawDocument) -> dict[str, Any]:
    """Return what was true of the answer that was given, for a person to go over."""
    last = taken[-1]
    language = last.message.get("language") or conversation["language"]
    expect: dict[str, Any] = {"language": language} if language in LANGUAGES else {}
    if last.replies:
        expect["declines"] = last.declined
        if last.intent not in {None, "nlu_fallback"}:
            expect["intent"] = last.intent
    if last.documents and not last.declined:
        expect["cites"] = last.documents
        amounts = dict.fromkeys(
            " ".join(found[0].split()) for found in _AMOUNT.finditer("\n".join(last.texts))
        )
        expect["contains"] = list(amounts)[:MAX_PROPOSED]
    if any(exchange.called for exchange in taken):
        expect["hands_over"] = True
    return expect or {"declines": False}
