"""The last word on whether one may be written to is the last that was said, not the last that came."""

from datetime import timedelta

import pytest

from crm.contacts.consents import holds, in_order, new_consent
from crm.core.clock import utc_now
from crm.core.database import RawDocument

NOW = utc_now()


def said(granted: bool, days_ago: float) -> RawDocument:
    at = NOW - timedelta(days=days_ago)
    return new_consent(kind="marketing", granted=granted, source="platform", at=at)


@pytest.mark.parametrize(
    ("consents", "holding"),
    [
        ([], None),
        ([said(True, 1)], True),
        ([said(True, 3), said(False, 0)], False),
        ([said(False, 0), said(True, 3)], False),  # the older one came later
        ([said(True, 0), said(False, 3)], True),
        ([said(True, 1), said(False, 1)], False),  # of the same second: as they came
        ([{**said(True, 1), "kind": "other"}], None),
        ([said(False, 2), {**said(True, 1), "kind": "other"}], False),
    ],
)
def test_the_newest_of_a_kind_holds(consents: list[RawDocument], *, holding: bool | None) -> None:
    assert holds(consents, "marketing") is holding


def test_they_are_kept_in_the_order_they_were_said() -> None:
    late, early = said(False, 0), said(True, 3)
    assert in_order([late, early]) == [early, late]


def test_nothing_was_said_in_the_future() -> None:
    assert said(True, -3)["at"] <= utc_now()
