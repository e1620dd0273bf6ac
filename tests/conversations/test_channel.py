"""What the channel promises: idempotent, all or nothing, silent while paused, safe with any input."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]


async def test_the_same_message_again_gives_the_recorded_replies_and_runs_nothing(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    body = customer.turn("позовите оператора", message_id=f"{customer.id}-x")
    first = await customer.post("turn", body)
    calls = crm.calls
    assert await customer.post("turn", body) == first
    assert crm.calls == calls
    assert len(crm.written("handoff")) == 1


async def test_a_failed_action_is_503_and_the_turn_runs_once_when_tried_again(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    for line in ("хочу сделать заказ", "торт", "Асель"):
        await customer.say(line)
    body = customer.turn("8 701 123 45 67")
    crm.failures = 1_000
    status, problem = await customer.post("turn", body)
    assert (status, problem["code"]) == (503, "turn_aborted")
    assert crm.written("lead") == []
    crm.failures = 0
    status, answer = await customer.post("turn", body)
    assert status == 200
    assert "заявка принята" in answer["replies"][-1]["text"]
    assert len(crm.written("lead")) == 1


async def test_a_short_failure_of_the_crm_is_not_noticed(talk: Start, crm: FakeCrm) -> None:
    crm.failures = 2
    assert "Зову сотрудника" in await talk().say("позовите оператора")


async def test_a_first_turn_that_fails_leaves_no_conversation(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    body = customer.turn("позовите оператора")
    crm.failures = 1_000
    assert (await customer.post("turn", body))[0] == 503
    crm.failures = 0
    assert (await customer.post("turn", body))[0] == 200


async def test_messages_of_one_conversation_run_one_after_the_other(talk: Start) -> None:
    customer = talk()
    bodies = [customer.turn("привет") for _ in range(5)]
    answers = await asyncio.gather(*(customer.post("turn", body) for body in bodies))
    assert [status for status, _ in answers] == [200] * 5


async def test_while_paused_it_is_silent_and_afterwards_goes_on(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("привет")
    await customer.record(pause=True)
    assert await customer.say("есть тут кто?") == ""
    assert customer.last["intent"]["name"] is None
    await customer.record(("operator", "Я здесь"), ("customer", "а доставка?"), pause=False)
    assert "бесплатная" in await customer.say("есть ли доставка?")


async def test_a_take_over_in_which_nobody_wrote_keeps_the_form(talk: Start) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.record(pause=True)
    await customer.record(pause=False)
    assert "зовут" in await customer.say("торт")


async def test_after_an_operator_wrote_the_form_is_not_asked_on(talk: Start) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.record(("operator", "Всё оформил"), pause=True)
    await customer.record(pause=False)
    assert await customer.say("спасибо") == "Пожалуйста, обращайтесь!"


async def test_recording_is_idempotent(talk: Start) -> None:
    customer = talk()
    body = {
        "conversation_id": customer.id,
        "events": [{"id": "one", "role": "operator", "text": "Добрый день"}],
        "pause": True,
    }
    assert (await customer.post("record", body))[0] == 200
    assert (await customer.post("record", body))[0] == 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u0000\u0000",
        "ал\u0000ло",
        "😀😀😀",
        "\u202eпривет\u202c",
        "שלום, יש משלוח?",
        "а" * 10_000,
        "где мой заказ " * 1_000,
        "8" * 5_000,
        "[торт](product) {name} ${x} <b>",
        '/restart{"a": 1}',
        "/ask_human",
        "\n\n\n",
        "٣٤٥",
        "\u200b\u200b",
    ],
)
async def test_any_text_gets_a_sensible_reply(talk: Start, crm: FakeCrm, text: str) -> None:
    customer = talk()
    assert await customer.say(text)
    assert crm.written("lead") == []
    await customer.say("хочу сделать заказ")
    await customer.say(text)
    assert await customer.say("привет")


async def test_text_that_looks_like_a_command_is_only_text(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("/place_order")
    assert customer.last["intent"]["confidence"] < 1
    await customer.say('/give_feedback{"rating": "5"}')
    assert crm.written("feedback") == [] or crm.written("feedback")[0]["comment"].startswith("/")


async def test_telegrams_start_is_a_greeting(talk: Start) -> None:
    customer = talk()
    await customer.say("/start")
    assert customer.intent == "greet"


@pytest.mark.parametrize(
    "payload", ["/restart", "/ask_human:5", "ask_human", "/give_feedback{}", "/" + "a" * 300]
)
async def test_foreign_payloads_are_refused(talk: Start, payload: str) -> None:
    customer = talk()
    status, problem = await customer.post("turn", customer.turn("", payload))
    assert (status, problem["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"conversation_id": 1, "message": {}, "metadata": {}},
        {"conversation_id": "c", "message": {"id": "m", "text": None}, "metadata": {}},
        {"conversation_id": "c", "message": {"id": "m", "text": "x"}, "metadata": {"language": 5}},
        {"conversation_id": "", "message": {"id": "m", "text": "x"}, "metadata": {}},
    ],
)
async def test_malformed_bodies_are_400(talk: Start, body: object) -> None:
    status, problem = await talk().post("turn", body)  # type: ignore[arg-type]
    assert (status, problem["code"]) == (400, "invalid")


async def test_without_the_token_nothing_is_answered(engine_url: str) -> None:
    async with aiohttp.ClientSession() as stranger:
        for path in ("webhooks/aitys/turn", "webhooks/aitys/record", "model/parse"):
            async with stranger.post(f"{engine_url}/{path}", json={}) as response:
                assert response.status == 401
        async with stranger.get(f"{engine_url}/webhooks/aitys/") as response:
            assert response.status == 401


async def test_the_nlu_alone_can_be_asked(engine_url: str, session: aiohttp.ClientSession) -> None:
    url = f"{engine_url}/model/parse?token=engine-token"
    async with session.post(url, json={"text": "меня зовут Асель"}) as response:
        parsed = await response.json()
    assert parsed["intent"]["name"] == "give_contact"
    assert [(entity["entity"], entity["value"]) for entity in parsed["entities"]] == [
        ("name", "Асель")
    ]
