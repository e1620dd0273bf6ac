"""No handler is reached without organization scope: all routes as nobody, a viewer, and a stranger.

The routes come from the application itself. Each kind of thing named in a path has one sample in `STORED`; a new
kind without one fails here, so that it cannot be forgotten.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData, web
from bson import ObjectId

from bot.knowledge.passages import Passage
from bot.prompts.content import AssistantContent
from crm.app import API
from crm.core.api import Access, Endpoint
from crm.core.api.openapi import openapi_document
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.knowledge.models import SET_BY_PEOPLE, new_source, stored_content
from tests.integration.crm.sampling import fill_change, sample
from tests.support.console import Console

MARK = "belongs-to-the-owner"
SAFE = {"GET"}
FILE = object()
"""The body of those who upload."""
NOW = utc_now()
# The owner has two versions of the assistant, others have one.
OTHER_PARAMETERS = {"organization_id": ObjectId(), "version": 1, "number": 2, "place": 0}


def stored(organization_id: ObjectId, contact_id: ObjectId) -> dict[str, tuple[str, RawDocument]]:
    """For each parameter of a path: the collection and a document to put there."""
    connection_id, conversation_id, suite_id = ObjectId(), ObjectId(), ObjectId()
    passage_id, file_id = ObjectId(), ObjectId()
    source = new_source(
        organization_id=organization_id,
        name=MARK,
        title=MARK,
        kind="markdown",
        language="ru",
        origin="typed",
        content=f"# {MARK}",
        now=NOW,
    )
    common = {"organization_id": organization_id, "created_at": NOW, "updated_at": NOW}
    return {
        "contact_id": (
            "contacts",
            {
                **common,
                "_id": contact_id,
                "name": MARK,
                "phone": "+77010000001",
                "email": None,
                "language": None,
                "identities": [],
                "consents": [],
                "attributes": {},
                "note": MARK,
                "search": [],
            },
        ),
        "deal_id": (
            "deals",
            {
                **common,
                "contact_id": contact_id,
                "conversation_id": None,
                "title": MARK,
                "amount": 1,
                "currency": "KZT",
                "stage_id": "new",
                "position": 1.0,
                "closed_at": None,
                "source_key": None,
            },
        ),
        "task_id": (
            "tasks",
            {
                **common,
                "title": MARK,
                "description": "",
                "kind": "other",
                "priority": "normal",
                "due_at": None,
                "done_at": None,
                "assignee_id": None,
                "source_key": None,
                "contact_id": contact_id,
                "conversation_id": None,
                "deal_id": None,
            },
        ),
        "connection_id": (
            "connections",
            {
                **common,
                "_id": connection_id,
                "channel": "webchat",
                "name": MARK,
                "status": "active",
                "config": {},
                "credentials_encrypted": MARK,
                "webhook_secret": MARK,
                "external_account": {"id": MARK, "name": MARK},
                "last_event_at": None,
                "last_error": None,
            },
        ),
        "conversation_id": (
            "conversations",
            {
                **common,
                "_id": conversation_id,
                "connection_id": connection_id,
                "channel": "webchat",
                "chat_id": MARK,
                "contact_id": contact_id,
                "contact_name": MARK,
                "owner": "operator",
                "status": "open",
                "assignee_id": None,
                "language": "ru",
                "summary": None,
                "facts": {},
                "waiting_since": None,
                "unread": 1,
                "last_message": None,
                "last_activity_at": NOW,
                "disclosed_at": None,
                "lease": None,
                "fence": 0,
                "operator_active_at": NOW,
                "unrecorded": 0,
                "rating": None,
            },
        ),
        "message_id": (
            "messages",
            {
                **common,
                "connection_id": connection_id,
                "conversation_id": conversation_id,
                "chat_id": MARK,
                "external_id": None,
                "direction": "out",
                "author": {"kind": "bot", "user_id": None, "name": MARK},
                "kind": "text",
                "text": MARK,
                "data": {},
                "buttons": [],
                "language": "ru",
                "state": "failed",
                "fence": 0,
                "attempts": 5,
                "next_attempt_at": None,
                "error": {"code": "rejected", "detail": MARK},
                "trace": None,
                "attachments": [
                    {
                        "kind": "image",
                        "name": MARK,
                        "mime": None,
                        "size": None,
                        "duration": None,
                        "inline": False,
                        "state": "failed",
                        "error": {"code": "media_gone", "detail": MARK},
                        "file_id": None,
                        "thumbnail": False,
                        "ref": {"id": MARK},
                        "attempts": 1,
                    }
                ],
            },
        ),
        "file_id": (
            "media.files",
            {
                **common,
                "_id": file_id,
                "length": 0,
                "chunkSize": 1024,
                "uploadDate": NOW,
                "filename": MARK,
                "metadata": {
                    "organization_id": organization_id,
                    "kind": "image",
                    "mime": "image/png",
                    "sha256": MARK,
                    "origin": {},
                    "state": "ready",
                    "check_at": None,
                    "check_attempts": 0,
                    "thumbnail": True,
                    "look_at": NOW + timedelta(days=1),
                },
            },
        ),
        "trial_id": (
            "assistant_trials",
            {
                **common,
                "content": AssistantContent(name=MARK).document(),
                "knowledge_version": 0,
                "version": None,
                "language": "ru",
                "channel": "webchat",
                "status": "open",
                "facts": {},
                "markers": [],
                "messages": [],
                "turn": 0,
                "turns": [],
                "effects": [],
                "busy_until": None,
            },
        ),
        "call_id": (
            "provider_calls",
            {
                **common,
                "key": MARK,
                "conversation_id": conversation_id,
                "trial_id": None,
                "purpose": "answer",
                "model": "openai:m",
                "host": MARK,
                "state": "done",
                "masked_prompt": [{"role": "human", "text": MARK}],
                "said": MARK,
                "search": [],
                "raw_answer": MARK,
                "input_tokens": 1,
                "output_tokens": 1,
                "cost": 0.0,
                "reserved": 0.0,
                "currency": None,
                "error": None,
                "attempts": 1,
                "at": NOW,
                "elapsed_ms": 1.0,
                "month": "2026-11",
                "expires_at": NOW + timedelta(days=1),
            },
        ),
        "suite_id": (
            "assistant_suites",
            {
                **common,
                "_id": suite_id,
                "name": MARK,
                "required": True,
                "cases": 1,
                "revision": 1,
                "next_position": 1,
            },
        ),
        "case_id": (
            "assistant_cases",
            {
                **common,
                "suite_id": suite_id,
                "position": 0,
                "name": MARK,
                "turns": [MARK],
                "expect": {"contains": [MARK]},
                "conversation_id": None,
            },
        ),
        "run_id": (
            "assistant_runs",
            {
                "organization_id": organization_id,
                "created_at": NOW,
                "kind": "suite",
                "state": "done",
                "suite_id": suite_id,
                "suite_name": MARK,
                "suite_revision": 1,
                "target": "draft",
                "version": None,
                "content": AssistantContent(name=MARK).document(),
                "content_hash": MARK,
                "knowledge_version": 0,
                "done": 0,
                "total": 0,
                "passed": 0,
                "failed": 0,
                "changed": {},
                "estimate": {"messages": 0, "calls": 0, "cost": None, "currency": None},
                "cost": None,
                "error": None,
                "created_by": {"id": None, "name": MARK},
                "lease": None,
                "told_at": None,
                "finished_at": None,
            },
        ),
        "source_id": ("knowledge_sources", {**source, "state": "ready", "passages": 1}),
        "passage_id": (
            "knowledge_passages",
            {
                **stored_content(
                    Passage(
                        id=MARK,
                        document=MARK,
                        title=MARK,
                        heading=(),
                        language="ru",
                        position=0,
                        text=MARK,
                    ),
                    source,
                ),
                "_id": passage_id,
                "passage_id": passage_id,
                "organization_id": organization_id,
                "source_id": source["_id"],
                "rank": 0.0,
                "from": 1,
                "to": None,
                "closed_at": None,
                **dict(SET_BY_PEOPLE),
            },
        ),
    }


def sent(body: Any) -> dict[str, Any]:
    """How a body is sent: as JSON, or as a form with a file."""
    if body is not FILE:
        return {"json": body}
    form = FormData()
    form.add_field("file", b"# A document\n\nIts text.", filename="a.md")
    return {"data": form}


class Walk:
    """All endpoints of the application, and the owner's things."""

    def __init__(self, app: web.Application, ids: dict[str, ObjectId]) -> None:
        self.endpoints = [spec for spec in app[API].endpoints if spec.access is not Access.PUBLIC]
        # The published document leaves the internal endpoints out; here they are walked like the others.
        shown = [
            replace(spec, access=Access.OWNER) if spec.access is Access.INTERNAL else spec
            for spec in app[API].endpoints
        ]
        self.document = openapi_document(shown, version="0")
        self.ids = ids

    def path(self, spec: Endpoint) -> str:
        missing = set(spec.path_parameters) - set(self.ids) - {"member_id", *OTHER_PARAMETERS}
        assert not missing, f"{spec.path}: put a sample for {missing} into `stored`"
        return spec.path.format_map({**OTHER_PARAMETERS, **self.ids})

    def bodies(self, spec: Endpoint) -> list[Any]:
        """No body, the least valid body, and one with every field that points at the owner's things."""
        if spec.upload:
            return [FILE]
        if spec.body is None:
            return [None]
        operation = self.document["paths"][spec.path][spec.method.lower()]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        definitions = self.document["components"]["schemas"]
        least, full = sample(schema, definitions), fill_change(schema, definitions)
        if not isinstance(least, dict):
            return [least]
        pointing = {
            name: str(self.ids[key])
            for name in full
            for key in (name, name.replace("other_id", "contact_id").replace("before_", "deal_"))
            if key in self.ids
        }
        return [least, {**least, **pointing}, {**full, **pointing}]


async def snapshot(database: Database, organization_id: ObjectId) -> dict[str, list[RawDocument]]:
    """All documents of an organization."""
    found = {}
    for name in await database.db.list_collection_names():
        key = "_id" if name == "organizations" else "organization_id"
        query = {key: organization_id}
        if documents := await database.collection(name).find(query).sort("_id", 1).to_list():
            found[name] = documents
    return found


@pytest.fixture
async def walk(app: web.Application, database: Database, owner: Console) -> Walk:
    ids: dict[str, ObjectId] = {}
    for parameter, (collection, document) in stored(owner.organization_id, ObjectId()).items():
        document.setdefault("_id", ObjectId())
        ids[parameter] = document["_id"]
        await database.collection(collection).insert_one(document)
    thumbnail = {"_id": ids["file_id"], "organization_id": owner.organization_id, "data": b"jpeg"}
    await database.collection("media_thumbnails").insert_one(thumbnail)
    members = (await owner.get("/api/members"))["items"]
    ids["member_id"] = ObjectId(members[0]["id"])
    await owner.get("/api/pipeline")  # the first use makes it
    await owner.patch("/api/assistant/draft", {"revision": 0, "tone": MARK})
    await owner.post("/api/assistant/publish", {"revision": 1, "reason": MARK})
    return Walk(app, ids)


async def test_nobody_reaches_anything(walk: Walk, visitor: Console) -> None:
    for spec in walk.endpoints:
        for headers in ({}, {"Authorization": "Bearer guess"}, {"Cookie": "aitys_session=guess"}):
            response = await visitor.request(
                spec.method, walk.path(spec), json={}, headers={"X-CSRF-Token": "guess", **headers}
            )
            problem = await response.json(content_type=None)
            assert (response.status, problem["code"]) == (401, "unauthenticated"), spec


async def test_a_viewer_changes_nothing(
    walk: Walk, viewer: Console, owner: Console, database: Database
) -> None:
    before = await snapshot(database, owner.organization_id)
    own = {"/api/auth/sign-out", "/api/me", "/api/session/organization"}
    for spec in walk.endpoints:
        if spec.method in SAFE or spec.path in own:
            continue
        if spec.path.endswith("/read") or spec.path.endswith("/typing"):
            continue  # looking and typing change nothing that lasts
        for body in walk.bodies(spec):
            response = await viewer.request(spec.method, walk.path(spec), **sent(body))
            if spec.access is not Access.VIEWER:  # a question asked by POST is a viewer's right
                expected = 401 if spec.access is Access.INTERNAL else 403
                assert response.status == expected, spec
    assert await snapshot(database, owner.organization_id) == before


async def test_each_role_is_held(
    walk: Walk, viewer: Console, operator: Console, admin: Console
) -> None:
    for console, role in ((viewer, "viewer"), (operator, "operator"), (admin, "admin")):
        for spec in walk.endpoints:
            needed = spec.access.role
            if needed is None or _rank(needed.value) <= _rank(role):
                continue
            response = await console.request(spec.method, walk.path(spec), json={})
            assert response.status == 403, f"{role}: {spec}"


async def test_a_viewer_reads_and_an_owner_reaches_all(walk: Walk, viewer: Console) -> None:
    for spec in walk.endpoints:
        if spec.method == "GET" and spec.access is Access.VIEWER and not spec.websocket:
            response = await viewer.request("GET", walk.path(spec))
            assert response.status == 200, (spec, await response.text())


async def test_a_stranger_sees_and_changes_nothing(
    walk: Walk, stranger: Console, owner: Console, database: Database
) -> None:
    before = await snapshot(database, owner.organization_id)
    last = {"/api/auth/sign-out"}
    for spec in walk.endpoints:
        if spec.path in last or spec.access is Access.INTERNAL or spec.websocket:
            continue
        for body in walk.bodies(spec):
            response = await stranger.request(spec.method, walk.path(spec), **sent(body))
            text = await response.text()
            assert MARK not in text, spec
            assert str(owner.organization_id) not in text, spec
            assert response.status < 500 or response.status == 503, (spec, text)
            if spec.path_parameters and spec.method in {"GET", "DELETE"}:
                assert response.status == 404, (spec, text)
            if spec.path_parameters:
                assert response.status in {404, 422}, (spec, text)
    assert await snapshot(database, owner.organization_id) == before
    # Nothing of the stranger points at what belongs to the owner.
    theirs = str(await snapshot(database, stranger.organization_id))
    for name, foreign in walk.ids.items():
        assert str(foreign) not in theirs, name


async def test_ids_that_cannot_be_ids_are_not_found(walk: Walk, owner: Console) -> None:
    for spec in walk.endpoints:
        if ObjectId not in spec.path_parameters.values() or spec.access is Access.INTERNAL:
            continue
        for wrong in ("x", "0" * 23, "g" * 24, "%00", "..%2f..%2fetc", "{$ne:1}"):
            path = spec.path.format_map(dict.fromkeys(spec.path_parameters, wrong))
            response = await owner.request(spec.method, path, json={})
            assert response.status == 404, (spec, wrong)


async def test_every_route_is_declared(app: web.Application) -> None:
    async def open_to_all(_: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get("/api/backdoor", open_to_all)
    app.freeze()
    with pytest.raises(RuntimeError, match="nobody guards"):
        await app.startup()
    await app.cleanup()


def _rank(role: str) -> int:
    return ["viewer", "operator", "admin", "owner"].index(role)
