"""The one path to providers: what is refused is not sent, what fails is tried as promised, all of it is written down."""

import asyncio
import gzip
import importlib.util
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from bot import outbound
from bot.answering.breaker import FAILURES, PAUSE_SECONDS, CircuitBreaker
from bot.answering.calls import EDGE, MAX_SAID, NoLedger, Own, Part, Said
from bot.answering.failures import ProviderError
from bot.answering.gateway import CallRecord, Gateway, Reply
from bot.answering.masked import masking_thread, new_masking
from bot.answering.providers import host_of, make_model
from bot.privacy.asking import Asked
from bot.privacy.markers import MarkerBook
from tests.fakes.ledger import FakeLedger
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.fakes.other_providers import OtherProviders
from tests.support.patience import PATIENCE_SECONDS, until

PRICE = {"input": 2.0, "output": 8.0, "currency": "USD"}
PARTS = [
    Part("system", (Own("Codes such as <PHONE_1> stay. You are "), Said("Айгерим 87051112233"))),
    Part("human", (Own("Passages"), Said("Звоните 8 701 555 01 23")), searched=True),
]


def llm_of(fake: FakeOpenAI, **values: Any) -> dict[str, Any]:
    return {
        "model": "openai:m",
        "base_url": fake.base_url,
        "api_key": "sk",
        "price": PRICE,
        **values,
    }


@pytest.fixture
async def gateway() -> Gateway:
    gateway = Gateway()
    await gateway.warm()
    return gateway


@pytest.fixture
def ask(gateway: Gateway, provider: FakeOpenAI, ledger: FakeLedger) -> Callable[..., Any]:
    async def run(**values: Any) -> Reply:
        return await gateway.ask(
            **{
                "purpose": "answer",
                "parts": PARTS,
                "masking": new_masking(None),
                "llm": llm_of(provider),
                "seconds": 120,
                "ledger": ledger,
                **values,
            }
        )

    return run


async def failure_of(asked: Any) -> str:
    with pytest.raises(ProviderError) as failure:
        await asked
    return failure.value.code


async def test_what_was_written_down_is_what_was_sent(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    provider.reply("Да, <PHONE_2>.")
    reply = await ask()
    (opened,), (closed,) = ledger.opened.values(), ledger.closed.values()
    sent = [(m["role"], m["content"]) for m in provider.seen[0].messages]
    assert sent == [("system", opened.messages[0][1]), ("user", opened.messages[1][1])]
    assert "<PHONE_1> stay" in sent[0][1]
    assert "Звоните <PHONE_2>" in sent[1][1]
    assert opened.said == "Звоните <PHONE_2>"
    assert {row["value"] for row in opened.markers} >= {"87051112233", "8 701 555 01 23"}
    assert opened.host == provider.base_url.split("/")[2]
    # The provider counts a quarter of the letters; a million tokens cost 2 and 8 dollars.
    prompt, written = sum(len(text) for _, text in sent) // 4, len("Да, <PHONE_2>.") // 4
    assert (closed.input_tokens, closed.output_tokens) == (prompt, written)
    assert closed.cost == round((prompt * 2 + written * 8) / 1e6, 6)
    assert 0 < closed.cost < opened.cost
    assert (closed.raw_answer, closed.error, closed.attempts) == ("Да, <PHONE_2>.", None, 1)
    assert (reply.text, reply.model, reply.cost) == ("Да, <PHONE_2>.", "openai:m", closed.cost)


async def test_without_a_ledger_nothing_leaves(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    assert await failure_of(ask(ledger=NoLedger())) == "ledger_unavailable"
    ledger.breaks = True
    assert await failure_of(ask()) == "ledger_unavailable"
    ledger.breaks, ledger.refuses = False, "spend_limit_reached"
    fallback = {"fallback": llm_of(provider, model="openai:small")}
    assert await failure_of(ask(llm=llm_of(provider, **fallback))) == "spend_limit_reached"
    ledger.refuses = "providers_forbidden"
    assert await failure_of(ask()) == "providers_forbidden"
    assert provider.seen == []


async def test_a_ledger_that_hangs_is_no_ledger(
    ask: Callable[..., Any], provider: FakeOpenAI
) -> None:
    class Hanging(FakeLedger):
        async def open(self, call: Any) -> str:
            await asyncio.sleep(600)
            raise AssertionError

    assert await failure_of(ask(ledger=Hanging(), seconds=2)) == "ledger_unavailable"
    assert provider.seen == []


async def test_when_masking_fails_nothing_is_even_written_down(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    class Broken:
        def mask(self, text: str) -> str:
            raise RuntimeError(text)

    assert await failure_of(ask(masking=Broken())) == "masking_failed"
    assert (provider.seen, ledger.opened) == ([], {})


class Slow:
    """Masks until it may be done, as if a hostile text held it up."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.book = MarkerBook()
        self.seen: list[int] = []

    def mask(self, text: str, *, asked: Asked = "") -> str:
        self.seen.append(len(text))
        self.done.wait(PATIENCE_SECONDS)
        return text


async def test_a_slow_masking_ends_with_the_deadline_and_holds_up_nobody_else(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    masking = Slow()
    parts = [Part("human", (Said("дом 5 " * 100),))]
    slow = asyncio.create_task(failure_of(ask(parts=parts, masking=masking, seconds=1)))
    await until(lambda: masking.seen)
    provider.reply("Да.")
    assert (await ask()).text == "Да."
    assert await slow == "masking_failed"
    masking.done.set()
    assert len(provider.seen) == len(ledger.opened) == 1


async def test_one_conversation_is_masked_by_one_thread_at_a_time() -> None:
    masking, running = Slow(), [0, 0]

    def work() -> None:
        running[0] += 1
        running[1] = max(running)
        time.sleep(0.05)
        running[0] -= 1

    await asyncio.gather(*(masking_thread(masking, work, seconds=60) for _ in range(4)))
    assert running == [0, 1]


def test_what_is_too_long_is_cut_before_it_is_masked() -> None:
    slow = Slow()
    slow.done.set()
    assert len(Said("а" * 1_000_000, 4_000).masked(slow)) == 4_000
    assert len(Said("а" * 1_000_000).masked(slow)) == MAX_SAID
    assert slow.seen == [4_000 + EDGE, MAX_SAID + EDGE]
    # A number that the cut went through is no number any more, and must not be read all the same.
    text = "8 701 555 01 23, " * 200
    for limit in range(1_000, 1_017):
        assert "701" not in Said(text, limit).masked(new_masking(None))


@pytest.mark.parametrize(
    "first", [FakeReply(status=500), FakeReply(status=503), FakeReply(drop=True)]
)
async def test_a_broken_provider_is_asked_once_more(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger, first: FakeReply
) -> None:
    provider.reply(first, "Да.")
    assert (await ask()).text == "Да."
    assert len(provider.seen) == 2
    (closed,) = ledger.closed.values()
    assert (closed.attempts, closed.error) == (2, None)


async def test_a_busy_provider_is_asked_again_when_it_says(
    ask: Callable[..., Any], provider: FakeOpenAI
) -> None:
    provider.reply(FakeReply(status=429, retry_after="1"), "Да.")
    began = time.monotonic()
    assert (await ask()).text == "Да."
    assert time.monotonic() - began >= 1
    provider.reply(FakeReply(status=429, retry_after="600"), "Да.")
    assert await failure_of(ask()) == "provider_busy"


async def test_what_will_not_get_better_is_not_repeated(
    ask: Callable[..., Any], provider: FakeOpenAI
) -> None:
    for status, code in ((401, "provider_rejected_key"), (404, "provider_model_unknown")):
        provider.seen.clear()
        provider.reply(FakeReply(status=status))
        assert await failure_of(ask()) == code
        assert len(provider.seen) == 1


async def test_the_fallback_answers_with_an_entry_of_its_own(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    async with FakeOpenAI.running() as second:
        second.reply("Да.")
        for first in (
            FakeReply(status=500),
            FakeReply(status=401),
            FakeReply(delay=600, text="поздно"),
        ):
            ledger.opened.clear()
            ledger.closed.clear()
            provider.reply(first)
            fallback = llm_of(second, model="openai:small", api_key="sk-2")
            records: list[CallRecord] = []
            reply = await ask(llm=llm_of(provider, fallback=fallback), seconds=4, records=records)
            assert (reply.text, reply.model) == ("Да.", "openai:small")
            hosts = [call.host for call in ledger.opened.values()]
            assert hosts == [fake.base_url.split("/")[2] for fake in (provider, second)]
            assert [bool(closed.error) for closed in ledger.closed.values()] == [True, False]
            assert [record.id for record in records] == list(ledger.opened)
        assert "sk-2" not in provider.everything
        assert "Bearer sk\n" not in second.everything


async def test_the_breaker_leaves_a_broken_provider_alone(
    provider: FakeOpenAI, ledger: FakeLedger, ask: Callable[..., Any], gateway: Gateway
) -> None:
    now = [0.0]
    gateway._breaker = CircuitBreaker(clock=lambda: now[0])
    provider.reply(FakeReply(drop=True))
    while len(provider.seen) < FAILURES:
        assert await failure_of(ask()) == "provider_unreachable"
    seen, opened = len(provider.seen), len(ledger.opened)
    assert await failure_of(ask()) == "provider_suspended"
    assert (len(provider.seen), len(ledger.opened)) == (seen, opened)
    # Another model of the same host, and another host, are not to blame.
    provider.reply("Да.")
    assert (await ask(llm=llm_of(provider, model="openai:other"))).text == "Да."
    now[0] += PAUSE_SECONDS
    assert (await ask()).text == "Да."
    assert (await ask()).text == "Да."


async def test_what_gets_too_little_time_is_not_to_blame(
    provider: FakeOpenAI, ask: Callable[..., Any]
) -> None:
    provider.reply(FakeReply(delay=30))
    for _ in range(FAILURES):
        assert await failure_of(ask(seconds=0.5)) == "provider_timeout"
    provider.reply("Да.")
    assert (await ask()).text == "Да."


def test_an_open_breaker_lets_one_try() -> None:
    now = [0.0]
    breaker = CircuitBreaker(clock=lambda: now[0])
    key = ("host", "model")
    for _ in range(FAILURES):
        assert breaker.allows(key)
        breaker.note(key, failed=True)
    assert not breaker.allows(key)
    now[0] += PAUSE_SECONDS
    assert [breaker.allows(key) for _ in range(3)] == [True, False, False]
    breaker.note(key, failed=True)
    assert not breaker.allows(key)
    now[0] += PAUSE_SECONDS
    assert breaker.allows(key)
    breaker.note(key, failed=False)
    assert [breaker.allows(key) for _ in range(2)] == [True, True]


async def test_a_wrong_key_of_one_tenant_suspends_nobody(
    ask: Callable[..., Any], provider: FakeOpenAI
) -> None:
    provider.reply(FakeReply(status=401))
    for _ in range(FAILURES + 1):
        assert await failure_of(ask()) == "provider_rejected_key"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda url: {"base_url": url.replace("http://", "https://")},
        lambda url: {"base_url": f"{url}/nowhere"},
        lambda url: {"api_key": "another"},
    ],
)
async def test_what_one_tenant_has_wrong_suspends_nobody_else(
    ask: Callable[..., Any], provider: FakeOpenAI, wrong: Callable[[str], dict[str, Any]]
) -> None:
    llm = llm_of(provider, **wrong(provider.base_url))
    provider.reply(FakeReply(drop=True))
    for _ in range(FAILURES):
        await failure_of(ask(llm=llm))
    provider.reply("Да.")
    assert (await ask()).text == "Да."


async def endless(body: bytes, head: bytes) -> tuple[asyncio.Server, list[int]]:
    """Serve an answer of a hundred megabytes, and count how much of it was taken."""
    taken = [0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n\r\n")
        with suppress(ConnectionError):
            while taken[0] < 100_000_000:
                writer.write(body)
                await writer.drain()
                taken[0] += len(body)
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0), taken


@pytest.mark.parametrize(
    ("model", "head", "event"),
    [
        (
            "openai:m",
            b"Content-Type: text/event-stream",
            b'data: {"id": "1", "choices": [{"index": 0, "delta": {"content": "word"}}]}\n\n',
        ),
        ("openai:m", b"Content-Type: application/json", b" " * 99),
        (
            "ollama:m",
            b"Content-Type: application/json",
            b'{"message": {"role": "assistant", "content": "a"}}\n',
        ),
        ("ollama:m", b"Content-Encoding: gzip", gzip.compress(b" " * 9_999)),
    ],
)
async def test_an_answer_without_end_is_not_read(
    ask: Callable[..., Any], ledger: FakeLedger, head: bytes, event: bytes, model: str
) -> None:
    server, taken = await endless(event * 200, head)
    async with server:
        port = server.sockets[0].getsockname()[1]
        llm = {"model": model, "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "k"}
        assert await failure_of(ask(llm=llm)) == "provider_too_long"
    assert taken[0] < 20_000_000
    assert [closed.error for closed in ledger.closed.values()] == ["provider_too_long"]


@pytest.mark.parametrize(
    "model", ["openai:m", "ollama:m", "anthropic:m", "google:m", "google_genai:m", "gigachat:m"]
)
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"],
)
async def test_where_private_addresses_are_forbidden_nobody_is_reached(
    ask: Callable[..., Any], provider: FakeOpenAI, model: str, host: str
) -> None:
    url = provider.base_url.replace("127.0.0.1", host)
    llm = {"model": model, "base_url": url, "api_key": "k", "public_only": True}
    assert await failure_of(ask(llm=llm)) == "provider_private"
    assert provider.seen == []
    # Another tenant may share the connection's client, and be allowed what this one is not.
    provider.reply("Да.")
    if model.startswith("openai") and host == "127.0.0.1":
        assert (await ask(llm={**llm, "public_only": False})).text == "Да."
        assert await failure_of(ask(llm=llm)) == "provider_private"


async def test_the_connection_goes_to_the_address_that_was_checked(
    ask: Callable[..., Any], provider: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def once(host: str, _: int | None) -> list[str]:
        assert host == "model.example.kz"
        return ["127.0.0.1"]

    monkeypatch.setattr(outbound, "addresses_of", once)
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.1")
    provider.reply("Да.")
    url = provider.base_url.replace("127.0.0.1", "model.example.kz")
    # A second look at the name would find nothing: there is no such host.
    assert (await ask(llm=llm_of(provider, base_url=url, public_only=True))).text == "Да."


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("::7f00:1", False),
        ("::a00:1", False),
        ("fec0::1", False),
        ("192.168.0.1", False),
        ("198.18.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_what_is_of_the_internet(address: str, public: bool) -> None:
    assert outbound.is_public(address) is public


async def test_a_stream_is_read_to_its_end_or_not_used(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger
) -> None:
    text = "Доставка в Астану стоит 1 500 тенге и занимает два дня."
    provider.reply(FakeReply(text=text, pause=0.01))
    assert (await ask()).text == text
    assert provider.seen[-1].body["stream"] is True
    provider.reply(FakeReply(text=text, pause=1))
    assert await failure_of(ask(seconds=2)) == "provider_timeout"
    assert list(ledger.closed.values())[-1].raw_answer is None
    provider.reply(FakeReply(text=text, break_after=3))
    assert await failure_of(ask()) == "provider_unreachable"


async def test_a_server_without_streams_is_remembered(
    ask: Callable[..., Any], provider: FakeOpenAI
) -> None:
    provider.reply(FakeReply(text="Да.", streams=False))
    assert (await ask()).text == "Да."
    assert [bool(seen.body.get("stream")) for seen in provider.seen] == [True, False]
    await ask()
    assert not provider.seen[-1].body.get("stream")
    assert len(provider.seen) == 3


async def test_who_is_cancelled_closes_the_entry(
    ask: Callable[..., Any], provider: FakeOpenAI, ledger: FakeLedger, gateway: Gateway
) -> None:
    provider.reply(FakeReply(delay=600, text="поздно"))
    task = asyncio.create_task(ask())
    await until(lambda: provider.seen)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gateway.drain()
    (closed,) = ledger.closed.values()
    # It was sent, and may be charged for.
    assert (closed.error, closed.cost > 0) == ("cancelled", True)


async def test_an_entry_that_cannot_be_closed_keeps_no_answer_back(
    ask: Callable[..., Any], provider: FakeOpenAI, gateway: Gateway
) -> None:
    class Slow(FakeLedger):
        may = asyncio.Event()

        async def close(self, call_id: str, result: Any) -> None:
            await self.may.wait()
            await super().close(call_id, result)

    class Broken(FakeLedger):
        async def close(self, call_id: str, result: Any) -> None:
            raise ConnectionError

    provider.reply("Да.")
    slow = Slow()
    assert (await ask(ledger=slow)).text == "Да."
    assert slow.closed == {}
    slow.may.set()
    await gateway.drain()
    assert len(slow.closed) == 1
    assert (await ask(ledger=Broken())).text == "Да."


@pytest.mark.parametrize(
    ("model", "package", "header"),
    [
        ("anthropic:claude", "langchain_anthropic", None),
        ("google:gemini", "langchain_google_genai", "x-goog-api-key"),
        ("gigachat:GigaChat", "langchain_gigachat", "Authorization"),
    ],
)
async def test_the_optional_providers(
    ask: Callable[..., Any], ledger: FakeLedger, model: str, package: str, header: str | None
) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install 'aitys[{model.partition(':')[0]}]'")
    async with OtherProviders.running() as fake:
        llm = {"model": model, "base_url": fake.url, "api_key": "k-1", "max_tokens": 77}
        reply = await ask(llm=llm, seconds=20)
        assert reply.text == fake.text
        assert (reply.input_tokens, reply.output_tokens) == (25, 15)
        ((_, headers, body),) = fake.seen
        assert "8 701 555" not in str(body)
        assert "<PHONE_2>" in str(body)
        assert "77" in str(body)
        if header:
            assert "k-1" in headers[header]
        fake.status = 500
        assert await failure_of(ask(llm=llm, seconds=20)) == "provider_failed"
        assert len(fake.seen) == 3
        fake.status = 401
        assert await failure_of(ask(llm=llm, seconds=20)) == "provider_rejected_key"
    hosts = {call.host for call in ledger.opened.values()}
    assert hosts == {fake.url.removeprefix("http://")}


@pytest.mark.parametrize(
    ("model", "package"),
    [
        ("openai:m", "langchain_openai"),
        ("ollama:m", "langchain_ollama"),
        ("anthropic:m", "langchain_anthropic"),
        ("google:m", "langchain_google_genai"),
        ("gigachat:m", "langchain_gigachat"),
    ],
)
async def test_a_provider_that_sends_us_on_is_not_followed(
    ask: Callable[..., Any], provider: FakeOpenAI, model: str, package: str
) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    async with FakeOpenAI.redirecting(provider.base_url) as url:
        llm = {"model": model, "base_url": url, "api_key": "k"}
        assert (await failure_of(ask(llm=llm, seconds=20))).startswith("provider_")
    assert provider.seen == []


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("bot.answering.providers.importlib.import_module", absent)
    with pytest.raises(ProviderError) as failure:
        make_model({"model": "anthropic:claude"})
    assert failure.value.code == "provider_extra_missing"
    assert failure.value.detail == (
        "The provider anthropic needs one more package: pip install 'aitys[anthropic]'."
    )


@pytest.mark.parametrize(
    ("llm", "host"),
    [
        ({"model": "openai:m"}, "api.openai.com"),
        (
            {"model": "openai:m", "base_url": "https://u:p@llm.example.kz:8443/v1"},
            "llm.example.kz:8443",
        ),
        ({"model": "ollama:m"}, "127.0.0.1:11434"),
        ({"model": "gigachat:m"}, "gigachat.devices.sberbank.ru"),
        ({"model": "other:m"}, "other"),
    ],
)
def test_to_whom_it_goes(llm: dict[str, Any], host: str) -> None:
    assert host_of(llm) == host
