"""What listens for queries beyond one organization hears them."""

from typing import Any

import pytest

from tests.integration import scoping as module
from tests.integration.scoping import Scoping
from tests.integration.scoping_exceptions import ACROSS
from tests.support.console import PASSWORD, Console


async def test_a_query_of_the_product_without_its_organization_is_heard(
    owner: Console, scoping: Scoping, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await owner.get("/api/contacts"))["items"] == []
    assert scoping.found == []
    monkeypatch.setattr(module, "ACROSS", {})
    await owner.post("/api/auth/sign-in", {"email": "owner@example.kz", "password": PASSWORD})
    found, scoping.found[:] = set(scoping.found), []
    assert "crm/team/accounts.py:Accounts.sign_in: find of memberships" in found


@pytest.mark.parametrize(
    ("name", "command", "scoped"),
    [
        ("find", {"filter": {"_id": 1}}, False),
        ("find", {"filter": {"$and": [{"organization_id": 1}, {"_id": 1}]}}, True),
        ("findAndModify", {"query": {"_id": 1}}, False),
        ("update", {"updates": [{"q": {"organization_id": 1}}, {"q": {"_id": 1}}]}, False),
        ("delete", {"deletes": [{"q": {}}]}, False),
        ("aggregate", {"pipeline": [{"$match": {"organization_id": 1}}]}, True),
        ("aggregate", {"pipeline": [{"$group": {"_id": "$organization_id"}}]}, False),
        ("insert", {"documents": [{"_id": 1}]}, False),
        ("getMore", {}, True),
    ],
)
def test_conditions(name: str, command: dict[str, Any], *, scoped: bool) -> None:
    conditions = list(module._conditions(name, command))
    assert all(module._names("organization_id", each) for each in conditions) is scoped


def test_every_exception_names_what_is_there() -> None:
    for place in ACROSS:
        path, _, function = place.partition(":")
        source = (module.ROOT / path).read_text(encoding="utf-8")
        assert all(f" {name}" in source for name in function.split(".") if name)
