"""Calls: time in the tenant's zone, phone, unclear times. The clock stands at Wednesday, 18 November 2026, 14:20 in Almaty."""

from collections.abc import Callable

import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]
PHONE = "8 701 123 45 67"


@pytest.mark.parametrize(
    ("text", "due", "spoken"),
    [
        ("Позвоните мне завтра в 15:00", "2026-11-19T10:00:00Z", "завтра, 19 ноября, в 15:00"),
        ("перезвоните через час", "2026-11-18T10:20:00Z", "сегодня, 18 ноября, в 15:20"),
        (
            "ертең сағат үште қоңырау шалыңызшы",
            "2026-11-19T10:00:00Z",
            "ертең, 19 қараша, сағат 15:00",
        ),
        ("call me next Monday morning", "2026-11-23T05:00:00Z", "on Monday, 23 November, at 10:00"),
        ("perezvonite zavtra v 15:00", "2026-11-19T10:00:00Z", "завтра, 19 ноября, в 15:00"),
    ],
)
async def test_a_call_becomes_a_task_that_is_due_then(
    talk: Start, crm: FakeCrm, text: str, due: str, spoken: str
) -> None:
    customer = talk()
    await customer.say(text)
    assert spoken in await customer.say(PHONE)
    [task] = crm.written("tasks")
    assert (task["kind"], task["due_at"]) == ("callback", due)
    assert crm.written("contact") == [{"phone": "+77011234567"}]


@pytest.mark.parametrize(
    ("ask", "vague", "clear", "complaint"),
    [
        ("перезвоните мне пожалуйста", "когда-нибудь попозже", "завтра в 11", "не разобрал время"),
        ("маған қоңырау шалыңызшы", "кейінірек", "ертең сағат 11-де", "уақытын түсінбей"),
        ("please call me back", "whenever later", "tomorrow at 11", "did not catch the time"),
    ],
)
async def test_an_unclear_time_is_asked_back(
    talk: Start, crm: FakeCrm, ask: str, vague: str, clear: str, complaint: str
) -> None:
    crm.contact = {"phone": "+77011234567"}
    customer = talk()
    await customer.say(ask)
    assert complaint in await customer.say(vague)
    assert crm.written("tasks") == []
    await customer.say(clear)
    assert crm.written("tasks")[0]["due_at"] == "2026-11-19T06:00:00Z"


async def test_a_day_is_remembered_until_the_hour_is_said(talk: Start, crm: FakeCrm) -> None:
    crm.contact = {"phone": "+77011234567"}
    customer = talk()
    await customer.say("перезвоните мне")
    assert "В котором часу?" in await customer.say("в пятницу")
    await customer.say("в 11")
    assert crm.written("tasks")[0]["due_at"] == "2026-11-20T06:00:00Z"


async def test_a_phone_that_is_known_is_not_asked_for(talk: Start, crm: FakeCrm) -> None:
    crm.contact = {"phone": "+77011234567"}
    assert "+7 701 123 45 67" in await talk().say("позвоните мне завтра в 15:00")


async def test_time_and_phone_in_one_message(talk: Start, crm: FakeCrm) -> None:
    await talk().say("перезвоните мне завтра в 10 утра на номер 8 701 123 45 67")
    assert crm.written("tasks")[0]["due_at"] == "2026-11-19T05:00:00Z"


async def test_a_question_in_between(talk: Start, crm: FakeCrm) -> None:
    crm.contact = {"phone": "+77011234567"}
    customer = talk()
    await customer.say("перезвоните мне")
    said = await customer.say("а доставка у вас платная?")
    assert "бесплатная" in said
    assert "Когда вам удобно" in said
    await customer.say("через полчаса")
    assert crm.written("tasks")[0]["due_at"] == "2026-11-18T09:50:00Z"


async def test_a_call_can_be_given_up(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("перезвоните мне")
    assert "отменил" in await customer.say("отмена, не надо звонить")
    assert crm.written("tasks") == []
