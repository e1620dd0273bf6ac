"""When people are called without being asked for, by the assistant's version."""

from collections.abc import Callable

import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]
UNKNOWN = (
    "есть ли у вас подарочные сертификаты?",
    "а парковка у вас есть?",
    "какой у вас вай-фай?",
)


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_so_many_failures_in_a_row_call_a_person(
    talk: Start, crm: FakeCrm, after: int
) -> None:
    crm.content = {"handoff": {"after_failures": after}}
    customer = talk()
    for number, text in enumerate(UNKNOWN[:after], 1):
        assert len(crm.written("handoff")) == 0
        said = await customer.say(text)
        assert ("Зову сотрудника" in said) == (number == after)
    assert crm.written("handoff")[0]["reason"] == "unanswered"


@pytest.mark.parametrize(
    "text",
    [
        "я с юристами к вам приду",
        "ЮРИСТУ отдам",
        "yuristu napishu",
        "сколько стоит доставка? юриста позову",
        "спасибо, дальше с вами говорит юрист",
        "құны қанша, заңгерлеріме айтам",
    ],
)
async def test_a_listed_word_calls_a_person_from_any_message(
    talk: Start, crm: FakeCrm, text: str
) -> None:
    crm.content = {"handoff": {"words": ["юрист", "заңгер"]}}
    customer = talk()
    await customer.say(text)
    assert customer.last["skill"] == "ask_human"
    [handoff] = crm.written("handoff")
    assert handoff["reason"] == "words"


async def test_a_listed_word_ends_a_form_even_with_a_phone_in_the_message(
    talk: Start, crm: FakeCrm
) -> None:
    crm.content = {"handoff": {"words": ["юрист"]}}
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("мой юрист, 8 701 123 45 67, вам позвонит")
    assert crm.written("handoff")[0]["reason"] == "words"
    assert crm.written("lead") == []
    assert await customer.say("спасибо") == "Пожалуйста, обращайтесь!"


async def test_another_word_calls_nobody(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"handoff": {"words": ["суд"]}}
    await talk().say("доставка судном возможна?")
    assert crm.written("handoff") == []


@pytest.mark.parametrize(
    ("again", "calls"),
    [
        ("я же спрашиваю, есть ли у вас доставка в Астану", True),
        ("ЕСТЬ ЛИ У ВАС ДОСТАВКА В АСТАНУ", True),
        ("есть ли у вас доставка в Астану?!!", True),
        ("есть ли у вас доставка в Шымкент?", False),
    ],
)
async def test_the_same_question_again_in_anger_calls_a_person(
    talk: Start, crm: FakeCrm, again: str, *, calls: bool
) -> None:
    customer = talk()
    await customer.say("есть ли у вас доставка в Астану?")
    await customer.say(again)
    assert [one["reason"] for one in crm.written("handoff")] == ["dissatisfaction"] * calls


async def test_anger_calls_nobody_where_the_version_does_not_care(
    talk: Start, crm: FakeCrm
) -> None:
    crm.content = {"handoff": {"on_dissatisfaction": False}}
    customer = talk()
    await customer.say("есть ли доставка в Астану?")
    await customer.say("ЕСТЬ ЛИ ДОСТАВКА В АСТАНУ???")
    await customer.tap("/give_feedback:1")
    await customer.say("вы привезли разбитый телевизор, верните деньги, это безобразие")
    assert crm.written("handoff") == []
    assert customer.buttons == ["/ask_human", "/deny"]


@pytest.mark.parametrize(("rating", "calls"), [(1, True), (2, True), (3, False), (5, False)])
async def test_a_very_low_rating_calls_a_person(
    talk: Start, crm: FakeCrm, rating: int, *, calls: bool
) -> None:
    await talk().tap(f"/give_feedback:{rating}")
    assert len(crm.written("handoff")) == calls


@pytest.mark.parametrize(
    ("ask", "offer", "accept", "asked"),
    [
        ("Позовите оператора", "Записать вас на звонок", "да", "Когда вам удобно"),
        ("адам шақырыңызшы", "қоңырау шалайық па?", "иә", "Қай уақытта"),
        ("call a human operator", "Shall I book a call", "yes please", "When would a call"),
    ],
)
async def test_outside_hours_a_call_is_offered_where_the_version_says_so(
    talk: Start, crm: FakeCrm, ask: str, offer: str, accept: str, asked: str
) -> None:
    crm.content = {"handoff": {"outside_hours": "callback"}}
    crm.open_now, crm.opens_at = False, "2026-11-23T04:00:00Z"
    customer = talk()
    assert offer in await customer.say(ask)
    assert len(crm.written("handoff")) == 1
    assert asked in await customer.say(accept)


async def test_outside_hours_no_call_is_offered_where_calls_are_off(
    talk: Start, crm: FakeCrm
) -> None:
    crm.content = {"handoff": {"outside_hours": "callback"}, "skills": {"callback": False}}
    crm.open_now, crm.opens_at = False, "2026-11-23T04:00:00Z"
    said = await talk().say("Позовите оператора")
    assert "понедельник" in said
    assert "звонок" not in said


async def test_who_waits_already_is_told_so(talk: Start, crm: FakeCrm) -> None:
    crm.status = "waiting"
    assert "уже знают" in await talk().say("есть ли у вас подарочные сертификаты?")
    assert crm.written("handoff") == []
