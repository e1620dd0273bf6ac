import asyncio
from typing import Any

import bson
import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    SessionStarted,
    SlotSet,
    UserUttered,
)

from bot.engine.errors import TrackerConflict, TurnAborted
from bot.engine.tracker_store import KEPT_REPLIES, MotorTrackerStore
from bot.engine.trackers import MAX_EVENTS, ConversationTracker


def turn(tracker: ConversationTracker, number: int, *extra: Any) -> None:
    """One turn as the processor leaves it."""
    if not tracker.events:
        tracker.update(ActionExecuted("action_session_start"))
        tracker.update(SessionStarted())
        tracker.update(ActionExecuted("action_listen"))
    ranking = [{"name": f"i{place}", "confidence": 0.1} for place in range(20)]
    parse_data = {
        "intent": {"name": "greet", "confidence": 0.9},
        "entities": [],
        "intent_ranking": ranking,
    }
    metadata = {"organization_id": "o", "language": "kk"}
    tracker.update(
        UserUttered(
            f"сәлем {number}",
            parse_data["intent"],
            [],
            parse_data,
            message_id=f"m{number}",
            metadata=metadata,
        )
    )
    for event in extra:
        tracker.update(event)
    tracker.update(ActionExecuted("utter_greet"))
    tracker.update(BotUttered("Сәлеметсіз бе!", {"custom": {"trace": {"model": "x" * 500}}}))
    tracker.update(ActionExecuted("action_listen"))
    tracker.new_reply = (f"m{number}", {"replies": [{"text": f"r{number}"}]})


async def opened(store: MotorTrackerStore, name: str) -> ConversationTracker:
    tracker = await store.get_or_create_tracker(name, append_action_listen=False)
    assert isinstance(tracker, ConversationTracker)
    return tracker


async def test_nothing_is_stored_before_the_first_turn_is_complete(
    store: MotorTrackerStore,
) -> None:
    await opened(store, "a")
    assert not await store.exists("a")


async def test_a_turn_comes_back_as_it_was(store: MotorTrackerStore) -> None:
    tracker = await opened(store, "a")
    turn(tracker, 1, SlotSet("language", "kk"), SlotSet("count", {"nested": [1, 2]}))
    await store.save(tracker)
    again = await opened(store, "a")
    assert again.get_slot("language") == "kk"
    assert again.get_slot("count") == {"nested": [1, 2]}
    assert [event.type_name for event in again.events] == [
        event.type_name for event in tracker.events
    ]
    assert again.latest_message.text == "сәлем 1"
    assert again.latest_message.intent["name"] == "greet"
    assert again.latest_message.parse_data["metadata"]["organization_id"] == "o"
    assert again.latest_action_name == "action_listen"
    assert again.replies == {"m1": {"replies": [{"text": "r1"}]}}


async def test_traces_and_long_rankings_are_not_stored_twice(store: MotorTrackerStore) -> None:
    tracker = await opened(store, "a")
    turn(tracker, 1)
    await store.save(tracker)
    document = await store._conversations.find_one({"_id": "a"})
    text = str(document["events"])
    assert "xxxx" not in text
    assert len(document["events"][3]["parse_data"]["intent_ranking"]) == 3


async def test_hundreds_of_turns_stay_small_and_whole(store: MotorTrackerStore) -> None:
    sizes = []
    for number in range(1, 501):
        tracker = await opened(store, "long")
        # Set once, long before the tail that is kept; each must survive all cuts.
        if number == 5:
            turn(tracker, number, SlotSet("product", "торт"), ActiveLoop("order_form"))
        elif number == 6:
            turn(tracker, number, SlotSet("failures", 1.0), SlotSet("language", "kk"))
        else:
            turn(tracker, number)
        await store.save(tracker)
        sizes.append(len(bson.encode(await store._conversations.find_one({"_id": "long"}))))
    again = await opened(store, "long")
    assert again.get_slot("product") == "торт"
    assert again.get_slot("language") == "kk"
    assert again.get_slot("failures") == 1.0
    assert again.active_loop_name == "order_form"
    assert not again.is_paused()
    assert again.latest_action_name == "action_listen"
    assert again.latest_message.text == "сәлем 500"
    assert again.version == 500
    assert len(again.events) - again.opening <= MAX_EVENTS
    assert len(again.replies) == KEPT_REPLIES
    # What Rasa makes of it by replaying, which the policies and the action server see.
    replayed = again.copy()
    assert replayed.get_slot("product") == "торт"
    assert replayed.active_loop_name == "order_form"
    document = await store._conversations.find_one({"_id": "long"})
    assert len(document["events"]) <= MAX_EVENTS
    # All that a turn reads and writes of the conversation.
    assert max(sizes[400:]) < 1.05 * max(sizes[100:200])


async def test_a_pause_survives_the_cut(store: MotorTrackerStore) -> None:
    tracker = await opened(store, "p")
    turn(tracker, 1, SlotSet("product", "кофе"), ActiveLoop("order_form"))
    tracker.update(ConversationPaused())
    await store.save(tracker)
    for number in range(300):
        tracker = await opened(store, "p")
        tracker.update(UserUttered(f"n{number}", {"name": None}, []))
        tracker.update(BotUttered("operator", {}, {"role": "operator"}))
        await store.save(tracker)
    again = await opened(store, "p")
    assert again.is_paused()
    assert again.copy().is_paused()
    assert again.active_loop_name == "order_form"
    again.update(ConversationResumed())
    await store.save(again)
    assert not (await opened(store, "p")).is_paused()


async def test_a_single_very_long_turn_is_kept_whole(store: MotorTrackerStore) -> None:
    tracker = await opened(store, "w")
    turn(tracker, 1)
    turn(tracker, 2, *(SlotSet("count", place) for place in range(3 * MAX_EVENTS)))
    await store.save(tracker)
    again = await opened(store, "w")
    assert again.latest_message.text == "сәлем 2"
    assert again.get_slot("count") == 3 * MAX_EVENTS - 1


async def test_of_two_writers_one_is_told(store: MotorTrackerStore) -> None:
    first, second = await opened(store, "c"), await opened(store, "c")
    turn(first, 1)
    turn(second, 2)
    await store.save(first)
    with pytest.raises(TrackerConflict):
        await store.save(second)
    first, second = await opened(store, "c"), await opened(store, "c")
    turn(first, 3)
    turn(second, 4)
    results = await asyncio.gather(store.save(first), store.save(second), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "TrackerConflict"]
    assert (await opened(store, "c")).version == 2


async def test_a_database_that_is_away_aborts_the_turn(store: MotorTrackerStore) -> None:
    away = MotorTrackerStore(
        store.domain, host="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200", db="x"
    )
    away._client.close()
    away = MotorTrackerStore(store.domain, host="mongodb://127.0.0.1:9/", db="x")
    away._client.delegate.options._options["serverselectiontimeoutms"] = 200
    with pytest.raises(TurnAborted):
        await asyncio.wait_for(away.retrieve("a"), 10)
    away.close()


async def test_forgetting(store: MotorTrackerStore) -> None:
    tracker = await opened(store, "f")
    turn(tracker, 1)
    await store.save(tracker)
    assert list(await store.keys()) == ["f"]
    await store.delete("f")
    assert not await store.exists("f")
