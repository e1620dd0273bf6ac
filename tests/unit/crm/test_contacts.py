"""Phones, searching and merging, without a database."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from crm.contacts.merging import merged_values
from crm.contacts.models import fold, new_contact, search_words
from crm.contacts.phones import normalise_phone
from crm.core.listing import prefix_search


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+7 701 123 45 67", "+77011234567"),
        ("8 (701) 123-45-67", "+77011234567"),
        ("701 123 45 67", "+77011234567"),
        ("77011234567", "+77011234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("8 7172 55 55 55", "+77172555555"),
        ("123", None),
        ("", None),
        ("позвоните мне", None),
        ("+7701123456700000", None),
    ],
)
def test_phones_as_people_write_them(text: str, phone: str | None) -> None:
    assert normalise_phone(text) == phone


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("айгул", True),
        ("АЙГҮЛ", True),
        ("сер айг", True),
        ("+7 701 123", True),
        ("8701123", True),
        ("701", True),
        ("aigul@", True),
        ("aika", True),
        ("гүл", False),
        ("702", False),
        (".*", False),
    ],
)
def test_contacts_are_found_by_beginnings(typed: str, found: bool) -> None:
    contact = new_contact(
        ObjectId(),
        name="Айгүл Серікқызы",
        phone="+77011234567",
        email="aigul@example.kz",
        identities=[{"profile_name": "Aika 🌸", "username": None}],
    )
    conditions = prefix_search("search", typed, fold)["$and"]
    hits = [
        any(re.search(condition["search"]["$regex"], word) for word in search_words(contact))
        for condition in conditions
    ]
    assert all(hits) is found


def test_a_merge_keeps_what_both_know() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    connection = ObjectId()

    def contact(**values: Any) -> dict[str, Any]:
        return {**new_contact(ObjectId()), **values}

    target = contact(
        name="Айгүл",
        phone="+77011234567",
        consents=[{"kind": "marketing", "granted": False, "at": late}],
        identities=[{"connection_id": connection, "external_id": "1", "profile_name": "New"}],
        attributes={"size": "M"},
        note="first",
        created_at=late,
    )
    source = contact(
        name="Aika",
        email="a@example.kz",
        consents=[{"kind": "marketing", "granted": True, "at": early}],
        identities=[
            {"connection_id": connection, "external_id": "1", "profile_name": "Old"},
            {"connection_id": connection, "external_id": "2", "profile_name": None},
        ],
        attributes={"size": "S", "colour": "red"},
        note="second",
        created_at=early,
    )
    merged = merged_values(target, source)
    assert (merged["name"], merged["phone"], merged["email"]) == (
        "Айгүл",
        "+77011234567",
        "a@example.kz",
    )
    assert [consent["granted"] for consent in merged["consents"]] == [True, False]
    assert {item["external_id"]: item["profile_name"] for item in merged["identities"]} == {
        "1": "New",
        "2": None,
    }
    assert merged["attributes"] == {"size": "M", "colour": "red"}
    assert merged["note"] == "first\n\nsecond"
    assert merged["created_at"] == early
