"""Echoes that come in an unlucky moment: while an id is being noted, while the bot has still to send."""

from collections.abc import Mapping
from typing import Any

import pytest

from crm.contract import Echo, RetryableError
from tests.integration.inbox.conftest import Bench


async def test_what_the_bot_has_still_to_send_is_cancelled_by_an_echo(bench: Bench) -> None:
    await bench.say("1", "hello")
    bench.connector.failures = [RetryableError("http_502", "bad gateway")]
    await bench.say("2", "late")
    echo = Echo(external_id="e1", chat_id="chat", platform_id="from-the-phone", text="I am coming")
    await bench.inbox.gateway.receive(bench.connection, [echo])
    await bench.settle()
    await bench.make_due()
    await bench.sweep()
    late = await bench.inbox.store.messages.find_one({"text": "echo: late"})
    assert late is not None
    assert late["state"] == "cancelled"
    assert "echo: late" not in [one.text for one in bench.connector.sent]


async def test_an_echo_between_two_questions_is_still_ours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.say("1", "hello")
    messages = bench.inbox.store.messages
    mine: Mapping[str, Any] = {"text": "echo: hello"}
    under_way: dict[str, Any] = {"$set": {"state": "sending"}, "$unset": {"platform_ids": ""}}
    await messages.update_one(mine, under_way)
    asked: list[Mapping[str, Any]] = []
    ask = messages.find_one

    async def ask_and_note(question: Mapping[str, Any], *more: Any, **options: Any) -> Any:
        found = await ask(question, *more, **options)
        if not asked:  # the delivery ends behind the first question, whichever it is
            noted = {"$set": {"state": "sent", "platform_ids": ["out-2"]}}
            await messages.update_one(mine, noted)
        asked.append(question)
        return found

    monkeypatch.setattr(messages, "find_one", ask_and_note)
    echo = Echo(external_id="e1", chat_id="chat", platform_id="out-2", text="echo: hello")
    await bench.inbox.gateway.receive(bench.connection, [echo])
    await bench.settle()
    assert asked
    assert (await bench.conversation())["owner"] == "bot"
    assert await messages.count_documents({"data.echo": True}) == 0
