"""Compares what was said, what is stored, and what arrived. Every difference is a sentence; no sentences, no difference."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from tests.faults.customers import Customer
from tests.faults.screens import HOLDING
from tests.faults.scripts import Script
from tests.faults.stage import Stage

Json = dict[str, Any]
_NUMBER = re.compile(r"\d[\d ]*")


def gist(message: Json) -> str:
    """What a stored answer says: telephones, days and times make no difference.

    Nor does the language of the disclosure, which is not known yet when the engine is down at first contact.
    """
    if (message["trace"] or {}).get("skill") == "disclosure":
        return "(disclosure)"
    return _NUMBER.sub("#", message["text"])


def shortened(texts: Sequence[str]) -> list[str]:
    """Texts as a list of problems shows them."""
    return [text[:30] for text in texts]


@dataclass(slots=True)
class Entry:
    """One customer's part in the play: what they said, and what must have been answered in all."""

    customer: Customer
    script: Script
    phone: str
    expected: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Audit:
    """What was found.

    Attributes:
        problems: sentences.
        doubles: how many more times than once a message of ours reached its Telegram chat.
        messages: customers' messages that are stored.
        answers: our messages that are stored.
        notices: those of them that only say that something was received.
        waits: seconds from each message of a customer to its answer.
    """

    problems: list[str] = field(default_factory=list)
    doubles: Counter[ObjectId] = field(default_factory=Counter)
    messages: int = 0
    answers: int = 0
    notices: int = 0
    waits: list[float] = field(default_factory=list)


async def audit(stage: Stage, entries: Sequence[Entry]) -> Audit:
    """Look at every conversation, and at the organization's event log."""
    found = Audit()
    for number, entry in enumerate(entries):
        name = f"{entry.script.name} ({entry.customer.channel}, no. {number})"
        problems = await _conversation(stage, entry, found)
        found.problems += [f"{name}: {problem}" for problem in problems]
    found.problems += await _events(stage)
    return found


async def stored_messages(stage: Stage, conversation_id: ObjectId, direction: str) -> list[Json]:
    """A conversation's messages in the order of the thread."""
    query = {"conversation_id": conversation_id, "direction": direction, "kind": {"$ne": "event"}}
    cursor = stage.database["messages"].find(query)
    return await cursor.sort([("created_at", 1), ("_id", 1)]).to_list()


async def _conversation(stage: Stage, entry: Entry, found: Audit) -> list[str]:
    conversation = await stage.conversation(entry.customer)
    if conversation is None:
        return ["there is no conversation"]
    inbound = await stored_messages(stage, conversation["_id"], "in")
    outbound = await stored_messages(stage, conversation["_id"], "out")
    found.messages += len(inbound)
    found.answers += len(outbound)
    found.waits += _waits(inbound, outbound)
    found.notices += sum(message["text"] in HOLDING for message in outbound)
    problems = _heard(entry, inbound) + _answered(entry, outbound)
    if entry.customer.channel == "webchat":
        problems += _arrived_in_web_chat(entry, outbound)
    else:
        problems += _arrived_in_telegram(entry, outbound, found)
    return problems + await _made(stage, entry, conversation)


def _waits(inbound: list[Json], outbound: list[Json]) -> list[float]:
    said = {str(message["_id"]): message["created_at"] for message in inbound}
    replies = [(m["trace"] or {}).get("in_reply_to") for m in outbound]
    return [
        (message["created_at"] - said[reply]).total_seconds()
        for message, reply in zip(outbound, replies, strict=True)
        if reply in said
    ]


def _heard(entry: Entry, inbound: list[Json]) -> list[str]:
    """Each message of the customer once, in order, and handled."""
    stored = [(message["external_id"], message["text"]) for message in inbound]
    problems = []
    if stored != entry.customer.said:
        problems.append(f"said {entry.customer.said}, stored {stored}")
    waiting = [message["text"] for message in inbound if message["state"] != "handled"]
    if waiting:
        problems.append(f"never handled: {waiting}")
    return problems


def _answered(entry: Entry, outbound: list[Json]) -> list[str]:
    """The answers that a run without faults gives, in order, all of them sent."""
    problems = []
    answers = [gist(m) for m in outbound if m["text"] not in HOLDING]
    if answers != entry.expected:
        problems.append(f"expected {shortened(entry.expected)}, stored {shortened(answers)}")
    unsent = [m["text"] for m in outbound if m["state"] not in {"sent", "delivered", "read"}]
    if unsent:
        problems.append(f"not sent: {unsent}")
    return problems


def _arrived_in_web_chat(entry: Entry, outbound: list[Json]) -> list[str]:
    """Each message by its id, in order; the widget shows an id once."""
    stored = [str(message["_id"]) for message in outbound]
    arrived = [message.id for message in entry.customer.screen.messages]
    return [] if arrived == stored else [f"stored {stored}, on the screen {arrived}"]


def _arrived_in_telegram(entry: Entry, outbound: list[Json], found: Audit) -> list[str]:
    """Each message, in order. A copy right after its original is counted, and judged elsewhere."""
    arrived = [message.text for message in entry.customer.screen.arrived]
    place = 0
    for text in arrived:
        if place < len(outbound) and text == outbound[place]["text"]:
            place += 1
        elif place and text == outbound[place - 1]["text"]:
            found.doubles[outbound[place - 1]["_id"]] += 1
        else:
            stored = [message["text"] for message in outbound]
            return [f"stored {shortened(stored)}, arrived {shortened(arrived)}"]
    missing = [message["text"] for message in outbound[place:]]
    return [f"never arrived: {missing}"] if missing else []


async def _made(stage: Stage, entry: Entry, conversation: Json) -> list[str]:
    """What the conversation made in the CRM, exactly once."""
    database = stage.database
    match = {"organization_id": conversation["organization_id"]}
    mine = {**match, "conversation_id": conversation["_id"]}
    counts = {
        "deals": await database["deals"].count_documents(mine),
        "lead tasks": await database["tasks"].count_documents({**mine, "kind": "lead"}),
        "call tasks": await database["tasks"].count_documents({**mine, "kind": "callback"}),
        "contacts with the phone": await database["contacts"].count_documents(
            {**match, "phone": entry.phone}
        ),
        "contacts of the chat": await database["contacts"].count_documents(
            {
                **match,
                "_id": conversation["contact_id"],
                "identities.external_id": entry.customer.chat_id,
            }
        ),
    }
    lead, callback = int(entry.script.lead), int(entry.script.callback)
    wanted = {
        "deals": lead,
        "lead tasks": lead,
        "call tasks": callback,
        "contacts with the phone": int(lead or callback),
        "contacts of the chat": 1,
    }
    return [
        f"{counts[name]} {name} instead of {count}"
        for name, count in wanted.items()
        if counts[name] != count
    ]


async def _events(stage: Stage) -> list[str]:
    """The log's numbers have no gap, and each message was announced once."""
    organization_id = ObjectId(stage.office.organization_id)
    events = await (
        stage.database["events"]
        .find({"organization_id": organization_id}, {"seq": 1, "type": 1, "subject_id": 1})
        .sort("seq", 1)
        .to_list()
    )
    numbers = [event["seq"] for event in events]
    problems = []
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        problems.append("the event log's numbers have a gap")
    if numbers[0] == 1:  # otherwise old events were pruned already
        announced = Counter(e["subject_id"] for e in events if e["type"] == "message.created")
        stored = Counter(
            {m["_id"]: 1 async for m in stage.database["messages"].find({}, {"_id": 1})}
        )
        if announced != stored:
            wrong = (announced - stored) + (stored - announced)
            problems.append(f"{len(wrong)} messages were not announced exactly once")
    return problems
