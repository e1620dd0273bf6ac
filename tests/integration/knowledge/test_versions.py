"""Snapshots of passages: by intervals, pruned, published."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.errors import NotFound
from crm.core.events import NewEvent
from crm.core.feature import Core
from crm.knowledge.models import PASSAGES
from crm.knowledge.service import Knowledge
from crm.knowledge.versions import KEPT, SourceChangedError
from tests.support.console import Console


class Book:
    """One document of an organization, written paragraph by paragraph."""

    def __init__(self, core: Core, organization_id: ObjectId) -> None:
        self.core = core
        self.organization_id = organization_id
        self.versions = Knowledge(database=core.database, events=core.events).versions
        self.source_id = ObjectId()

    async def event(self, _session: Any) -> NewEvent | None:
        return NewEvent(type="knowledge.updated", subject_id=self.source_id, data={})

    async def write(self, *texts: str, source_id: ObjectId | None = None, **fields: Any) -> int:
        contents = [
            {
                "document": "book.md",
                "title": "Book",
                "heading": [],
                "language": "ru",
                "text": text,
                "page": None,
                "source_valid_from": None,
                "source_valid_until": None,
                **fields,
            }
            for text in texts
        ]
        return await self.versions.replace(
            self.organization_id, source_id or self.source_id, contents, self.event
        )

    async def read(self, version: int) -> list[tuple[int, str]]:
        rows = await self.versions.passages(self.organization_id, version)
        return [(row["position"], row["text"]) for row in rows]

    async def ids(self, version: int) -> dict[str, ObjectId]:
        rows = await self.versions.passages(self.organization_id, version)
        return {row["text"]: row["id"] for row in rows}

    async def rows(self) -> list[Any]:
        found = self.core.database.collection(PASSAGES).find(
            {"organization_id": self.organization_id}
        )
        return await found.sort("from", 1).to_list()

    async def publish(self, version: int) -> None:
        await self.core.database.in_transaction(
            lambda session: self.versions.publish(self.organization_id, version, session)
        )

    async def answers(self) -> int:
        return await self.versions.current(self.organization_id)

    async def hold_back(self) -> None:
        await self.core.database.collection("organizations").update_one(
            {"_id": self.organization_id}, {"$set": {"knowledge_goes_live": "with_publishing"}}
        )


@pytest.fixture
def book(core: Core, owner: Console) -> Book:
    return Book(core, owner.organization_id)


async def test_a_change_writes_only_what_changed_and_old_versions_stay_readable(book: Book) -> None:
    assert await book.write("один", "два", "три") == 1
    before = {row["text"]: row["_id"] for row in await book.rows()}
    assert await book.write("ноль", "один", "новое", "три") == 2
    assert await book.read(1) == [(0, "один"), (1, "два"), (2, "три")]
    assert await book.read(2) == [(0, "ноль"), (1, "один"), (2, "новое"), (3, "три")]
    rows = await book.rows()
    assert len(rows) == 5
    assert {row["text"]: (row["_id"], row["to"]) for row in rows if row["from"] == 1} == {
        "один": (before["один"], None),
        "два": (before["два"], 2),
        "три": (before["три"], None),
    }


async def test_writing_the_same_again_makes_no_version(book: Book) -> None:
    assert await book.write("один", "два") == 1
    assert await book.write("один", "два") == 1
    assert len(await book.rows()) == 2


async def test_a_passage_keeps_its_id_when_it_moves_or_its_page_changes(book: Book) -> None:
    await book.write("один", "два", "три")
    first = await book.ids(1)
    assert await book.write("три", "один", "два") == 2
    assert await book.read(2) == [(0, "три"), (1, "один"), (2, "два")]
    assert await book.ids(2) == first
    await book.write("три", "один", "два", page=7)
    assert await book.ids(3) == first
    assert len(await book.rows()) == 3 + 1 + 3


async def test_what_a_person_set_stays_with_the_text(book: Book) -> None:
    await book.write("один", "два")
    passage_id = (await book.ids(1))["два"]
    values = {"excluded": True, "valid_until": "2026-12-31"}
    where = {"passage_id": passage_id}
    version = await book.versions.amend(book.organization_id, where, values, book.event)
    assert await book.read(version) == [(0, "один")]
    assert await book.read(version - 1) == [(0, "один"), (1, "два")]
    await book.write("начало", "два", heading=["Глава"])
    row = (await book.rows())[-1]
    assert (row["text"], row["excluded"], row["valid_until"]) == ("два", True, "2026-12-31")
    assert row["passage_id"] == passage_id


async def test_days_of_document_and_passage_are_counted_together(book: Book) -> None:
    await book.write("один", source_valid_from="2026-01-10", source_valid_until="2026-06-30")
    passage_id = (await book.ids(1))["один"]
    values = {"valid_from": "2026-01-01", "valid_until": "2026-05-31"}
    await book.versions.amend(book.organization_id, {"passage_id": passage_id}, values, book.event)
    (row,) = await book.versions.passages(book.organization_id, 2)
    assert (row["valid_from"], row["valid_until"]) == ("2026-01-10", "2026-05-31")


async def test_insertions_at_one_place_never_run_out_of_room(book: Book) -> None:
    texts = ["начало", "конец"]
    await book.write(*texts)
    for number in range(60):
        texts.insert(1, f"абзац {number}")
        await book.write(*texts)
    assert [text for _, text in await book.read(61)] == texts
    assert [position for position, _ in await book.read(61)] == list(range(62))


async def test_changes_between_versions_are_told_by_document(book: Book) -> None:
    other = ObjectId()
    await book.write("один", "два")
    await book.write("иное", source_id=other, document="a.md")
    await book.write("один", "два!", "три")
    await book.write(source_id=other)
    organization_id = book.organization_id
    changes = book.versions.changes
    added = {"source_id": book.source_id, "name": "book.md", "change": "added", "passages": 3}
    assert await changes(organization_id, 0, 4) == [added]
    assert await changes(organization_id, 1, 3) == [
        {"source_id": other, "name": "a.md", "change": "added", "passages": 1},
        {"source_id": book.source_id, "name": "book.md", "change": "changed", "passages": 3},
    ]
    # Backwards: what going back would do.
    assert await changes(organization_id, 4, 3) == [
        {"source_id": other, "name": "a.md", "change": "added", "passages": 1}
    ]
    assert await changes(organization_id, 4, 0) == [{**added, "change": "removed"}]
    assert await changes(organization_id, 3, 3) == []


async def test_changes_go_live_at_once_unless_they_wait_for_publishing(book: Book) -> None:
    await book.write("один")
    assert await book.answers() == 1
    await book.hold_back()
    await book.write("два")
    assert (await book.answers(), await book.versions.head(book.organization_id)) == (1, 2)
    await book.publish(2)
    assert await book.answers() == 2


async def test_who_answers_from_an_older_version_goes_on_until_somebody_publishes(
    book: Book,
) -> None:
    await book.write("один")
    await book.write("два")
    await book.publish(1)
    await book.write("три")
    assert (await book.answers(), await book.versions.head(book.organization_id)) == (1, 3)
    await book.publish(3)
    await book.write("четыре")
    assert await book.answers() == 4


async def test_a_version_that_never_was_cannot_be_read_or_published(book: Book, core: Core) -> None:
    await book.write("один")
    assert not await book.versions.exists(book.organization_id, 2)
    with pytest.raises(NotFound):
        await book.read(2)
    with pytest.raises(NotFound):
        await book.publish(2)
    assert await book.answers() == 1


async def test_rows_nobody_can_reach_are_pruned_and_their_versions_gone(book: Book) -> None:
    for number in range(1, 6):
        await book.write("общее", f"текст {number}")
    await book.publish(2)
    later = utc_now() + KEPT + timedelta(hours=1)
    assert await book.versions.prune(book.organization_id, utc_now()) == 0
    # Version 2 answers, version 5 answered when 2 was published: both are kept.
    assert await book.versions.prune(book.organization_id, later) == 3
    assert await book.versions.prune(book.organization_id, later) == 0
    assert [text for _, text in await book.read(2)] == ["общее", "текст 2"]
    assert [text for _, text in await book.read(5)] == ["общее", "текст 5"]
    for gone in (1, 3, 4):
        with pytest.raises(NotFound):
            await book.read(gone)
        with pytest.raises(NotFound):
            await book.publish(gone)
    assert (
        (await book.read(0)) == [] if await book.versions.exists(book.organization_id, 0) else True
    )


async def test_a_source_that_changed_meanwhile_is_not_written(book: Book) -> None:
    await book.write("один")

    async def give_up(_session: Any) -> NewEvent | None:
        return None

    with pytest.raises(SourceChangedError):
        await book.versions.replace(book.organization_id, book.source_id, [], give_up)
    assert await book.read(1) == [(0, "один")]
    assert await book.versions.head(book.organization_id) == 1


async def test_passages_are_found_as_they_were_in_a_version(book: Book, stranger: Console) -> None:
    await book.write("один", "два")
    ids = await book.ids(1)
    await book.write("один", "два", page=3)
    found = await book.versions.passages_of(book.organization_id, 1, list(ids.values())[:1])
    assert [(row["text"], row["page"]) for row in found] == [("один", None)]
    assert await book.versions.passages_of(stranger.organization_id, 1, list(ids.values())) == []
