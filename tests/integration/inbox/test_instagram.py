"""Instagram through the whole product: connected in the console, heard, answered, echoed, renewed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from bson import ObjectId

from connectors.base import Connector
from connectors.instagram import InstagramConnector
from crm.contract import AuthenticationFailedError
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.services import Services
from tests.fakes.instagram_api import APP_SECRET, TOKEN
from tests.fakes.instagram_server import CUSTOMER, InstagramServer
from tests.support.console import Console
from tests.support.patience import ended


@pytest.fixture
async def platform() -> AsyncIterator[InstagramServer]:
    async with InstagramServer() as server:
        yield server


@pytest.fixture
def connectors(platform: InstagramServer) -> dict[str, Connector]:
    connector = InstagramConnector(api_url=platform.url, graph_api_url=platform.graph_url)
    return {"instagram": connector}


@pytest.fixture
async def connection(
    owner: Console, server: TestServer, platform: InstagramServer
) -> dict[str, Any]:
    """Connected by the owner, who typed our address into the app's dashboard."""
    body = {
        "channel": "instagram",
        "name": "Instagram",
        "config": {"access_token": TOKEN, "app_secret": APP_SECRET},
    }
    made = await owner.post("/api/connections", body)
    assert made["status"] == "active"
    read: dict[str, Any] = await owner.get(f"/api/connections/{made['id']}")
    address = str(server.make_url(f"/webhooks/instagram/{made['id']}"))
    assert read["webhook"]["url"].endswith(f"/webhooks/instagram/{made['id']}")
    assert await platform.set_webhook(address, read["webhook"]["verify_token"]) == 200
    return read


async def settle(services: Services) -> None:
    await ended(services.inbox.background._tasks)


async def conversation_of(owner: Console, services: Services) -> str:
    await settle(services)
    (conversation,) = (await owner.get("/api/conversations"))["items"]
    return str(conversation["id"])


async def written(owner: Console, conversation_id: str) -> list[dict[str, Any]]:
    """What people of ours wrote, oldest first."""
    page = await owner.get(f"/api/conversations/{conversation_id}/messages")
    found = [one for one in page["items"] if one["author"]["kind"] == "operator"]
    return sorted(found, key=lambda one: str(one["created_at"]))


async def answer(
    owner: Console, services: Services, platform: InstagramServer, path: str, **said: Any
) -> None:
    await owner.post(f"{path}/messages", {"client_id": str(ObjectId()), **said})
    await services.inbox.outbox.sweep()
    await settle(services)
    await platform.settle()
    await settle(services)


async def test_a_conversation(
    owner: Console, services: Services, platform: InstagramServer, connection: dict[str, Any]
) -> None:
    await platform.say("Шатыр бар ма?")
    conversation_id = await conversation_of(owner, services)
    path = f"/api/conversations/{conversation_id}"
    (contact,) = (await owner.get("/api/contacts"))["items"]
    (identity,) = contact["identities"]  # as their profile says
    assert (identity["profile_name"], identity["username"]) == ("Айгүл Серікқызы", "aigul_500")
    await owner.post(f"{path}/take-over")
    await answer(owner, services, platform, path, text="Бар, көк және жасыл.")
    sent = platform.account.sent[-1]
    assert sent["message"] == {"text": "Бар, көк және жасыл."}
    # Its echo came back and changed nothing; what the owner writes from the phone is new.
    ours = await written(owner, conversation_id)
    assert [(one["text"], one["state"]) for one in ours] == [("Бар, көк және жасыл.", "sent")]
    await platform.write_from_phone("Ертең жеткіземіз")
    await settle(services)
    ours = await written(owner, conversation_id)
    assert [one["text"] for one in ours] == ["Бар, көк және жасыл.", "Ертең жеткіземіз"]
    # Seen.
    await platform.publish(platform.item(read={"mid": sent["message_id"]}))
    await settle(services)
    ours = await written(owner, conversation_id)
    assert ours[0]["state"] == "read"


async def test_after_a_day_only_a_person_with_the_tag(
    owner: Console,
    core: Core,
    services: Services,
    platform: InstagramServer,
    connection: dict[str, Any],
) -> None:
    await platform.say("Шатыр бар ма?")
    conversation_id = await conversation_of(owner, services)
    path = f"/api/conversations/{conversation_id}"
    await owner.post(f"{path}/take-over")
    two_days_ago = utc_now() - timedelta(days=2)
    await core.database.collection("conversations").update_one(
        {"organization_id": owner.organization_id, "_id": ObjectId(conversation_id)},
        {"$set": {"last_inbound_at": two_days_ago}},
    )
    platform.account.last_inbound[CUSTOMER] = two_days_ago.timestamp()
    reach = (await owner.get(path))["reach"]
    assert (reach["open"], reach["code"], reach["tag"]) == (False, "window_closed", "HUMAN_AGENT")
    body = {"client_id": str(ObjectId()), "text": "Бар"}
    problem = await owner.post(f"{path}/messages", body, status=409)
    assert problem["code"] == "window_closed"
    assert {name: problem[name] for name in ("until", "templates", "tag")} == {
        name: reach[name] for name in ("until", "templates", "tag")
    }
    await answer(owner, services, platform, path, text="Бар", tag="HUMAN_AGENT")
    sent = platform.account.sent[-1]
    assert (sent["messaging_type"], sent["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


async def test_the_token_is_renewed(
    owner: Console, services: Services, platform: InstagramServer, connection: dict[str, Any]
) -> None:
    path = f"/api/connections/{connection['id']}"
    read = await owner.post(f"{path}/check")
    assert read["health"]["warnings"] == []
    assert read["health"]["token_expires_at"] is not None
    loaded = await services.connection_records.load(ObjectId(connection["id"]))
    assert loaded is not None
    assert loaded.config["access_token"] == platform.account.token != TOKEN
    assert loaded.state["token_expires_at"]
    assert TOKEN not in str(loaded.state)
    read = await owner.post(f"{path}/check")
    assert read["health"]["token_expires_at"] is not None


async def test_whoever_still_had_the_old_token_stops_nothing(
    owner: Console, services: Services, platform: InstagramServer, connection: dict[str, Any]
) -> None:
    """Another process knows a connection for some seconds: what it is refused is not the new token's fault."""
    path = f"/api/connections/{connection['id']}"
    remembered = await services.connection_records.load(ObjectId(connection["id"]))
    assert remembered is not None
    await owner.post(f"{path}/check")
    assert platform.account.token != remembered.config["access_token"]
    refused = AuthenticationFailedError("token_rejected", "Cannot parse access token")
    await services.connection_records.note_failure(remembered, refused)
    assert (await owner.get(path))["status"] == "active"
    present = await services.connection_records.load(ObjectId(connection["id"]))
    assert present is not None
    await services.connection_records.note_failure(present, refused)
    assert (await owner.get(path))["status"] == "failing"


async def test_a_personal_account_is_refused_in_words(
    owner: Console, platform: InstagramServer
) -> None:
    platform.account.account_type = "PERSONAL"
    body = {
        "channel": "instagram",
        "name": "Instagram",
        "config": {"access_token": TOKEN, "app_secret": APP_SECRET},
    }
    problem = await owner.post("/api/connections", body, status=422)
    assert problem["errors"][0]["code"] == "account_not_professional"
    assert "professional" in problem["detail"]
