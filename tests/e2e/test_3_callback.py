"""Story 3: a callback becomes a task that is due at the time that was said, in the company's time zone."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.people import Operator, Visitor

type NewVisitor = Callable[..., Awaitable[Visitor]]

ALMATY = ZoneInfo("Asia/Almaty")


def now() -> datetime:
    return datetime.now(ALMATY)


def tomorrow_at(hour: int) -> datetime:
    return datetime.combine(now().date() + timedelta(days=1), time(hour), ALMATY)


def next_monday() -> datetime:
    days = 7 - now().weekday()
    return datetime.combine(now().date() + timedelta(days=days), time(9), ALMATY)


async def newest_callback(operator: Operator) -> datetime:
    found = await operator.call("GET", "/api/tasks?kind=callback&sort=-created_at&limit=1")
    return datetime.fromisoformat(found["items"][0]["due_at"]).astimezone(ALMATY)


@pytest.mark.parametrize(
    ("said", "phone", "agreed", "due", "slack"),
    [
        (
            "Позвоните мне завтра в 15:00",
            "8 701 555 01 01",
            "Договорились",
            lambda: tomorrow_at(15),
            0,
        ),
        (
            "перезвоните через час",
            "87015550102",
            "Договорились",
            lambda: now() + timedelta(hours=1),
            3,
        ),
        ("ертең сағат үште қоңырау шалыңыз", "87015550103", "Келістік", lambda: tomorrow_at(15), 0),
        ("call me next Monday morning", "+7 701 555 01 04", "Agreed", next_monday, 180),
    ],
    ids=["tomorrow", "in-an-hour", "kazakh", "next-monday"],
)
async def test_a_time_becomes_a_due_task(
    new_visitor: NewVisitor,
    operator: Operator,
    said: str,
    phone: str,
    agreed: str,
    due: Callable[[], datetime],
    slack: int,
) -> None:
    visitor = await new_visitor()
    wanted = [due()]
    await visitor.ask(said, "номер|number|нөмір")
    wanted.append(due())  # another day, when midnight came meanwhile
    await visitor.ask(phone, agreed)
    found = await newest_callback(operator)
    assert min(abs(found - moment) for moment in wanted) <= timedelta(minutes=slack)


async def test_an_unclear_time_is_asked_back(new_visitor: NewVisitor, operator: Operator) -> None:
    visitor = await new_visitor()
    await visitor.ask("Позвоните мне как-нибудь, мой номер 8 701 555 01 05", "Когда вам удобно")
    wanted = {tomorrow_at(11)}
    await visitor.ask("завтра", "В котором часу")
    wanted.add(tomorrow_at(11))
    await visitor.ask("в 11", "Договорились")
    assert await newest_callback(operator) in wanted
