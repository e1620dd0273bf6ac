"""Transactions, the event log, migrations, lists and rate limits over a real database."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Invalid, TooManyRequests
from crm.core.event_hub import EventHub
from crm.core.events import Event, EventLog, NewEvent, Reset
from crm.core.listing import Listing, ListQuery, Sortable
from crm.core.migrations import FIRST_INDEXES, MIGRATIONS, migrate
from crm.core.rate_limits import Limit, RateLimiter
from crm.core.settings import Settings, SettingsError
from tests.support.patience import PATIENCE_SECONDS, until


def event(text: str = "x") -> NewEvent:
    return NewEvent(type="task.created", subject_id=ObjectId(), data={"text": text})


class TestTransactions:
    async def test_all_or_nothing(self, database: Database) -> None:
        things = database.collection("things")

        async def fail(session: Session) -> None:
            await things.insert_one({"_id": 1}, session=session)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await database.in_transaction(fail)
        assert await things.count_documents({}) == 0

    @pytest.mark.parametrize("serial", [None, "one queue"])
    async def test_conflicting_work_runs_again(
        self, database: Database, serial: str | None
    ) -> None:
        things = database.collection("things")
        await things.insert_one({"_id": 1, "count": 0})

        async def add_one(session: Session) -> None:
            found = await things.find_one({"_id": 1}, session=session)
            assert found is not None
            await asyncio.sleep(0.001)
            await things.update_one(
                {"_id": 1}, {"$set": {"count": found["count"] + 1}}, session=session
            )

        await asyncio.gather(*(database.in_transaction(add_one, serial=serial) for _ in range(20)))
        found = await things.find_one({"_id": 1})
        assert found is not None
        assert found["count"] == 20

    async def test_a_standalone_or_absent_database_is_told(self, settings: Settings) -> None:
        without = settings.model_copy(update={"mongodb_uri": None})
        with pytest.raises(SettingsError, match="AITYS_MONGODB_URI is absent"):
            await Database.connect(without)


class TestEvents:
    async def test_numbers_have_no_gaps_under_concurrency(self, database: Database) -> None:
        """Two processes, twenty writers, some of which fail."""
        logs = [EventLog(database), EventLog(Database(database.client, database.db.name))]
        organizations = [ObjectId(), ObjectId()]

        async def write(number: int) -> None:
            log = logs[number % 2]
            organization_id = organizations[number % 3 % 2]

            async def work(session: Session) -> None:
                await log.append(organization_id, [event(), event()], session)
                if number % 5 == 0:
                    raise ZeroDivisionError

            own = log._database
            if number % 5 == 0:
                with pytest.raises(ZeroDivisionError):
                    await own.in_transaction(work, serial=organization_id)
            else:
                await own.in_transaction(work, serial=organization_id)

        await asyncio.gather(*(write(number) for number in range(20)))
        written = 0
        for organization_id in organizations:
            numbers = [item.seq for item in await logs[0].read(organization_id, 0)]
            assert numbers == list(range(1, len(numbers) + 1))
            written += len(numbers)
        assert written == 32

    async def test_readers_get_each_event_once_in_order(self, database: Database) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)
        await hub.start()
        organization_id = ObjectId()
        await log.append(organization_id, [event("1"), event("2")])

        async def read(after: int, count: int) -> list[int]:
            found = []
            async for item in hub.subscribe(organization_id, after):
                assert isinstance(item, Event)
                found.append(item.seq)
                if len(found) == count:
                    break
            return found

        readers = [asyncio.create_task(read(0, 52)), asyncio.create_task(read(1, 51))]
        await asyncio.gather(*(log.append(organization_id, [event()]) for _ in range(50)))
        await log.append(ObjectId(), [event("of another organization")])
        results = await asyncio.wait_for(asyncio.gather(*readers), PATIENCE_SECONDS)
        assert results == [list(range(1, 53)), list(range(2, 53))]
        await hub.stop()

    async def test_a_slow_reader_misses_nothing(self, database: Database) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)
        await hub.start()
        organization_id = ObjectId()
        items = hub.subscribe(organization_id, 0)
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0.1)  # it has read the stored part, and waits for its queue
        await log.append(organization_id, [event()])
        first = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        assert isinstance(first, Event)
        # More than the queue holds comes while the reader is busy, and nothing afterwards.
        for _ in range(3):
            await log.append(organization_id, [event() for _ in range(500)])
        await asyncio.sleep(0.5)
        seen = [(await asyncio.wait_for(anext(items), PATIENCE_SECONDS)).seq for _ in range(1500)]
        assert seen == list(range(2, 1502))
        await hub.stop()

    async def test_a_gap_in_the_stream_is_filled_from_the_log(self, database: Database) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)  # not following: the test is its change stream
        organization_id = ObjectId()
        await log.append(organization_id, [event()])
        items = hub.subscribe(organization_id, 0)
        assert (await anext(items)).seq == 1
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0.1)
        await log.append(organization_id, [event(), event()])
        third = await database.collection("events").find_one(
            {"organization_id": organization_id, "seq": 3}
        )
        hub._dispatch({"ns": {"coll": "events"}, "fullDocument": third})
        assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).seq == 2
        assert (await asyncio.wait_for(anext(items), PATIENCE_SECONDS)).seq == 3

    async def test_what_is_only_told_has_no_number(self, database: Database) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)
        await hub.start()
        organization_id, subject_id = ObjectId(), ObjectId()
        items = hub.subscribe(organization_id, 0)
        waiting = asyncio.ensure_future(anext(items))
        await until(lambda: hub._readers[organization_id])
        hub.tell(organization_id, "conversation.typing", subject_id)
        told = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        assert isinstance(told, Event)
        assert (told.type, told.subject_id, told.public()["seq"]) == (
            "conversation.typing",
            subject_id,
            None,
        )
        await log.append(organization_id, [event()])
        following = await asyncio.wait_for(anext(items), PATIENCE_SECONDS)
        assert isinstance(following, Event)
        assert following.seq == 1
        await hub.stop()

    @pytest.mark.parametrize("after", [0, 2, 99])
    async def test_a_place_out_of_the_log_is_reset(self, database: Database, after: int) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)
        await hub.start()
        organization_id = ObjectId()
        await log.append(organization_id, [event() for _ in range(10)])
        assert await log.prune(organization_id, 10, keep=4) == 6
        items = hub.subscribe(organization_id, after)
        assert await anext(items) == Reset(10)
        await log.append(organization_id, [event()])
        following = await asyncio.wait_for(anext(items), PATIENCE_SECONDS)
        assert isinstance(following, Event)
        assert following.seq == 11
        await hub.stop()

    async def test_the_oldest_kept_place_goes_on(self, database: Database) -> None:
        log = EventLog(database)
        hub = EventHub(database, log)
        await hub.start()
        organization_id = ObjectId()
        await log.append(organization_id, [event() for _ in range(10)])
        await log.prune(organization_id, 10, keep=4)
        following = await anext(hub.subscribe(organization_id, 6))
        assert isinstance(following, Event)
        assert following.seq == 7
        await hub.stop()


class TestMigrations:
    async def test_running_again_changes_nothing(self, database: Database) -> None:
        assert await migrate(database) == []

    async def test_many_processes_migrate_once(self, database: Database) -> None:
        fresh = Database(database.client, f"test_{ObjectId()}")
        try:
            results = await asyncio.gather(*(migrate(fresh) for _ in range(5)))
            expected = [migration.number for migration in MIGRATIONS]
            assert sorted(number for ran in results for number in ran) == expected
            indexes = await fresh.collection("contacts").index_information()
            # Beside the one on `_id`, and what came later.
            assert len(indexes) > len(FIRST_INDEXES["contacts"])
            assert await fresh.collection("migrations").count_documents({"_id": "lock"}) == 0
        finally:
            await database.client.drop_database(fresh.db.name)

    async def test_a_dead_process_does_not_block(self, database: Database) -> None:
        fresh = Database(database.client, f"test_{ObjectId()}")
        past = utc_now() - timedelta(minutes=5)
        try:
            await fresh.collection("migrations").insert_one(
                {"_id": "lock", "holder": ObjectId(), "until": past}
            )
            assert await migrate(fresh)
        finally:
            await database.client.drop_database(fresh.db.name)

    def test_numbers_rise(self) -> None:
        numbers = [migration.number for migration in MIGRATIONS]
        assert numbers == sorted(set(numbers))


class TestListing:
    LISTING = Listing(
        sorts={
            "rank": Sortable("rank"),
            "name": Sortable("name", nullable=True),
            "id": Sortable("_id"),
            "deep": Sortable("a.b", nullable=True),
        },
        default_sort="-rank",
        projection={"organization_id": 0},
    )

    async def pages(self, database: Database, query: RawDocument, **asked: Any) -> list[Any]:
        """Read all pages, one after the other."""
        things = database.collection("things")
        found: list[Any] = []
        cursor = None
        while True:
            page = await self.LISTING.page(things, query, ListQuery(cursor=cursor, **asked))
            found += [row["id"] for row in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
            assert len(page["items"]) == asked["limit"]

    @pytest.mark.parametrize("sort", [None, "rank", "-rank", "name", "-name", "id", "-id", "deep"])
    @pytest.mark.parametrize("limit", [1, 3, 7, 200])
    async def test_pages_hold_each_row_once_in_order(
        self, database: Database, sort: str | None, limit: int
    ) -> None:
        organization_id = ObjectId()
        rows = [
            {
                "organization_id": organization_id,
                "rank": number % 3,
                "name": None if number % 4 == 0 else f"имя {number % 2}",
                **({"a": {"b": number % 2}} if number % 3 else {}),
            }
            for number in range(20)
        ]
        things = database.collection("things")
        await things.insert_many(rows)
        await things.insert_one({"organization_id": ObjectId(), "rank": 1})
        found = await self.pages(
            database, {"organization_id": organization_id}, limit=limit, sort=sort
        )
        effective = sort or "-rank"
        path = self.LISTING.sorts[effective.lstrip("-")].path
        direction = -1 if effective.startswith("-") else 1
        keys = [("_id", direction)] if path == "_id" else [(path, direction), ("_id", direction)]
        expected = await things.find({"organization_id": organization_id}).sort(keys).to_list()
        assert found == [row["_id"] for row in expected]
        assert len(found) == 20

    @pytest.mark.parametrize("sort", ["rank", "-rank"])
    async def test_rows_that_come_and_go_disturb_nothing(
        self, database: Database, sort: str
    ) -> None:
        things = database.collection("things")
        await things.insert_many([{"organization_id": 1, "rank": n % 2} for n in range(12)])
        expected = {row["_id"] async for row in things.find({})}
        found: list[Any] = []
        cursor = None
        while True:
            asked = ListQuery(limit=3, sort=sort, cursor=cursor)
            page = await self.LISTING.page(things, {"organization_id": 1}, asked)
            found += [row["id"] for row in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
            await things.delete_one({"_id": found[-1]})  # the very row the cursor stands on
            first = -1 if sort == "rank" else 2
            await things.insert_one({"organization_id": 1, "rank": first})
        assert len(found) == len(set(found)) == 12
        assert set(found) == expected

    async def test_filters_hold_on_all_pages(self, database: Database) -> None:
        organization_id = ObjectId()
        await database.collection("things").insert_many(
            [{"organization_id": organization_id, "rank": n % 2, "odd": n % 2} for n in range(10)]
        )
        query = {"organization_id": organization_id, "odd": 1}
        assert len(await self.pages(database, query, limit=2)) == 5

    @pytest.mark.parametrize("cursor", ["x", "!!!!", "AAAA", "e30", "=" * 8, "ы", "A" * 999])
    async def test_a_forged_cursor_is_an_error(self, database: Database, cursor: str) -> None:
        with pytest.raises(Invalid) as raised:
            await self.pages(database, {"organization_id": 1}, limit=1, sort="nope")
        assert raised.value.fields[0].code == "sort_unknown"
        things = database.collection("things")
        with pytest.raises(Invalid) as raised:
            await self.LISTING.page(things, {"organization_id": 1}, ListQuery(cursor=cursor))
        assert raised.value.fields[0].code == "cursor_invalid"

    async def test_a_cursor_belongs_to_its_sort(self, database: Database) -> None:
        things = database.collection("things")
        await things.insert_many([{"organization_id": 1, "rank": n} for n in range(3)])
        page = await self.LISTING.page(
            things, {"organization_id": 1}, ListQuery(limit=1, sort="rank")
        )
        with pytest.raises(Invalid):
            await self.LISTING.page(
                things,
                {"organization_id": 1},
                ListQuery(cursor=page["next_cursor"], sort="-rank"),
            )

    async def test_a_list_without_organization_is_a_mistake(self, database: Database) -> None:
        with pytest.raises(ValueError, match="scoped"):
            await self.LISTING.page(database.collection("things"), {}, ListQuery())


class TestRateLimits:
    LIMIT = Limit("test", 3, 60)

    async def test_hits_at_once_are_all_counted(self, database: Database) -> None:
        limiter = RateLimiter(database)
        results = await asyncio.gather(
            *(limiter.hit(self.LIMIT, "key") for _ in range(10)), return_exceptions=True
        )
        assert sum(result is None for result in results) == 3
        refused = [result for result in results if isinstance(result, TooManyRequests)]
        assert len(refused) == 7
        assert refused[0].headers["Retry-After"] == "60"

    async def test_keys_do_not_share(self, database: Database) -> None:
        limiter = RateLimiter(database)
        for key in ("a", "b"):
            for _ in range(3):
                await limiter.hit(self.LIMIT, key)

    async def test_a_window_ends_and_a_reset_forgives(self, database: Database) -> None:
        limiter = RateLimiter(database)
        for _ in range(3):
            await limiter.hit(self.LIMIT, "key")
        past = utc_now() - timedelta(seconds=1)
        await database.collection("rate_limits").update_one({}, {"$set": {"expires_at": past}})
        for _ in range(3):
            await limiter.hit(self.LIMIT, "key")
        await limiter.reset(self.LIMIT, "key")
        await limiter.hit(self.LIMIT, "key")
