"""Contacts, deals and tasks, over HTTP."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from crm.core.database import Database
from crm.core.events import Actor
from crm.core.feature import Core
from crm.services import Services
from tests.support.console import Console

BOT = Actor("bot")


async def names(console: Console, query: str = "") -> list[str]:
    page = await console.get(f"/api/contacts?{query}")
    return [row["name"] for row in page["items"]]


async def column(console: Console, stage_id: str) -> list[str]:
    board = await console.get("/api/deals/board")
    stage = next(stage for stage in board["stages"] if stage["stage"]["id"] == stage_id)
    return [deal["title"] for deal in stage["deals"]]


class TestContacts:
    async def test_a_contact_lives(self, operator: Console, core: Core) -> None:
        made = await operator.post(
            "/api/contacts", {"name": " Айгүл ", "phone": "8 701 123 45 67", "note": "VIP"}
        )
        assert (made["name"], made["phone"]) == ("Айгүл", "+77011234567")
        path = f"/api/contacts/{made['id']}"
        assert await operator.get(path) == made
        changed = await operator.patch(path, {"email": "A@Example.kz", "attributes": {"size": "M"}})
        assert (changed["email"], changed["name"]) == ("a@example.kz", "Айгүл")
        await operator.delete(path)
        assert (await operator.get(path, status=404))["code"] == "not_found"
        events = await core.events.read(operator.organization_id, 0)
        own = [event for event in events if str(event.subject_id) == made["id"]]
        assert [event.type for event in own] == [
            "contact.created",
            "contact.updated",
            "contact.deleted",
        ]
        assert own[0].actor == {"kind": "user", "id": operator.user_id}
        assert "search" not in own[0].data

    async def test_a_phone_has_one_contact(self, operator: Console, stranger: Console) -> None:
        body = {"name": "A", "phone": "+77011234567"}
        made = await operator.post("/api/contacts", body)
        problem = await operator.post("/api/contacts", {"phone": "87011234567"}, status=409)
        assert problem["code"] == "contact_phone_taken"
        other = await operator.post("/api/contacts", {"name": "B"})
        await operator.patch(f"/api/contacts/{other['id']}", {"phone": "7011234567"}, status=409)
        await operator.patch(f"/api/contacts/{made['id']}", {"phone": "7011234567"})
        await stranger.post("/api/contacts", body)  # another organization knows the same person

    async def test_lists_filter_search_and_sort(self, operator: Console) -> None:
        for name, phone in (("Борис", None), ("Айгүл", "+77011234567"), ("Вера", "+77051112233")):
            await operator.post("/api/contacts", {"name": name, "phone": phone})
        assert await names(operator) == ["Вера", "Айгүл", "Борис"]
        assert await names(operator, "sort=name") == ["Айгүл", "Борис", "Вера"]
        assert await names(operator, "q=айгул") == ["Айгүл"]
        assert await names(operator, "q=8705111") == ["Вера"]
        assert await names(operator, "phone=8 701 123-45-67") == ["Айгүл"]
        first = await operator.get("/api/contacts?limit=2&sort=name")
        rest = f"limit=2&sort=name&cursor={first['next_cursor']}"
        assert await names(operator, rest) == ["Вера"]

    @pytest.mark.parametrize(
        ("body", "field", "code"),
        [
            ({"phone": "123"}, "phone", "phone_invalid"),
            ({"email": "nobody"}, "email", "string_pattern_mismatch"),
            ({"name": ""}, "name", "string_too_short"),
            ({"name": "x" * 201}, "name", "string_too_long"),
            ({"id": str(ObjectId())}, "id", "extra_forbidden"),
            ({"organization_id": str(ObjectId())}, "organization_id", "extra_forbidden"),
            ({"attributes": {"$where": "1"}}, "attributes.$where", "string_pattern_mismatch"),
            ({"attributes": {"a.b": "1"}}, "attributes.a.b", "string_pattern_mismatch"),
        ],
    )
    async def test_wrong_fields_are_named(
        self, operator: Console, body: dict[str, Any], field: str, code: str
    ) -> None:
        problem = await operator.post("/api/contacts", body, status=422)
        places = {item["field"].removesuffix(".[key]"): item["code"] for item in problem["errors"]}
        assert places.get(field) == code

    async def test_two_contacts_become_one(
        self, operator: Console, database: Database, core: Core
    ) -> None:
        kept = await operator.post("/api/contacts", {"name": "Айгүл", "phone": "+77011234567"})
        other = await operator.post("/api/contacts", {"name": "Aika", "email": "a@example.kz"})
        deal = await operator.post("/api/deals", {"contact_id": other["id"], "title": "Bike"})
        task = await operator.post("/api/tasks", {"contact_id": other["id"], "title": "Call"})
        conversation = await database.collection("conversations").insert_one(
            {
                "organization_id": operator.organization_id,
                "contact_id": ObjectId(other["id"]),
                "connection_id": ObjectId(),
                "chat_id": "1",
            }
        )
        merged = await operator.post(f"/api/contacts/{kept['id']}/merge", {"other_id": other["id"]})
        assert (merged["name"], merged["email"]) == ("Айгүл", "a@example.kz")
        await operator.get(f"/api/contacts/{other['id']}", status=404)
        assert (await operator.get(f"/api/deals/{deal['id']}"))["contact"]["name"] == "Айгүл"
        assert (await operator.get(f"/api/tasks/{task['id']}"))["contact_id"] == kept["id"]
        moved = await database.collection("conversations").find_one(
            {"_id": conversation.inserted_id}
        )
        assert moved is not None
        assert str(moved["contact_id"]) == kept["id"]
        assert moved["contact_name"] == "Айгүл"
        event = (await core.events.read(operator.organization_id, 0))[-1]
        assert event.type == "contact.merged"
        assert str(event.data["merged_contact_id"]) == other["id"]
        await operator.post(
            f"/api/contacts/{kept['id']}/merge", {"other_id": kept["id"]}, status=422
        )

    async def test_a_contact_with_deals_stays(self, operator: Console) -> None:
        contact = await operator.post("/api/contacts", {"name": "A"})
        task = await operator.post("/api/tasks", {"contact_id": contact["id"], "title": "Call"})
        deal = await operator.post("/api/deals", {"contact_id": contact["id"], "title": "Bike"})
        path = f"/api/contacts/{contact['id']}"
        assert (await operator.delete(path, status=409))["code"] == "contact_in_use"
        await operator.delete(f"/api/deals/{deal['id']}")
        await operator.delete(path)
        assert (await operator.get(f"/api/tasks/{task['id']}"))["contact_id"] is None

    async def test_the_timeline_tells_what_happened(self, operator: Console) -> None:
        contact = await operator.post("/api/contacts", {"name": "A"})
        deal = await operator.post("/api/deals", {"contact_id": contact["id"], "title": "Bike"})
        task = await operator.post("/api/tasks", {"contact_id": contact["id"], "title": "Call"})
        await operator.patch(f"/api/deals/{deal['id']}", {"stage_id": "won"})
        await operator.patch(f"/api/tasks/{task['id']}", {"done": True})
        timeline = await operator.get(f"/api/contacts/{contact['id']}/timeline")
        assert [(item["kind"], item["what"]) for item in timeline["items"]] == [
            ("task", "done"),
            ("deal", "closed"),
            ("task", "created"),
            ("deal", "created"),
            ("contact", "created"),
        ]


class TestLearning:
    """What a contact says of itself."""

    async def learn(
        self, services: Services, console: Console, contact: dict[str, Any], **facts: Any
    ) -> dict[str, Any]:
        return await services.contacts.learn(
            console.organization_id, ObjectId(contact["id"]), facts, actor=BOT
        )

    async def test_a_new_phone_is_taken_over(self, operator: Console, services: Services) -> None:
        contact = await operator.post("/api/contacts", {})
        learned = await self.learn(services, operator, contact, name="Айгүл", phone="+77011234567")
        assert (learned["name"], learned["phone"]) == ("Айгүл", "+77011234567")
        assert await names(operator, "q=8701") == ["Айгүл"]

    async def test_a_known_phone_makes_one_of_two(
        self, operator: Console, services: Services
    ) -> None:
        known = await operator.post("/api/contacts", {"name": "Old", "phone": "+77011234567"})
        chatting = await operator.post("/api/contacts", {"note": "from the chat"})
        learned = await self.learn(services, operator, chatting, name="New", phone="+77011234567")
        assert str(learned["_id"]) == known["id"]
        assert (learned["name"], learned["note"]) == ("Old", "from the chat")
        assert await names(operator) == ["Old"]

    async def test_two_known_people_stay_two(self, operator: Console, services: Services) -> None:
        await operator.post("/api/contacts", {"name": "A", "phone": "+77011234567"})
        other = await operator.post("/api/contacts", {"name": "B", "phone": "+77050000000"})
        learned = await self.learn(services, operator, other, phone="+77011234567")
        assert str(learned["_id"]) == other["id"]
        assert learned["phone"] == "+77050000000"
        assert learned["attributes"] == {"other_phone": "+77011234567"}

    async def test_saying_the_same_phone_at_once_makes_one_contact(
        self, operator: Console, services: Services
    ) -> None:
        contacts = [await operator.post("/api/contacts", {"name": str(n)}) for n in range(4)]
        await asyncio.gather(
            *(self.learn(services, operator, one, phone="+77011234567") for one in contacts)
        )
        assert len(await names(operator)) == 1


class TestDeals:
    @pytest.fixture
    async def contact_id(self, operator: Console) -> str:
        contact = await operator.post("/api/contacts", {"name": "A"})
        return str(contact["id"])

    async def make(self, console: Console, contact_id: str, title: str, **more: Any) -> Any:
        return await console.post("/api/deals", {"contact_id": contact_id, "title": title, **more})

    async def test_new_deals_come_on_top_of_the_first_stage(
        self, operator: Console, contact_id: str
    ) -> None:
        for title in ("first", "second"):
            deal = await self.make(operator, contact_id, title, amount=1000)
        assert (deal["stage_id"], deal["closed_at"]) == ("new", None)
        assert await column(operator, "new") == ["second", "first"]
        board = await operator.get("/api/deals/board?limit=1")
        assert (board["stages"][0]["total_amount"], board["stages"][0]["count"]) == (2000, 2)
        assert len(board["stages"][0]["deals"]) == 1

    async def test_deals_move_between_others_without_end(
        self, operator: Console, contact_id: str
    ) -> None:
        a = await self.make(operator, contact_id, "a")
        b = await self.make(operator, contact_id, "b")
        c = await self.make(operator, contact_id, "c")
        assert await column(operator, "new") == ["c", "b", "a"]
        order = [c, b, a]
        # The lower two change places in the same gap until floats run out of room in it.
        for _ in range(80):
            order = [order[0], order[2], order[1]]
            await operator.post(
                f"/api/deals/{order[1]['id']}/move",
                {"stage_id": "new", "before_id": order[2]["id"]},
            )
        assert await column(operator, "new") == [deal["title"] for deal in order]
        await operator.post(f"/api/deals/{c['id']}/move", {"stage_id": "new"})
        assert (await column(operator, "new"))[-1] == "c"

    async def test_the_last_stages_close(self, operator: Console, contact_id: str) -> None:
        deal = await self.make(operator, contact_id, "a")
        path = f"/api/deals/{deal['id']}"
        won = await operator.post(f"{path}/move", {"stage_id": "won"})
        assert won["closed_at"] is not None
        assert (await operator.get("/api/deals?open=true"))["items"] == []
        again = await operator.patch(path, {"stage_id": "talking"})
        assert again["closed_at"] is None

    async def test_wrong_places_are_named(self, operator: Console, contact_id: str) -> None:
        deal = await self.make(operator, contact_id, "a")
        other = await self.make(operator, contact_id, "b", stage_id="won")
        path = f"/api/deals/{deal['id']}/move"
        for body, field in (
            ({"stage_id": "nowhere"}, "stage_id"),
            ({"stage_id": "new", "before_id": other["id"]}, "before_id"),
            ({"stage_id": "new", "before_id": str(ObjectId())}, "before_id"),
        ):
            problem = await operator.post(path, body, status=422)
            assert problem["errors"][0] | {"detail": ""} == {
                "field": field,
                "code": "unknown_id",
                "detail": "",
            }

    async def test_a_foreign_contact_is_unknown(self, stranger: Console, contact_id: str) -> None:
        problem = await stranger.post(
            "/api/deals", {"contact_id": contact_id, "title": "x"}, status=422
        )
        assert problem["errors"][0]["code"] == "unknown_id"

    async def test_stages_with_deals_stay(
        self, admin: Console, operator: Console, contact_id: str
    ) -> None:
        await self.make(operator, contact_id, "a", stage_id="offer")
        stages = (await admin.get("/api/pipeline"))["stages"]
        without = [stage for stage in stages if stage["id"] != "offer"]
        problem = await admin.patch("/api/pipeline", {"stages": without}, status=409)
        assert problem["code"] == "stage_in_use"
        without = [stage for stage in stages if stage["id"] != "talking"]
        assert len((await admin.patch("/api/pipeline", {"stages": without}))["stages"]) == 4

    async def test_one_source_makes_one_deal(
        self, operator: Console, services: Services, contact_id: str
    ) -> None:
        values = {"contact_id": ObjectId(contact_id), "title": "x"}
        made = await asyncio.gather(
            *(
                services.deals.create(
                    operator.organization_id, values, actor=BOT, source_key="m1:deal"
                )
                for _ in range(5)
            )
        )
        assert len({deal["id"] for deal in made}) == 1
        assert len((await operator.get("/api/deals"))["items"]) == 1


class TestTasks:
    async def test_a_task_lives(self, operator: Console) -> None:
        task = await operator.post(
            "/api/tasks",
            {
                "title": "Call",
                "due_at": "2026-11-22T15:00:00.123456+05:00",
                "assignee_id": str(operator.user_id),
            },
        )
        assert task["due_at"] == "2026-11-22T10:00:00.123000Z"
        path = f"/api/tasks/{task['id']}"
        done = await operator.patch(path, {"done": True})
        assert done["done_at"] is not None
        assert (await operator.patch(path, {"done": True}))["done_at"] == done["done_at"]
        assert (await operator.get("/api/tasks?open=true"))["items"] == []
        assert (await operator.patch(path, {"done": False}))["done_at"] is None
        assert (await operator.patch(path, {"assignee_id": None}))["assignee_id"] is None
        await operator.delete(path)
        await operator.get(path, status=404)

    async def test_lists_filter(self, operator: Console, owner: Console) -> None:
        for title, due, who in (
            ("late", "2026-01-01T00:00:00Z", operator),
            ("soon", "2026-02-01T00:00:00Z", owner),
            ("some day", None, operator),
        ):
            await operator.post(
                "/api/tasks", {"title": title, "due_at": due, "assignee_id": str(who.user_id)}
            )

        async def titles(query: str) -> list[str]:
            page = await operator.get("/api/tasks", params=query)
            return [task["title"] for task in page["items"]]

        assert await titles("sort=due_at") == ["some day", "late", "soon"]
        assert await titles("due_before=2026-01-15T00:00:00Z") == ["late"]
        assert await titles(f"assignee_id={owner.user_id}") == ["soon"]
        assert await titles("q=SOME") == ["some day"]

    async def test_only_members_are_assigned(self, operator: Console, stranger: Console) -> None:
        body = {"title": "x", "assignee_id": str(stranger.user_id)}
        problem = await operator.post("/api/tasks", body, status=422)
        assert problem["errors"][0]["field"] == "assignee_id"

    async def test_times_need_a_zone(self, operator: Console) -> None:
        body = {"title": "x", "due_at": "2026-11-22T15:00:00"}
        problem = await operator.post("/api/tasks", body, status=422)
        assert problem["errors"][0]["code"] == "timezone_missing"
