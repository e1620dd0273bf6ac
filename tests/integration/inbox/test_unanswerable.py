"""What a machine wrote is shown and remembered, and the bot says nothing to it."""

from dataclasses import replace
from datetime import timedelta

from crm.contract import ChatTraffic
from crm.core.clock import utc_now
from tests.integration.inbox.conftest import Bench


async def test_the_bot_keeps_silent(bench: Bench) -> None:
    message = replace(bench.message("m1", "Я в отпуске до 1 марта"), answerable=False)
    await bench.inbox.gateway.receive(bench.connection, [message])
    await bench.settle()
    assert bench.engine.turns == []
    assert bench.connector.sent == []
    stored = await bench.database.db["messages"].find_one({"external_id": "m1"})
    assert stored is not None
    assert stored["state"] == "handled"
    assert "fresh" not in stored
    conversation = await bench.database.db["conversations"].find_one({"chat_id": "chat"})
    assert conversation is not None
    assert conversation["last_message"]["text"] == "Я в отпуске до 1 марта"
    await bench.say("m2", "А теперь я")
    assert [turn["message"]["text"] for turn in bench.engine.turns] == ["А теперь я"]
    told = [event["text"] for record in bench.engine.records for event in record["events"]]
    assert told == ["Я в отпуске до 1 марта"]


async def test_chats_are_found_by_ids_and_topics(bench: Bench) -> None:
    gateway, since = bench.inbox.gateway, utc_now() - timedelta(days=1)
    about = replace(
        bench.message("m1", "Сәлем", "c1"), platform_id="p1", data={"topic": "велосипед"}
    )
    await gateway.receive(bench.connection, [about])
    await bench.settle()
    assert await gateway.chats_of(bench.connection, ["p1", "p2", "out-1"]) == {
        "p1": "c1",
        "out-1": "c1",
    }
    found = await gateway.chat_on_topic(bench.connection, "c1", "велосипед", since=since)
    assert found == "c1"
    for sender, topic in (("c2", "велосипед"), ("c1", "шатыр")):
        assert await gateway.chat_on_topic(bench.connection, sender, topic, since=since) is None
    later = utc_now() + timedelta(minutes=1)
    assert await gateway.chat_on_topic(bench.connection, "c1", "велосипед", since=later) is None
    told = await gateway.traffic(bench.connection, sender_id="c1", chat_id="c1", since=since)
    assert told == ChatTraffic(received=1, answered=2), "the disclosure is one"
