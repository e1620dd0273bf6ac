"""Row (b): how a turn's latency grows with the history of its conversation."""

import asyncio
import copy
import statistics
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
from bson import ObjectId

from tests.bench.figures import Line, Row
from tests.bench.ground import Ground
from tests.bench.load_turns import PATIENCE_SECONDS, TEXTS
from tests.bench.rivals.rasa import both_rasas, set_language

HISTORIES = (10, 100, 1_000)
CONVERSATIONS = 8
"""Conversations of each length; by turns, because Telegram lets one message a second into a chat, and so do we."""
RIVAL_TURNS = 5
GOAL = 1.5

Json = dict[str, Any]
type Ask = Callable[[list[str], float], Awaitable[list[float | None]]]


async def measure(ground: Ground) -> Row:
    """Measure it."""
    known = (await ground.turns.ask("customers", count=CONVERSATIONS * len(HISTORIES)))["chat_ids"]
    chats = {
        length: known[place * CONVERSATIONS : (place + 1) * CONVERSATIONS]
        for place, length in enumerate(HISTORIES)
    }
    for length, chat_ids in chats.items():
        await asyncio.gather(*(_grow_ours(ground, chat_id, length) for chat_id in chat_ids))
    async with both_rasas(mongodb_uri=ground.mongodb_uri, folder=ground.folder) as rasas:
        for url in rasas.values():
            await _grow_rival(url, chats)
        found = await _measure_all(ground, rasas, chats)
    return Row(
        key="b",
        title="Latency of a turn by the length of its conversation, one customer",
        sides="As in (a). Ours: the history went through the engine's own channel, and its messages stand in the inbox. Rasa: "
        "the events of real turns, given to it by its own HTTP API (`PUT /conversations/<id>/tracker/events`).",
        lines=_lines(found),
        notes=[
            f"No answer within {PATIENCE_SECONDS:.0f} s counts as none. A round asks each rival {RIVAL_TURNS} times a length."
        ],
    )


async def _measure_all(
    ground: Ground, rasas: dict[str, str], chats: dict[int, list[str]]
) -> dict[str, dict[int, list[float | None]]]:
    found: dict[str, dict[int, list[float | None]]] = {
        name: {length: [] for length in HISTORIES} for name in ("ours", *rasas)
    }
    for number in range(ground.effort.rounds + 1):
        for length, chat_ids in chats.items():
            answer = await ground.turns.ask("ours_once", chat_ids=chat_ids, pause=0.1)
            rounds = {"ours": answer["latencies"]}
            for name, url in rasas.items():
                asked = chat_ids[:RIVAL_TURNS]
                answer = await ground.turns.ask("rest_once", url=url, chat_ids=asked, pause=0.1)
                rounds[name] = answer["latencies"]
            for name, latencies in rounds.items():
                if number:  # the first round only warms up
                    found[name][length] += latencies
    return found


def _lines(found: dict[str, dict[int, list[float | None]]]) -> list[Line]:
    middle = {
        name: {length: _median(latencies) for length, latencies in lengths.items()}
        for name, lengths in found.items()
    }
    lines = []
    for name, title in (("mongodb", "MongoTrackerStore"), ("memory", "in memory")):
        for length in HISTORIES:
            ours, rival = middle["ours"][length], middle[name][length]
            lines.append(
                Line(
                    f"p50 ms at {length:,} turns; rival: Rasa, {title}",
                    _told(ours),
                    _told(rival),
                    f"{rival / ours:.2f}" if ours and rival else "",
                )
            )
    longest, shortest = HISTORIES[-1], HISTORIES[0]
    growth = {
        name: _growth(lengths[shortest], lengths[longest]) for name, lengths in middle.items()
    }
    ours_growth = growth["ours"]
    lines.append(
        Line(
            f"latency at {longest:,} turns / at {shortest}; rivals: MongoTrackerStore, in memory",
            f"{ours_growth:.2f}" if ours_growth else "no answer",
            ", ".join(
                f"{growth[n]:.1f}" if growth[n] else "no answer" for n in ("mongodb", "memory")
            ),
            "",
            f"at most {GOAL}",
            met=ours_growth is not None and ours_growth <= GOAL,
        )
    )
    return lines


def _median(latencies: list[float | None]) -> float | None:
    """The median; None when at least half got no answer."""
    answered = [latency for latency in latencies if latency is not None]
    return statistics.median(answered) if len(answered) * 2 > len(latencies) else None


def _growth(shortest: float | None, longest: float | None) -> float | None:
    return longest / shortest if shortest and longest else None


def _told(latency: float | None) -> str:
    return "no answer" if latency is None else f"{latency:.0f}"


async def _grow_ours(ground: Ground, chat_id: str, turns: int) -> None:
    """Let the engine take the turns one by one, and put the same messages into the inbox."""
    conversation = await ground.database["conversations"].find_one({"chat_id": chat_id})
    assert conversation is not None
    settings = ground.product.settings
    headers = {"Authorization": f"Bearer {settings.engine_token.get_secret_value()}"}
    conversation_id = str(conversation["_id"])
    metadata = {"conversation_id": conversation_id, "fallback_language": "ru"}
    async with aiohttp.ClientSession(headers=headers) as engine:
        for number in range(turns):
            text = TEXTS[number % len(TEXTS)]
            body = {
                "conversation_id": conversation_id,
                "message": {"id": f"bench-{number}", "text": text, "payload": None},
                "metadata": metadata,
            }
            url = f"{settings.engine_url}/webhooks/aitys/turn"
            async with engine.post(url, json=body) as answer:
                assert answer.status == 200, await answer.text()
    await _copy_messages(ground, conversation["_id"], turns)


async def _copy_messages(ground: Ground, conversation_id: ObjectId, turns: int) -> None:
    messages = ground.database["messages"]
    found = await messages.find({"conversation_id": conversation_id}).sort("_id", 1).to_list()
    pair = [found[0], found[-1]]  # the customer's first message and the bot's last
    await messages.insert_many(
        [
            {
                **message,
                "_id": ObjectId(),
                "external_id": f"bench:{conversation_id}:{number}:{place}",
                "created_at": message["created_at"] - timedelta(minutes=turns - number),
            }
            for number in range(turns)
            for place, message in enumerate(pair)
        ]
    )


async def _grow_rival(url: str, chats: dict[int, list[str]]) -> None:
    """Give each conversation the events of real turns, again and again."""
    sample = await _sample_turns(url)
    async with aiohttp.ClientSession() as session:
        for length, chat_ids in chats.items():
            events = _repeated(sample, length)
            for chat_id in chat_ids[:RIVAL_TURNS]:
                address = f"{url}/conversations/{chat_id}/tracker/events"
                async with session.put(address, json=events) as answer:
                    assert answer.status == 200, await answer.text()


async def _sample_turns(url: str) -> tuple[list[Json], list[Json]]:
    """What begins a conversation, and the events of one round of turns."""
    await set_language(url, "sample")
    async with aiohttp.ClientSession() as session:
        for text in TEXTS:
            body = {"sender": "sample", "message": text}
            async with session.post(f"{url}/webhooks/rest/webhook", json=body) as answer:
                assert await answer.json(), f"no answer to {text}"
        address = f"{url}/conversations/sample/tracker?include_events=ALL"
        async with session.get(address) as answer:
            events: list[Json] = (await answer.json())["events"]
    first = next(place for place, event in enumerate(events) if event["event"] == "user")
    return events[:first], events[first:]


def _repeated(sample: tuple[list[Json], list[Json]], turns: int) -> list[Json]:
    opening, said = sample
    rounds = [copy.deepcopy(said) for _ in range(turns // len(TEXTS) + 1)]
    events = [event for events in rounds for event in events]
    users = [place for place, event in enumerate(events) if event["event"] == "user"]
    events = events[: users[turns]] if turns < len(users) else events
    began = said[0]["timestamp"] - 60.0 * 60
    for number, event in enumerate(events):  # within one session, in order
        event["timestamp"] = began + number * 0.1
        if event.get("message_id"):
            event["message_id"] = f"bench-{number}"
    for event in opening:
        event["timestamp"] = began
    return [*opening, *events]
