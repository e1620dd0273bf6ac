"""Whose names occur in what is written."""

from typing import Any

import pytest
from bson import ObjectId

from crm.contacts.known import ALIKE, KnownNames
from crm.contacts.models import new_contact
from crm.core.database import Database

ORGANIZATION = ObjectId()


async def add(database: Database, *names: str, **values: Any) -> list[ObjectId]:
    contacts = [new_contact(ORGANIZATION, name=name, **values) for name in names]
    await database.collection("contacts").insert_many(contacts)
    return [contact["_id"] for contact in contacts]


@pytest.fixture
def known(database: Database) -> KnownNames:
    return KnownNames(database=database)


async def test_a_rare_name_is_not_hidden_by_a_common_one(
    database: Database, known: KnownNames
) -> None:
    letters = "бвгдзклмнпрст"
    await add(
        database, *(f"Александр {a}о{b}о{c}ов" for a in letters for b in letters for c in "бвг")
    )
    await add(database, "Александр Ыдырысов")
    found = await known.find(ORGANIZATION, ["передайте александру ыдырысову, что всё готово"])
    assert "Александр Ыдырысов" in found
    assert len(found) <= 1 + ALIKE


async def test_who_writes_is_named_and_who_is_not_written_of_is_not(
    database: Database, known: KnownNames
) -> None:
    writing, _ = await add(database, "Дана", "Болат Ким")
    assert await known.find(ORGANIZATION, ["сколько стоит доставка?"], writing) == ["Дана"]
    assert await known.find(ORGANIZATION, [], writing) == []


async def test_a_name_on_a_platform_counts(database: Database, known: KnownNames) -> None:
    identity = {"connection_id": ObjectId(), "external_id": "1", "profile_name": "Гүлнәр А."}
    contact = new_contact(ORGANIZATION, identities=[identity])
    await database.collection("contacts").insert_one(contact)
    assert await known.find(ORGANIZATION, ["Гулнарға айтыңыз"]) == ["Гүлнәр А."]


async def test_another_organizations_people_are_nobody(
    database: Database, known: KnownNames
) -> None:
    await add(database, "Болат Ким")
    assert await known.find(ObjectId(), ["Болат Ким"]) == []
