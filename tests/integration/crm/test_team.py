"""Accounts, sessions, members and settings, over HTTP."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from crm.core.feature import Core
from crm.team import sessions
from tests.support.console import PASSWORD, Console
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("server")


async def test_signing_up_makes_an_owner_with_an_organization(visitor: Console) -> None:
    await visitor.sign_up("Aigul@Example.KZ ", "Айгүл дүкені")
    session = await visitor.get("/api/session")
    assert session["user"]["email"] == "aigul@example.kz"
    assert session["role"] == "owner"
    assert session["organization"]["name"] == "Айгүл дүкені"
    assert session["organization"]["business_hours"]["mon"] == [["09:00", "18:00"]]
    assert [choice["name"] for choice in session["organizations"]] == ["Айгүл дүкені"]


async def test_an_email_has_one_account(owner: Console, visitor: Console) -> None:
    body = {
        "email": "OWNER@example.kz",
        "password": PASSWORD,
        "name": "Somebody",
        "organization_name": "Third",
    }
    problem = await visitor.post("/api/auth/sign-up", body, status=409)
    assert problem["code"] == "email_taken"


async def test_the_cookie_is_out_of_reach_and_not_stored(visitor: Console, core: Core) -> None:
    response = await visitor.request(
        "POST",
        "/api/auth/sign-up",
        json={
            "email": "a@example.kz",
            "password": PASSWORD,
            "name": "A",
            "organization_name": "B",
        },
    )
    cookie = response.cookies["aitys_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    stored = await core.database.collection("sessions").find_one({})
    assert stored is not None
    assert cookie.value not in str(stored)


@pytest.mark.parametrize(
    ("email", "password"),
    [("owner@example.kz", "wrong password"), ("nobody@example.kz", PASSWORD)],
)
async def test_wrong_credentials_are_one_error(
    owner: Console, visitor: Console, email: str, password: str
) -> None:
    problem = await visitor.post(
        "/api/auth/sign-in", {"email": email, "password": password}, status=401
    )
    assert problem["code"] == "credentials_wrong"
    assert problem["errors"] == []


async def test_signing_out_ends_the_session(owner: Console) -> None:
    await owner.post("/api/auth/sign-out")
    assert (await owner.get("/api/session", status=401))["code"] == "unauthenticated"


async def test_guessing_is_limited_by_email_and_forgiven_by_success(
    owner: Console, visitor: Console
) -> None:
    wrong = {"email": "owner@example.kz", "password": "wrong password"}
    for _ in range(9):
        await visitor.post("/api/auth/sign-in", wrong, status=401)
    await visitor.sign_in("owner@example.kz")
    for _ in range(10):
        await visitor.post("/api/auth/sign-in", wrong, status=401)
    response = await visitor.request("POST", "/api/auth/sign-in", json=wrong)
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 600
    right = {"email": "owner@example.kz", "password": PASSWORD}
    assert (await visitor.post("/api/auth/sign-in", right, status=429))["code"] == (
        "too_many_requests"
    )


async def test_changes_need_the_csrf_token(owner: Console) -> None:
    for headers in ({"X-CSRF-Token": "guess"}, {"X-CSRF-Token": ""}):
        problem = await owner.call("PATCH", "/api/me", {"name": "X"}, headers=headers, status=403)
        assert problem["code"] == "csrf_failed"
    assert (await owner.get("/api/session"))["user"]["name"] == "Owner"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_sites_change_nothing(owner: Console, headers: dict[str, str]) -> None:
    problem = await owner.call("PATCH", "/api/me", {"name": "X"}, headers=headers, status=403)
    assert problem["code"] == "csrf_failed"
    sign_in = {"email": "owner@example.kz", "password": PASSWORD}
    await owner.call("POST", "/api/auth/sign-in", sign_in, headers=headers, status=403)


async def test_a_new_password_needs_the_old_and_ends_other_sessions(
    owner: Console, visitor: Console
) -> None:
    await visitor.sign_in("owner@example.kz")
    change = {"new_password": "another long password"}
    problem = await owner.call("PATCH", "/api/me", change, status=422)
    assert problem["errors"][0]["code"] == "password_wrong"
    await owner.patch("/api/me", {**change, "current_password": PASSWORD})
    await owner.get("/api/session")
    await visitor.get("/api/session", status=401)
    await visitor.post(
        "/api/auth/sign-in", {"email": "owner@example.kz", "password": PASSWORD}, status=401
    )
    await visitor.sign_in("owner@example.kz", "another long password")


async def test_roles_bind_at_once(owner: Console, operator: Console) -> None:
    await operator.post("/api/contacts", {"name": "A"})
    members = (await owner.get("/api/members"))["items"]
    member = next(row for row in members if row["user_id"] == str(operator.user_id))
    await owner.patch(f"/api/members/{member['id']}", {"role": "viewer"})
    problem = await operator.post("/api/contacts", {"name": "B"}, status=403)
    assert problem["code"] == "forbidden"
    await owner.delete(f"/api/members/{member['id']}")
    await operator.get("/api/session", status=401)
    problem = await operator.post(
        "/api/auth/sign-in", {"email": "operator@example.kz", "password": PASSWORD}, status=403
    )
    assert problem["code"] == "no_membership"


async def test_another_process_notices_a_revocation_at_once(
    owner: Console, operator: Console, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CACHE_SECONDS", 3600.0)  # not because its memory is short
    await operator.get("/api/session")  # now the process remembers the session
    await core.database.collection("sessions").delete_many({"user_id": operator.user_id})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await operator.request("GET", "/api/session")).status != 401:  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.02)


async def test_only_an_owner_touches_owners(owner: Console, admin: Console) -> None:
    members = (await owner.get("/api/members"))["items"]
    of_owner = next(row["id"] for row in members if row["role"] == "owner")
    of_admin = next(row["id"] for row in members if row["role"] == "admin")
    code = "role_too_high"
    for method, path, body in (
        ("PATCH", f"/api/members/{of_owner}", {"role": "viewer"}),
        ("PATCH", f"/api/members/{of_admin}", {"role": "owner"}),
        ("DELETE", f"/api/members/{of_owner}", None),
        (
            "POST",
            "/api/members",
            {"email": "x@example.kz", "name": "X", "role": "owner", "password": PASSWORD},
        ),
    ):
        assert (await admin.call(method, path, body, status=403))["code"] == code


async def test_the_last_owner_stays(owner: Console, admin: Console) -> None:
    members = (await owner.get("/api/members"))["items"]
    of_owner = next(row["id"] for row in members if row["role"] == "owner")
    of_admin = next(row["id"] for row in members if row["role"] == "admin")
    problem = await owner.patch(f"/api/members/{of_owner}", {"role": "admin"}, status=409)
    assert problem["code"] == "last_owner"
    await owner.delete(f"/api/members/{of_owner}", status=409)
    await owner.patch(f"/api/members/{of_admin}", {"role": "owner"})
    # Both go at the same moment: one of them has to stay.
    results = await asyncio.gather(
        owner.request("DELETE", f"/api/members/{of_owner}"),
        admin.request("DELETE", f"/api/members/{of_admin}"),
    )
    assert sorted(result.status for result in results) in ([204, 401], [204, 403], [204, 409])


async def test_a_person_acts_in_several_organizations(owner: Console, stranger: Console) -> None:
    await owner.post(
        "/api/members", {"email": "stranger@example.kz", "name": "Ignored", "role": "viewer"}
    )
    await owner.post("/api/contacts", {"name": "Ours"})
    assert (await stranger.get("/api/contacts"))["items"] == []
    session = await stranger.post(
        "/api/session/organization", {"organization_id": str(owner.organization_id)}
    )
    assert session["role"] == "viewer"
    assert len(session["organizations"]) == 2
    assert [row["name"] for row in (await stranger.get("/api/contacts"))["items"]] == ["Ours"]
    await stranger.post("/api/contacts", {"name": "B"}, status=403)


async def test_nobody_switches_to_a_foreign_organization(owner: Console, stranger: Console) -> None:
    body = {"organization_id": str(owner.organization_id)}
    assert (await stranger.post("/api/session/organization", body, status=404))["code"] == (
        "not_found"
    )
    assert (await stranger.get("/api/session"))["organization"]["name"] == "Other company"


async def test_settings_change_partially(owner: Console) -> None:
    before = await owner.get("/api/organization")
    hours = {"mon": [["10:00", "13:00"], ["14:00", "20:00"]], "sat": [["10:00", "15:00"]]}
    changed = await owner.patch(
        "/api/organization",
        {
            "timezone": "Asia/Aqtau",
            "business_hours": hours,
            "holidays": ["2026-12-16", "2026-12-16"],
            "handoff": {"return_after_minutes": 5},
        },
    )
    assert changed["name"] == before["name"]
    assert changed["business_hours"]["mon"] == hours["mon"]
    assert changed["business_hours"]["tue"] == []
    assert changed["holidays"] == ["2026-12-16"]
    assert await owner.get("/api/organization") == changed


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone", "timezone_unknown"),
        ({"timezone": "../../etc/passwd"}, "timezone", "timezone_unknown"),
        ({"name": None}, "name", "string_type"),
        ({"name": "   "}, "name", "string_too_short"),
        ({"nickname": "x"}, "nickname", "extra_forbidden"),
        ({"language": "de"}, "language", "literal_error"),
        (
            {"business_hours": {"mon": [["18:00", "09:00"]]}},
            "business_hours",
            "hours_out_of_order",
        ),
        ({"business_hours": {"mon": [["9:00", "18:00"]]}}, None, "string_pattern_mismatch"),
        ({"holidays": ["2026-02-30"]}, "holidays.0", "date_from_datetime_parsing"),
        ({"handoff": {"return_after_minutes": 0}}, None, "greater_than_equal"),
    ],
)
async def test_wrong_settings_are_named(
    owner: Console, change: dict[str, Any], field: str | None, code: str
) -> None:
    problem = await owner.patch("/api/organization", change, status=422)
    assert problem["code"] == "validation_failed"
    found = {item["code"]: item["field"] for item in problem["errors"]}
    assert code in found
    assert field is None or found[code] == field


async def test_two_sign_ups_at_once_make_one_account(server: TestServer) -> None:
    async with Console.open(server) as one, Console.open(server) as two:
        results = await asyncio.gather(
            one.sign_up("same@example.kz", "A"),
            two.sign_up("same@example.kz", "B"),
            return_exceptions=True,
        )
    assert sum(result is None for result in results) == 1
