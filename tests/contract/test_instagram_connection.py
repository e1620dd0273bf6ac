"""Connecting, verifying, renewing, profiles, files and health, against the fake Graph API."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import (
    FetchesMedia,
    KnowsPeople,
    LinksChats,
    MarksRead,
    NeedsWebhook,
    RenewsCredentials,
    ReportsHealth,
    ShowsTyping,
    public_schema,
)
from connectors.instagram import InstagramConnector
from connectors.instagram.config import InstagramConfig
from connectors.instagram.media import Media, is_media_url
from connectors.instagram.menu import LOCALES, QUESTIONS, TITLES
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    MediaStream,
    RejectedError,
    RetryableError,
)
from tests.contract.instagram_platform import VERIFY_TOKEN, Instagram
from tests.fakes.instagram_api import APP_ID, APP_SECRET, IG_ID, PAGE_ID, PAGE_TOKEN, TOKEN
from tests.fakes.instagram_server import CUSTOMER

PUBLIC_URL = "https://chat.example.kz"


def config(**changes: Any) -> InstagramConfig:
    values = {"access_token": TOKEN, "app_secret": APP_SECRET}
    return InstagramConfig.model_validate({**values, **changes})


def page_config(**changes: Any) -> InstagramConfig:
    return config(login="facebook", access_token=PAGE_TOKEN, **changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("access_token", "short"),
        ("access_token", "with spaces in the middle of it"),
        ("app_secret", "0" * 31),
        ("app_secret", "not-a-secret-of-32-hex-digits-xx"),
        ("meta_app_secret", "0123456789"),
        ("app_id", "abc"),
        ("login", "password"),
        ("unknown", "x"),
    ],
)
def test_values_have_a_shape(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**{field: value})
    if "secret" in field or "token" in field:
        assert value not in str(caught.value.errors(include_input=False))


def test_pasted_values_may_have_spaces_around() -> None:
    made = config(access_token=f"  {TOKEN}\n", app_id=" ", meta_app_secret="")
    assert made.token == TOKEN
    assert made.app_id is None
    assert made.secrets == [APP_SECRET]
    assert TOKEN not in repr(made)
    assert APP_SECRET not in repr(made)


def test_the_form_is_drawn_from_the_schema() -> None:
    schema = public_schema(InstagramConfig)
    assert set(schema["x-guide"]) == {"ru", "kk", "en"}
    assert len({len(steps) for steps in schema["x-guide"].values()}) == 1
    for name, field in schema["properties"].items():
        assert set(field["x-labels"]) == {"ru", "kk", "en"}, name
        assert all(label["title"] and label["description"] for label in field["x-labels"].values())
    assert schema["properties"]["access_token"]["writeOnly"] is True


def test_what_it_can_do(instagram: Instagram) -> None:
    for ability in (
        FetchesMedia,
        KnowsPeople,
        LinksChats,
        MarksRead,
        NeedsWebhook,
        RenewsCredentials,
        ReportsHealth,
        ShowsTyping,
    ):
        assert isinstance(instagram.connector, ability), ability


# Whose account it is


async def test_verify_an_account_of_its_own(instagram: Instagram) -> None:
    account = await instagram.connector.verify(config())
    assert (account.external_id, account.name) == (IG_ID, "@tau_demo")
    assert account.aliases == [f"2{IG_ID[1:]}"]


async def test_verify_a_page(instagram: Instagram) -> None:
    account = await instagram.connector.verify(page_config())
    assert (account.external_id, account.name) == ("17841400000000002", "@tau_page")
    assert account.data["page_id"] == PAGE_ID
    assert account.aliases == [PAGE_ID]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"account_type": "PERSONAL"}, "account_not_professional", "professional"),
        ({"may_message": False}, "permission_missing", "instagram_business_manage_messages"),
    ],
)
async def test_an_account_that_will_not_do(
    instagram: Instagram, changes: dict[str, Any], code: str, words: str
) -> None:
    for name, value in changes.items():
        setattr(instagram.server.account, name, value)
    with pytest.raises(RejectedError) as refused:
        await instagram.connector.verify(config())
    assert refused.value.code == code
    assert words in refused.value.detail


@pytest.mark.parametrize(
    ("changes", "given", "code", "words"),
    [
        ({"ig_id": ""}, {}, "instagram_not_linked", "linked"),
        ({"page_id": ""}, {}, "page_token_needed", "Page"),
        ({"may_message": False}, {}, "permission_missing", "instagram_manage_messages"),
        (
            {"scopes": ["instagram_basic"]},
            {"app_id": APP_ID},
            "permission_missing",
            "lacks: instagram_manage_messages, pages_manage_metadata",
        ),
        ({}, {"app_secret": "f" * 32}, "bad_request", "appsecret_proof"),
    ],
)
async def test_a_page_that_will_not_do(
    instagram: Instagram, changes: dict[str, Any], given: dict[str, Any], code: str, words: str
) -> None:
    for name, value in changes.items():
        setattr(instagram.server.page_account, name, value)
    with pytest.raises(RejectedError) as refused:
        await instagram.connector.verify(page_config(**given))
    assert refused.value.code == code
    assert words in refused.value.detail


async def test_a_token_that_nobody_knows(instagram: Instagram) -> None:
    for given in (
        config(access_token="IGAA" + "x" * 40),
        config(access_token=PAGE_TOKEN),  # a Page's is not known at Instagram's own host
        page_config(app_id="12345678"),
    ):
        with pytest.raises(AuthenticationFailedError):
            await instagram.connector.verify(given)
    instagram.server.account.fail("me", 503)
    with pytest.raises(RetryableError):
        await instagram.connector.verify(config())


async def test_nobody_answers() -> None:
    connector = InstagramConnector(api_url="http://127.0.0.1:9", graph_api_url="http://127.0.0.1:9")
    with pytest.raises(RetryableError) as refused:
        await connector.verify(config())
    assert TOKEN not in repr(refused.value)
    await connector.close()


# Subscribing, menu


async def test_connect_and_disconnect(instagram: Instagram) -> None:
    for connection, account in (
        (instagram.connection, instagram.server.account),
        (instagram.page_connection, instagram.server.page_account),
    ):
        for _ in range(2):  # safe to repeat
            await instagram.connector.connect(connection, public_url=PUBLIC_URL)
        assert ("feed" if account.login == "facebook" else "messages") in account.fields
        assert set(account.profile) == {"ice_breakers", "persistent_menu"}
        for _ in range(2):
            await instagram.connector.disconnect(connection)
        assert account.fields == []
        assert account.profile == {}


async def test_a_field_that_this_version_does_not_know(
    instagram: Instagram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.fakes.instagram_api.KNOWN_FIELDS",
        {
            "messages",
            "messaging_postbacks",
            "messaging_seen",
            "message_reactions",
            "messaging_referral",
        },
    )
    await instagram.connector.connect(instagram.connection, public_url=PUBLIC_URL)
    assert "messages" in instagram.server.account.fields


async def test_the_menu_speaks_the_companys_languages(instagram: Instagram) -> None:
    connection = replace(instagram.connection, language="kk")
    await instagram.connector.connect(connection, public_url=PUBLIC_URL)
    profile = instagram.server.account.profile
    questions = {
        one["locale"]: [action["question"] for action in one["call_to_actions"]]
        for one in profile["ice_breakers"]
    }
    assert set(questions) == {"default", *LOCALES.values()}
    assert questions["default"] == list(QUESTIONS["kk"].values())
    for texts in (QUESTIONS, TITLES):
        assert len({tuple(known) for known in texts.values()}) == 1


async def test_without_a_menu(instagram: Instagram) -> None:
    instagram.change(menu=False)
    await instagram.connector.connect(instagram.connection, public_url=PUBLIC_URL)
    assert instagram.server.account.profile == {}


async def test_a_menu_that_is_refused_stops_nothing(instagram: Instagram) -> None:
    instagram.server.account.fail("messenger_profile", 400, 100, "(#100) Not for you")
    await instagram.connector.connect(instagram.connection, public_url=PUBLIC_URL)
    assert "messages" in instagram.server.account.fields


async def test_a_revoked_token_can_be_disconnected(instagram: Instagram) -> None:
    instagram.server.account.token = "IGAArevoked0123456789"
    await instagram.connector.disconnect(instagram.connection)
    instagram.server.account.token = TOKEN
    instagram.server.account.fail("subscribed_apps", 503)
    with pytest.raises(RetryableError):
        await instagram.connector.disconnect(instagram.connection)


def test_what_to_copy(instagram: Instagram) -> None:
    told = instagram.connector.webhook(instagram.connection, public_url=f"{PUBLIC_URL}/")
    assert told.url == f"{PUBLIC_URL}/webhooks/instagram/{instagram.connection.id}"
    assert told.verify_token == VERIFY_TOKEN
    assert "messages" in told.fields


# Renewing the token


async def renew(instagram: Instagram) -> Connection:
    """As the worker does it: with the connection as it is stored now."""
    await instagram.connector.renew(
        instagram.inbox.connections[instagram.connection.id], instagram.inbox
    )
    return instagram.inbox.connections[instagram.connection.id]


def renewals(instagram: Instagram) -> int:
    return sum(call[1] == "refresh_access_token" for call in instagram.server.account.calls)


async def test_a_token_is_renewed_before_its_end(instagram: Instagram) -> None:
    connection = await renew(instagram)
    assert connection.config["access_token"] == instagram.server.account.token != TOKEN
    health = await instagram.connector.health(connection, public_url=PUBLIC_URL)
    assert health.token_expires_at is not None
    assert timedelta(days=59) < health.token_expires_at - instagram.clock() < timedelta(days=61)
    await renew(instagram)
    assert renewals(instagram) == 1  # not before it is time
    instagram.clock.ahead = timedelta(days=31)
    instagram.server.account.token_age_hours = 31 * 24
    again = await renew(instagram)
    assert renewals(instagram) == 2
    assert again.config["access_token"] != connection.config["access_token"]


async def test_a_young_token_is_renewed_tomorrow(instagram: Instagram) -> None:
    instagram.server.account.token_age_hours = 1
    assert (await renew(instagram)).config["access_token"] == TOKEN
    await renew(instagram)
    assert renewals(instagram) == 1
    instagram.clock.ahead = timedelta(hours=26)
    instagram.server.account.token_age_hours = 27
    assert (await renew(instagram)).config["access_token"] != TOKEN


async def test_a_new_token_of_an_admins_is_seen_at_once(instagram: Instagram) -> None:
    await renew(instagram)
    instagram.server.account.token, instagram.server.account.token_age_hours = TOKEN, 48
    stored = instagram.inbox.connections[instagram.connection.id]
    instagram.inbox.connections[stored.id] = replace(
        stored, config={**stored.config, "access_token": TOKEN}
    )
    await renew(instagram)
    assert renewals(instagram) == 2


async def test_what_an_admin_typed_meanwhile_stands(instagram: Instagram) -> None:
    stale = replace(instagram.connection, updated_at=instagram.clock())
    await instagram.connector.renew(stale, instagram.inbox)
    stored = instagram.inbox.connections[instagram.connection.id]
    assert stored.config["access_token"] == TOKEN
    assert instagram.inbox.states == {}


@pytest.mark.parametrize(
    ("failure", "kind"),
    [((503, 2), RetryableError), ((400, 190), AuthenticationFailedError)],
)
async def test_a_token_that_is_not_renewed(
    instagram: Instagram, failure: tuple[int, int], kind: type[ConnectorError]
) -> None:
    instagram.server.account.fail("refresh_access_token", *failure)
    with pytest.raises(kind) as refused:
        await renew(instagram)
    assert TOKEN not in repr(refused.value)
    assert instagram.inbox.states == {}
    assert (await renew(instagram)).config["access_token"] != TOKEN


async def test_a_pages_token_is_let_be(instagram: Instagram) -> None:
    await instagram.connector.renew(instagram.page_connection, instagram.inbox)
    assert instagram.server.page_account.calls == []


# Health


async def test_health(instagram: Instagram) -> None:
    missing = await instagram.connector.health(instagram.connection, public_url=PUBLIC_URL)
    assert missing.warnings == ["webhook_missing"]
    await instagram.connector.connect(instagram.connection, public_url=PUBLIC_URL)
    instagram.server.account.may_message = False
    found = await instagram.connector.health(instagram.connection, public_url=PUBLIC_URL)
    assert found.warnings == ["permission_missing"]
    assert found.token_expires_at is None
    assert list(found.quotas) == []


async def test_health_tells_what_is_used_up(instagram: Instagram) -> None:
    instagram.server.account.headers = {
        "X-Business-Use-Case-Usage": '{"1": [{"type": "instagram", "call_count": 28, "total_time": 31}]}'
    }
    health = await instagram.connector.health(instagram.connection, public_url=PUBLIC_URL)
    (quota,) = health.quotas
    assert (quota.name, quota.limit, quota.used) == ("api_usage", 100, 31.0)


async def test_health_says_that_a_token_ends(instagram: Instagram) -> None:
    connection = await renew(instagram)
    await instagram.connector.connect(connection, public_url=PUBLIC_URL)
    instagram.clock.ahead = timedelta(days=55)
    health = await instagram.connector.health(connection, public_url=PUBLIC_URL)
    assert health.warnings == ["token_expires_soon"]


async def test_health_of_a_page(instagram: Instagram) -> None:
    account = instagram.server.page_account
    connection = replace(
        instagram.page_connection, config={**instagram.page_connection.config, "app_id": APP_ID}
    )
    await instagram.connector.connect(connection, public_url=PUBLIC_URL)
    account.token_expires_at = int((instagram.clock() + timedelta(days=3)).timestamp())
    account.scopes.remove("instagram_manage_messages")
    health = await instagram.connector.health(connection, public_url=PUBLIC_URL)
    assert set(health.warnings) == {"permission_missing", "token_expires_soon"}
    account.token_expires_at = 0
    assert (
        await instagram.connector.health(connection, public_url=PUBLIC_URL)
    ).token_expires_at is None


async def test_health_of_a_connection_that_was_cut_off(instagram: Instagram) -> None:
    instagram.server.account.token = "IGAArevoked0123456789"
    with pytest.raises(AuthenticationFailedError):
        await instagram.connector.health(instagram.connection, public_url=PUBLIC_URL)


# People and links


async def test_a_person_is_told_of(instagram: Instagram) -> None:
    profile = await instagram.connector.profile(instagram.connection, CUSTOMER)
    assert (profile.name, profile.username) == ("Айгүл Серікқызы", "aigul_500")
    assert profile.picture is not None
    async with instagram.connector.open_media(instagram.connection, profile.picture) as stream:
        assert await content_of(stream) == b"\xff\xd8\xff picture"


async def test_a_person_who_has_not_written(instagram: Instagram) -> None:
    instagram.server.account.fail("profile", 400, 230, "User consent is required")
    with pytest.raises(RejectedError) as refused:
        await instagram.connector.profile(instagram.connection, CUSTOMER)
    assert refused.value.code == "consent_missing"


async def test_typing_and_seen(instagram: Instagram) -> None:
    await instagram.connector.show_typing(instagram.connection, CUSTOMER, answering=None)
    await instagram.connector.mark_read(instagram.connection, CUSTOMER, platform_id="MID")
    assert instagram.server.account.actions == [(CUSTOMER, "typing_on"), (CUSTOMER, "mark_seen")]


def test_links(instagram: Instagram) -> None:
    link = instagram.connector.link
    assert link(instagram.connection, ref=None) == "https://ig.me/m/tau_demo"
    assert link(instagram.connection, ref="flyer_07") == "https://ig.me/m/tau_demo?ref=flyer_07"
    assert link(instagram.connection, ref="a+b=c") == "https://ig.me/m/tau_demo?ref=a%2Bb%3Dc"
    assert link(replace(instagram.connection, account=None), ref=None) is None
    for bad in ("инста 07", "a b", "a&b=1", ""):
        with pytest.raises(RejectedError):
            link(instagram.connection, ref=bad)


# Files


async def content_of(stream: MediaStream) -> bytes:
    return b"".join([chunk async for chunk in stream.chunks])


async def test_a_file_is_fetched(instagram: Instagram) -> None:
    url = instagram.server.keep("photo.png", b"\x89PNG 123", "image/png")
    async with instagram.connector.open_media(instagram.connection, {"url": url}) as stream:
        assert (stream.name, stream.mime, stream.size) == ("photo.png", "image/png", 8)
        assert await content_of(stream) == b"\x89PNG 123"


async def test_a_redirect_is_followed_within_the_platform(instagram: Instagram) -> None:
    url = instagram.server.keep("b.jpg", b"jpeg")
    instagram.server.redirects["a.jpg"] = url
    ref = {"url": url.replace("b.jpg", "a.jpg")}
    async with instagram.connector.open_media(instagram.connection, ref) as stream:
        assert await content_of(stream) == b"jpeg"
    instagram.server.redirects["b.jpg"] = ref["url"]
    with pytest.raises(RejectedError):
        async with instagram.connector.open_media(instagram.connection, ref):
            pass
    instagram.server.redirects["b.jpg"] = "http://10.0.0.1/latest/meta-data"
    with pytest.raises(RejectedError) as refused:
        async with instagram.connector.open_media(instagram.connection, ref):
            pass
    assert refused.value.code == "media_gone"


@pytest.mark.parametrize("ref", [{}, {"url": None}, {"url": "no address"}, {"url": "http://["}])
async def test_a_file_without_an_address(instagram: Instagram, ref: dict[str, Any]) -> None:
    with pytest.raises(RejectedError):
        async with instagram.connector.open_media(instagram.connection, ref):
            pass


async def test_a_file_that_is_gone_or_too_large(instagram: Instagram) -> None:
    gone = {"url": f"{instagram.server.url}/cdn/none.jpg"}
    with pytest.raises(RejectedError) as refused:
        async with instagram.connector.open_media(instagram.connection, gone):
            pass
    assert refused.value.code == "media_gone"
    media = Media(loopback=True, max_bytes=10)
    with pytest.raises(RejectedError) as refused:
        async with media.open(instagram.server.keep("big.bin", b"x" * 11)):
            pass
    assert refused.value.code == "media_too_large"
    instagram.server.chunked.add("big.bin")  # its size is not told in advance
    with pytest.raises(RejectedError) as refused:
        async with media.open(f"{instagram.server.url}/cdn/big.bin") as stream:
            await content_of(stream)
    assert refused.value.code == "media_too_large"
    await media.close()


async def test_a_file_that_breaks_off(instagram: Instagram) -> None:
    url = instagram.server.keep("cut.bin", b"x" * 200_000)
    instagram.server.cut.add("cut.bin")
    with pytest.raises(RetryableError):
        async with instagram.connector.open_media(instagram.connection, {"url": url}) as stream:
            await content_of(stream)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1", True),
        ("https://scontent-fra3-1.cdninstagram.com/v/t51.jpg", True),
        ("https://scontent.xx.fbcdn.net:443/a.jpg", True),
        ("https://lookaside.instagram.com/x", True),
        ("http://lookaside.fbsbx.com/x", False),
        ("https://lookaside.fbsbx.com:8443/x", False),
        ("https://fbsbx.com.evil.kz/x", False),
        ("https://evilfbsbx.com/x", False),
        ("https://user@lookaside.fbsbx.com/x", False),
        ("https://lookaside.fbsbx.com@evil.kz/x", False),
        ("https://127.0.0.1/x", False),
        ("http://127.0.0.1/x", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://[::1]/x", False),
        ("file:///etc/passwd", False),
        ("https://www.instagram.com/p/1/", False),
        ("https://fbcdn.net:99999/x", False),
        ("", False),
    ],
)
def test_only_the_platforms_own_servers(url: str, taken: bool) -> None:
    assert is_media_url(url) is taken


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:8083/cdn/x", True),
        ("http://localhost/cdn/x", True),
        ("http://10.0.0.1/x", False),
        ("http://evil.kz/x", False),
        ("file://localhost/etc/passwd", False),
    ],
)
def test_a_fake_has_its_files_on_this_machine(url: str, taken: bool) -> None:
    assert is_media_url(url, loopback=True) is taken
