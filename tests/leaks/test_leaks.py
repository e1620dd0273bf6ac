"""The short form of `python -m tests.leaks`, and that the proof would notice."""

import asyncio

import aiohttp
import pytest

from bot.privacy import masking
from tests.fakes.openai_server import FakeOpenAI
from tests.leaks.conversations import STRUCTURED, conversations, labelled
from tests.leaks.proof import prove
from tests.leaks.proxy import RecordingProxy

PURPOSES = {"answer", "judge", "translate", "suggest", "summarise", "embed"}
NAMES_LEFT = 0.15
"""The recogniser of names is measured by `aitys eval privacy`; here only that it is at work on every path."""


async def test_no_identifier_leaves_on_any_path() -> None:
    outcome = await prove(24, seed=7)
    assert outcome.structured_leaks == []
    assert outcome.unwritten == 0
    assert outcome.requests.keys() == PURPOSES
    assert outcome.retried > 0
    assert outcome.fallback > 0
    assert sum(outcome.entities[kind] for kind in STRUCTURED) > 20
    assert outcome.entities["PERSON"] > 30
    assert outcome.unexplained == []
    assert len(outcome.leaks.get("PERSON", ())) <= NAMES_LEFT * outcome.entities["PERSON"]


async def test_the_proof_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking.Masking, "mask", lambda _, text: text)
    outcome = await prove(4, seed=7, lanes=1)
    found = {kind for kind, leaks in outcome.leaks.items() if leaks}
    assert "PERSON" in found
    assert found & STRUCTURED
    for kind in found & STRUCTURED:
        assert len(outcome.leaks[kind]) == outcome.entities[kind]


async def test_the_proxy_keeps_every_byte() -> None:
    async with (
        FakeOpenAI.running() as fake,
        RecordingProxy.before(fake.base_url) as proxy,
        aiohttp.ClientSession() as client,
    ):
        body = b'{"model": "m", "messages": [], "mark": "\xd1\x8f 87011234567"}'
        async with client.post(f"{proxy.url}/chat/completions?q=1", data=body) as answer:
            assert answer.status == 200
        sent = proxy.take()
        assert sent.startswith(b"POST /v1/chat/completions?q=1 HTTP/1.1")
        assert sent.endswith(body)
        assert proxy.take() == b""
        await asyncio.sleep(0)


def test_over_a_thousand_conversations_every_labelled_message_is_said() -> None:
    said = [text for talk in conversations(1000) for text in (*talk.turns, talk.instructions)]
    said += [text for talk in conversations(1000) for text in talk.replies]
    whole = "\n".join(said)
    assert all(message.text in whole for message in labelled())
