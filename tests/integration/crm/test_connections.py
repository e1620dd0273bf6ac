"""How connections do, their templates and links, and what comes in while they are paused."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from connectors.base import Connector
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    InboundMessage,
    Inbox,
    Notice,
    Sender,
)
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.core.migration_steps import connections_in_depth
from crm.inbox.polling import Poller
from crm.services import Services
from tests.support.console import Console
from tests.support.full_messenger import GOOD, FullMessenger, Platform
from tests.support.patience import ended

WELCOME = {
    "name": "welcome",
    "language": "ru",
    "status": "approved",
    "category": "utility",
    "body": "Здравствуйте, {{1}}!",
    "header": "Заказ {{number}}",
    "variables": ["1"],
    "buttons": [{"type": "url", "text": "Открыть", "variable": True}, {"type": "quick_reply"}],
}


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform().serving() as platform:
        yield platform


@pytest.fixture
def messenger(platform: Platform) -> FullMessenger:
    return FullMessenger(platform)


@pytest.fixture
def connectors(messenger: FullMessenger) -> dict[str, Connector]:
    return {"full": messenger}


async def connect(console: Console, token: str = GOOD, **options: Any) -> Any:
    body = {"channel": "full", "name": "Shop", "config": {"token": token}}
    return await console.post("/api/connections", body, **options)


def path(made: Any, more: str = "") -> str:
    return f"/api/connections/{made['id']}{more}"


async def stored(core: Core, made: Any) -> Any:
    return await core.database.collection("connections").find_one({"_id": ObjectId(made["id"])})


async def due(core: Core) -> None:
    await core.database.collection("connections").update_many(
        {}, {"$set": {"health_due_at": utc_now() - timedelta(seconds=1)}}
    )


async def test_a_channel_tells_its_guide_and_what_it_can_do(viewer: Console) -> None:
    (channel,) = await viewer.get("/api/channels")
    assert channel["guide"]["kk"] == ["Бір."]
    can = channel["capabilities"]
    assert can["media"] == [{"kind": "image", "max_bytes": 5, "mimes": ["image/png"]}]
    told = ("templates", "window", "read_marks", "profiles", "links", "health", "webhook")
    assert all(can[name] for name in (*told, "replies"))
    assert not can["polling"]
    assert (can["max_list"], can["max_buttons"]) == (10, 3)


async def test_the_health_page_of_a_connection(
    admin: Console, viewer: Console, platform: Platform, core: Core
) -> None:
    made = await connect(admin)
    assert (await viewer.get(path(made)))["health"]["checked_at"] is None
    platform.health = {"quotas": [{"name": "tier", "value": "1K"}], "warnings": ["quality_low"]}
    own = {"organization_id": admin.organization_id, "connection_id": ObjectId(made["id"])}
    yesterday = utc_now() - timedelta(days=2)
    await core.database.collection("messages").insert_many(
        [
            {**own, "state": "queued", "created_at": utc_now()},
            {**own, "state": "sending", "created_at": utc_now()},
            {**own, "state": "failed", "created_at": utc_now()},
            {**own, "state": "failed", "created_at": yesterday},
            {**own, "state": "failed", "created_at": utc_now(), "connection_id": ObjectId()},
        ]
    )
    until = utc_now() + timedelta(minutes=5)
    await core.database.collection("paces").insert_one(
        {"_id": f"connection:{made['id']}", "held_until": until}
    )
    read = await admin.post(path(made, "/check"))
    assert read["health"]["quotas"] == [
        {"name": "tier", "value": "1K", "limit": None, "used": None}
    ]
    assert read["health"]["warnings"] == read["warnings"] == ["quality_low"]
    assert (read["health"]["queued"], read["health"]["failed_today"]) == (2, 1)
    assert read["health"]["resting_until"] is not None
    assert read["health"]["checked_at"] is not None
    assert read["updated_at"] == made["updated_at"]  # nobody has changed it: polling goes on
    assert read["link"] == "https://full.example/@shop"
    assert (await admin.get("/api/connections"))["items"][0]["warnings"] == ["quality_low"]


async def test_only_admins_see_what_proves_a_webhooks_caller(
    admin: Console, operator: Console, core: Core
) -> None:
    made = await connect(admin)
    secret = (await stored(core, made))["webhook_secret"]
    webhook = (await admin.get(path(made)))["webhook"]
    assert webhook["url"].endswith(f"/webhooks/full/{made['id']}")
    assert (webhook["verify_token"], webhook["fields"]) == (secret, ["messages"])
    assert (await operator.get(path(made)))["webhook"]["verify_token"] is None
    assert secret not in str(await core.events.read(admin.organization_id, 0))


async def test_notices_are_shown_newest_first(admin: Console, core: Core) -> None:
    made = await connect(admin)
    notices = [
        {"topic": topic, "data": {"n": 1}, "at": utc_now()} for topic in ("quality", "limit")
    ]
    await core.database.collection("connections").update_one({}, {"$set": {"notices": notices}})
    shown = (await admin.get(path(made)))["notices"]
    assert [notice["topic"] for notice in shown] == ["limit", "quality"]


async def test_a_revoked_token_is_found_by_the_hourly_check_and_the_owner_is_told_once(
    admin: Console, owner: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    account = platform.tokens.pop(GOOD)
    for _ in range(2):
        await due(core)
        assert await services.connection_health.run_due() == 1
    read = await admin.get(path(made))
    assert (read["status"], read["last_error"]["code"]) == ("failing", "token_revoked")
    (task,) = (await owner.get("/api/tasks"))["items"]
    assert "Shop" in task["title"]
    assert (task["priority"], task["assignee_id"]) == ("urgent", str(owner.user_id))
    kinds = [event.type for event in await core.events.read(admin.organization_id, 0)]
    assert kinds.count("task.created") == 1
    # The token works again: so does the connection, without anybody's doing.
    platform.tokens[GOOD] = account
    platform.webhooks.clear()
    await due(core)
    await services.connection_health.run_due()
    read = await admin.get(path(made))
    assert (read["status"], read["last_error"]) == ("active", None)
    assert platform.webhooks == {made["id"]}


async def test_a_connection_that_fails_already_is_no_new_task(
    admin: Console, owner: Console, services: Services
) -> None:
    made = await connect(admin)
    for code in ("token_revoked", "permission_missing"):
        connection = await services.connection_records.load(ObjectId(made["id"]))
        assert connection is not None
        refusal = AuthenticationFailedError(code, "No.")
        await services.connection_records.note_failure(connection, refusal)
    assert (await admin.get(path(made)))["last_error"]["code"] == "permission_missing"
    assert len((await owner.get("/api/tasks"))["items"]) == 1


async def refuse(services: Services, made: Any, code: str = "permission_missing") -> None:
    connection = await services.connection_records.load(ObjectId(made["id"]))
    assert connection is not None
    await services.connection_records.note_failure(
        connection, AuthenticationFailedError(code, "No.")
    )


async def test_a_passing_refusal_is_looked_at_soon_and_troubles_nobody(
    admin: Console, owner: Console, core: Core, services: Services
) -> None:
    made = await connect(admin)
    await refuse(services, made)
    one = await stored(core, made)
    assert one["status"] == "failing"
    assert one["health_due_at"] <= utc_now() + timedelta(seconds=30)
    await due(core)
    await services.connection_health.run_due()
    read = await admin.get(path(made))
    assert (read["status"], read["last_error"]) == ("active", None)
    assert (await owner.get("/api/tasks"))["items"] == []


async def test_a_refusal_that_comes_back_is_told_once_and_looked_at_less_and_less_often(
    admin: Console, owner: Console, core: Core, services: Services
) -> None:
    made = await connect(admin)
    waits = []
    for _ in range(10):
        await refuse(services, made)
        waits.append((await stored(core, made))["health_due_at"] - utc_now())
        await due(core)
        await services.connection_health.run_due()
        assert (await stored(core, made))["status"] == "active"
    growing = [after - before for before, after in itertools.pairwise(waits)]
    assert min(growing) > timedelta(seconds=-5), "the moments of asking are not quite the same"
    assert timedelta(seconds=50) < waits[1] <= timedelta(seconds=60)
    assert timedelta(minutes=50) < waits[-1] <= timedelta(hours=1)
    assert len((await owner.get("/api/tasks"))["items"]) == 1


async def test_a_revoked_token_is_asked_for_less_and_less_often(
    admin: Console, owner: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    platform.tokens.pop(GOOD)
    await refuse(services, made, "token_revoked")
    assert (await owner.get("/api/tasks"))["items"] == []
    changed_at = (await stored(core, made))["updated_at"]
    for wait in (60, 120, 240):
        await due(core)
        await services.connection_health.run_due()
        left = (await stored(core, made))["health_due_at"] - utc_now()
        assert timedelta(seconds=wait - 10) < left <= timedelta(seconds=wait)
    assert len((await owner.get("/api/tasks"))["items"]) == 1, "the platform itself was asked"
    assert (await stored(core, made))["updated_at"] == changed_at, "nothing new to tell"


async def test_a_platform_that_is_down_takes_nothing_out_of_use(
    admin: Console, owner: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    platform.down = 503
    read = await admin.post(path(made, "/check"))
    assert (read["status"], read["last_error"]["code"]) == ("active", "platform_down")
    assert (await owner.get("/api/tasks"))["items"] == []
    platform.down = None
    assert (await admin.post(path(made, "/check")))["last_error"] is None


async def test_a_token_that_ends_soon_is_told_in_time(
    admin: Console, owner: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    platform.health = {"expires": (datetime.now(UTC) + timedelta(days=8)).timestamp()}
    assert (await admin.post(path(made, "/check")))["warnings"] == []
    platform.health = {"expires": (datetime.now(UTC) + timedelta(days=6)).timestamp()}
    for _ in range(2):
        await due(core)
        await services.connection_health.run_due()
    read = await admin.get(path(made))
    assert read["warnings"] == ["token_expires_soon"]
    assert read["token_expires_at"] is not None
    assert len((await owner.get("/api/tasks"))["items"]) == 1
    changes = [
        event
        for event in await core.events.read(admin.organization_id, 0)
        if event.type == "connection.updated" and event.data["warnings"]
    ]
    assert len(changes) == 1  # a check that finds nothing new tells nothing


async def test_every_connection_is_checked_once_an_hour_by_any_number_of_workers(
    admin: Console, platform: Platform, core: Core, services: Services
) -> None:
    platform.tokens |= {f"{GOOD}-{n}": {"id": f"shop-{n}", "name": "@s"} for n in range(2, 6)}
    made = [await connect(admin, token) for token in platform.tokens]
    await admin.post(path(made[0], "/pause"))
    await due(core)
    platform.asked.clear()
    counts = [await services.connection_health.run_due() for _ in range(2)]
    assert counts == [4, 0]
    assert platform.asked.count("health/all") == 4
    moments = {(await stored(core, one))["health_due_at"] for one in made[1:]}
    assert len(moments) == 4  # spread
    assert all(
        timedelta(minutes=50) < moment - utc_now() < timedelta(minutes=70) for moment in moments
    )


async def test_credentials_are_renewed_before_they_end(
    admin: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    platform.renewed.append(GOOD)
    read = await admin.post(path(made, "/check"))
    assert (read["status"], read["warnings"]) == ("active", [])
    loaded = await services.connection_records.load(ObjectId(made["id"]))
    assert loaded is not None
    assert loaded.config == {"token": f"{GOOD}-renewed", "region": "kz"}
    assert (await stored(core, made))["updated_at"] == loaded.updated_at
    assert read["updated_at"] == made["updated_at"]
    assert GOOD not in str(await stored(core, made))


async def test_a_renewal_is_kept_whatever_else_has_changed(
    admin: Console, services: Services
) -> None:
    made = await connect(admin)
    before = await services.connection_records.load(ObjectId(made["id"]))
    assert before is not None
    await admin.patch(path(made), {"name": "Renamed"})
    await refuse(services, made)
    assert await services.inbox.gateway.renew(before, {"token": "renewed"})
    after = await services.connection_records.load(ObjectId(made["id"]))
    assert after is not None
    assert (after.config["token"], after.name) == ("renewed", "Renamed")
    assert not await services.inbox.gateway.renew(before, {"token": "of another process"})


async def test_what_an_admin_typed_stands_against_a_renewal(
    admin: Console, platform: Platform, services: Services
) -> None:
    made = await connect(admin)
    before = await services.connection_records.load(ObjectId(made["id"]))
    assert before is not None
    platform.tokens["typed-by-hand"] = platform.tokens[GOOD]
    await admin.patch(path(made), {"config": {"token": "typed-by-hand"}})
    assert not await services.inbox.gateway.renew(before, {"token": "renewed"})
    after = await services.connection_records.load(ObjectId(made["id"]))
    assert after is not None
    assert after.config["token"] == "typed-by-hand"
    with pytest.raises(ValueError, match="no settings"):
        await services.inbox.gateway.renew(after, {"unknown": "x"})


async def test_one_account_serves_one_connection(
    admin: Console, stranger: Console, platform: Platform
) -> None:
    platform.tokens["another-token"] = platform.tokens[GOOD]  # of the same account
    made = await connect(admin)
    problem = await connect(admin, "another-token", status=409)
    assert problem["code"] == "account_connected"
    assert "“Shop”" in problem["detail"]
    problem = await connect(stranger, status=409)
    assert problem["code"] == "account_connected"
    assert "another organization" in problem["detail"]
    assert "Shop" not in problem["detail"]
    await admin.delete(path(made))
    await connect(stranger)


async def test_several_connections_of_one_kind(admin: Console, platform: Platform) -> None:
    platform.tokens["second"] = {"id": "shop-2", "name": "@two"}
    platform.tokens["nameless"] = {"id": "", "name": ""}
    made = [await connect(admin, token) for token in (GOOD, "second", "nameless", "nameless")]
    assert len({one["id"] for one in made}) == 4
    # The first one's account cannot be slipped under another connection.
    problem = await admin.patch(path(made[1]), {"config": {"token": GOOD}}, status=409)
    assert problem["code"] == "account_connected"


async def test_links_tell_where_they_stand(admin: Console, viewer: Console) -> None:
    made = await connect(admin)
    link = await viewer.get(path(made, "/link"), params={"ref": "summer"})
    assert link["url"] == "https://full.example/@shop?r=summer"
    problem = await viewer.get(path(made, "/link"), params={"ref": "a b"}, status=422)
    assert problem["errors"][0]["code"] == "bad_link_parameter"


async def test_templates_are_taken_over_listed_and_kept_up_to_date(
    admin: Console, viewer: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    other = {**WELCOME, "name": "sale", "status": "pending", "body": "Скидки!", "buttons": []}
    platform.templates = [WELCOME, {**WELCOME, "language": "kk", "body": "Сәлем, {{1}}!"}, other]
    assert await services.templates.run_due(list(services.connectors.values())) == 1
    page = await viewer.get(path(made, "/templates"))
    assert [one["name"] for one in page["items"]] == ["sale", "welcome", "welcome"]
    (welcome,) = (
        await viewer.get(
            path(made, "/templates"), params={"status": "approved", "language": "ru", "q": "ЗДРАВ"}
        )
    )["items"]
    assert welcome["variables"] == ["1"]
    assert (welcome["header_variables"], welcome["button_variables"]) == (["number"], [0])
    assert await services.templates.run_due(list(services.connectors.values())) == 0
    # The platform tells of a change; the next look takes it over.
    platform.templates = [{**WELCOME, "status": "paused", "reason": "complaints"}]
    await core.database.collection("connections").update_one({}, {"$set": {"templates_due": True}})
    assert await services.templates.run_due(list(services.connectors.values())) == 1
    (left,) = (await viewer.get(path(made, "/templates")))["items"]
    assert (left["id"], left["status"], left["reason"]) == (welcome["id"], "paused", "complaints")
    told = [
        event.data
        for event in await core.events.read(admin.organization_id, 0)
        if event.type == "templates.updated"
    ]
    assert [(one["added"], one["changed"], one["removed"]) for one in told] == [
        (3, 0, 0),
        (0, 1, 2),
    ]
    synced = await admin.post(path(made, "/templates/sync"))
    assert (synced["total"], synced["changed"]) == (1, 0)
    await admin.delete(path(made))
    assert await core.database.collection("message_templates").find_one({}) is None


async def test_templates_of_a_platform_that_is_down_stay_and_are_asked_for_again(
    admin: Console, platform: Platform, core: Core, services: Services
) -> None:
    made = await connect(admin)
    platform.templates = [WELCOME]
    await admin.post(path(made, "/templates/sync"))
    platform.down = 500
    problem = await admin.post(path(made, "/templates/sync"), status=503)
    assert problem["code"] == "platform_unreachable"
    await services.templates.run_due(list(services.connectors.values()))
    assert len((await admin.get(path(made, "/templates")))["items"]) == 1
    wait = (await stored(core, made))["templates_due_at"] - utc_now()
    assert wait < timedelta(minutes=11)


async def test_what_comes_in_while_paused_is_kept_for_people_and_never_answered(
    admin: Console, services: Services, messenger: FullMessenger, platform: Platform
) -> None:
    made = await connect(admin)
    await admin.post(path(made, "/pause"))
    assert platform.webhooks == {made["id"]}
    inbox = services.inbox
    connection = await inbox.gateway.connection(made["id"])
    assert connection is not None
    found = await inbox.gateway.connections_of("full", ["shop-1"])
    assert [one.id for one in found] == [made["id"]]
    message = InboundMessage(
        external_id="1", chat_id="c", sender=Sender(external_id="p", name="Aigul"), text="Hello?"
    )
    assert await inbox.gateway.receive(connection, [message]) == 1
    await settle(services)
    (conversation,) = (await admin.get("/api/conversations", params={"view": "waiting"}))["items"]
    assert conversation["summary"]["reason"] == "connection_paused"
    assert conversation["unread"] == 1
    thread = await admin.get(f"/api/conversations/{conversation['id']}/messages")
    assert "Hello?" in [one["text"] for one in thread["items"]]
    await admin.post(f"/api/conversations/{conversation['id']}/take-over")
    # An operator's words wait until the channel works again.
    written = await admin.post(
        f"/api/conversations/{conversation['id']}/messages", {"text": "Good day"}
    )
    await settle(services)
    assert messenger.sent == []
    await admin.post(path(made, "/resume"))
    inbox.connections.forget(made["id"])
    await inbox.store.messages.update_many(
        {"state": "queued"}, {"$set": {"next_attempt_at": utc_now()}}
    )
    await inbox.outbox.sweep()
    await settle(services)
    # First that a person is there, then what they wrote; nothing of the bot.
    assert [one.author_kind for one in messenger.sent] == ["system", "operator"]
    assert messenger.sent[-1].id == written["id"]


async def test_a_notice_of_the_platform_makes_its_subject_due(
    admin: Console, services: Services, core: Core
) -> None:
    made = await connect(admin)
    await core.database.collection("connections").update_one(
        {}, {"$unset": {"templates_due": ""}, "$set": {"health_due_at": utc_now() + timedelta(1)}}
    )
    connection = await services.inbox.gateway.connection(made["id"])
    assert connection is not None
    notices = [Notice(external_id=topic, topic=topic) for topic in ("templates", "quality")]
    await services.inbox.gateway.receive(connection, notices)
    await settle(services)
    after = await stored(core, made)
    assert after["templates_due"]
    assert after["health_due_at"] <= utc_now()


async def test_a_paused_connection_is_polled_on(
    admin: Console, services: Services, core: Core, messenger: FullMessenger
) -> None:
    made = await connect(admin)
    await admin.post(path(made, "/pause"))
    polled = asyncio.Event()

    class Polling(FullMessenger):
        def wants_polling(self, connection: Connection, *, public_url: str) -> bool:
            return True

        async def poll(self, connection: Connection, inbox: Inbox) -> None:
            assert connection.status == "paused"
            polled.set()
            await asyncio.sleep(60)

    poller = Poller(
        database=core.database,
        inbox=services.inbox.gateway,
        connectors={"full": Polling(messenger.platform)},
        public_url="http://localhost",
    )
    task = asyncio.create_task(poller.run_forever())
    try:
        await asyncio.wait_for(polled.wait(), 20)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_account_that_two_organizations_had_stays_the_older_ones(
    admin: Console, core: Core, platform: Platform
) -> None:
    platform.tokens["other"] = {"id": "shop-2", "name": "@two"}
    one, two = await connect(admin), await connect(admin, "other")
    connections = core.database.collection("connections")
    fields = {"account_key": "", "health_due_at": ""}
    await connections.update_many({}, {"$unset": fields})
    await connections.update_one(
        {"_id": ObjectId(two["id"])},
        {"$set": {"organization_id": ObjectId(), "external_account.id": "shop-1"}},
    )
    for _ in range(2):  # again is safe
        await connections_in_depth.run(core.database)
    assert (await stored(core, one))["account_key"] == "full:shop-1"
    second = await stored(core, two)
    assert (second["status"], second["last_error"]["code"]) == ("failing", "account_connected")
    assert second["health_due_at"] is not None


async def settle(services: Services) -> None:
    background = services.inbox.background
    await ended(background._tasks)
