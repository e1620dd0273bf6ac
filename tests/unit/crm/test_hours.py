"""When people are there, in the organization's own time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.bot_api.hours import DAYS, opening

ALMATY = ZoneInfo("Asia/Almaty")  # UTC+5


def organization(**more: Any) -> dict[str, Any]:
    week = {day: [["09:00", "13:00"], ["14:00", "19:00"]] for day in DAYS[:5]}
    return {
        "timezone": "Asia/Almaty",
        "business_hours": {**week, "sat": [["10:00", "24:00"]]},
    } | more


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23 09:00", None),  # Monday, on the minute
        ("2026-11-23 08:59", "2026-11-23 09:00"),
        ("2026-11-23 13:00", "2026-11-23 14:00"),  # closed for lunch
        ("2026-11-23 19:00", "2026-11-24 09:00"),
        ("2026-11-28 23:59", None),  # Saturday, open until midnight
        ("2026-11-29 00:00", "2026-11-30 09:00"),  # Sunday
    ],
)
def test_opening(moment: str, expected: str | None) -> None:
    open_now, opens_at = opening(organization(), at(moment))
    assert open_now is (expected is None)
    assert opens_at == (None if expected is None else at(expected))


def test_a_holiday_is_closed_all_day() -> None:
    closed = organization(holidays=["2026-12-16"])
    assert opening(closed, at("2026-12-16 10:00")) == (False, at("2026-12-17 09:00"))


def test_without_hours_people_are_always_there() -> None:
    nothing = organization(business_hours={day: [] for day in DAYS})
    assert opening(nothing, at("2026-11-29 03:00")) == (True, None)


def test_a_month_of_holidays_promises_nothing() -> None:
    first = datetime(2026, 12, 1, tzinfo=ALMATY)
    days = [(first + timedelta(days=n)).date().isoformat() for n in range(40)]
    assert opening(organization(holidays=days), at("2026-12-01 10:00")) == (False, None)
