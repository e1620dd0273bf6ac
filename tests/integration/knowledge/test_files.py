"""Uploaded documents: stored, ingested by workers, resumed, limited, given back."""

import asyncio
import dataclasses
import hashlib
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestServer
from bson import ObjectId
from reportlab.platypus import PageBreak

from crm.core.clock import utc_now
from crm.core.errors import DomainError
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.knowledge.ingestion import Pace
from crm.knowledge.limits import KnowledgeLimits
from crm.knowledge.models import PASSAGES, SOURCES
from crm.knowledge.reading import Reader
from crm.knowledge.service import Knowledge
from crm.services import Services
from tests.support.console import Console
from tests.support.papers import HEADING, drawn, flowing, grid, picture, text

WORDS = "Доставка по городу занимает один день и стоит 1 500 ₸."
WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[3]


def paper(*words: str) -> bytes:
    return flowing([part for line in words for part in (text(line, HEADING), text(WORDS))])


def book(pages: int) -> bytes:
    """Pages of text and a table each."""
    rows = [
        ["Город", "Цена", "Срок"],
        *([f"Город {n}", f"{n} 000 ₸", f"{n} дн."] for n in range(9)),
    ]
    story: list[Any] = []
    for number in range(pages):
        story += [text(f"Раздел {number}", HEADING), text(f"{number}. {WORDS * 4}"), grid(rows)]
        story += [text(WORDS * 12), text(WORDS * 12), PageBreak()]
    return flowing(story)


async def upload(
    console: Console,
    content: bytes,
    name: str = "terms.pdf",
    *,
    status: int | None = None,
    fields: Sequence[tuple[str, str]] = (),
    method: str = "POST",
    path: str = "/api/knowledge/files",
) -> Any:
    form = FormData(quote_fields=False)
    for key, value in fields:
        form.add_field(key, value)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    return await console.call(method, path, data=form, status=status)


async def finished(console: Console, source_id: str, seconds: float = 60) -> Any:
    for _ in range(int(seconds / 0.05)):
        source = await console.get(f"/api/knowledge/sources/{source_id}")
        if source["state"] in {"ready", "failed"}:
            return source
        await asyncio.sleep(0.05)
    raise AssertionError(source)


@pytest.fixture
async def worker(services: Services) -> AsyncIterator[None]:
    """What the worker process does for documents."""

    async def sweep() -> None:
        while True:
            await services.knowledge.ingestion.sweep()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(sweep())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await services.knowledge.ingestion.close()


@asynccontextmanager
async def worker_process(
    settings: Settings, lease_seconds: float = 2.0
) -> AsyncIterator[asyncio.subprocess.Process]:
    assert settings.mongodb_uri is not None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        settings.mongodb_uri.get_secret_value(),
        settings.mongodb_database,
        str(lease_seconds),
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_file_is_stored_waits_and_is_ingested(
    owner: Console, services: Services, core: Core
) -> None:
    content = paper("Доставка", "Оплата")
    source = await upload(owner, content)
    assert (source["state"], source["origin"], source["passages"]) == ("queued", "file", 0)
    assert source["file"] == {
        "name": "terms.pdf",
        "content_type": "application/pdf",
        "size": len(content),
    }
    assert await services.knowledge.ingestion.sweep() == 1
    ready = await finished(owner, source["id"])
    assert (ready["state"], ready["error"], ready["passages"]) == ("ready", None, 2)
    assert (ready["title"], ready["language"]) == ("Terms", "ru")
    assert WORDS in ready["content"]
    assert ready["content"].startswith("## Доставка")
    passages = await owner.get(f"/api/knowledge/sources/{source['id']}/passages")
    assert [(item["heading"], item["page"]) for item in passages["items"]] == [
        (["Доставка"], 1),
        (["Оплата"], 1),
    ]
    found = await owner.post("/api/knowledge/search", {"text": "сколько стоит", "language": "ru"})
    assert found["items"][0]["page"] == 1
    stored = await core.database.collection(SOURCES).find_one(ObjectId(source["id"]))
    assert stored is not None
    assert (stored["lease"], stored["progress"], stored["attempts"]) == (None, None, 0)


async def test_a_file_is_given_back_as_it_came(
    owner: Console, viewer: Console, stranger: Console
) -> None:
    content = book(3)
    source = await upload(owner, content, "Прайс-лист №1.pdf")
    path = f"/api/knowledge/sources/{source['id']}/file"
    response = await viewer.request("GET", path)
    assert await response.read() == content
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''%D0%9F%D1%80%D0%B0%D0%B9%D1%81-%D0%BB%D0%B8%D1%81%D1%82%20%E2%84%961.pdf"
    )
    await stranger.get(path, status=404)
    typed = await owner.post("/api/knowledge/sources", {"name": "a.md", "content": "# А\n\nБ."})
    response = await owner.request("GET", f"/api/knowledge/sources/{typed['id']}/file")
    assert await response.text() == "# А\n\nБ."


async def test_nobody_else_touches_a_file(
    owner: Console, stranger: Console, operator: Console, viewer: Console
) -> None:
    source = await upload(owner, paper("Доставка"))
    path = f"/api/knowledge/sources/{source['id']}"
    await upload(stranger, paper("x"), method="PUT", path=f"{path}/file", status=404)
    await stranger.post(f"{path}/retry", status=404)
    await upload(operator, paper("x"), status=403)
    await upload(viewer, paper("x"), method="PUT", path=f"{path}/file", status=403)
    await operator.post(f"{path}/retry", status=403)


async def test_another_file_takes_its_place_and_only_what_changed_is_written(
    owner: Console, core: Core, worker: None
) -> None:
    source = await upload(owner, paper("Доставка", "Оплата", "Возврат"))
    await finished(owner, source["id"])
    rows = core.database.collection(PASSAGES)
    before = {row["heading"][0]: row["_id"] async for row in rows.find({"to": None})}
    path = f"/api/knowledge/sources/{source['id']}"
    changed = await upload(
        owner,
        paper("Доставка", "Гарантия", "Возврат"),
        "new.pdf",
        method="PUT",
        path=f"{path}/file",
    )
    assert (changed["state"], changed["name"], changed["passages"]) == ("queued", "terms.pdf", 3)
    await finished(owner, source["id"])
    after = {row["heading"][0]: row["_id"] async for row in rows.find({"to": None})}
    assert set(after) == {"Доставка", "Гарантия", "Возврат"}
    assert {name: after[name] for name in ("Доставка", "Возврат")} == {
        name: before[name] for name in ("Доставка", "Возврат")
    }
    files = core.database.collection("knowledge_files.files")
    assert await files.count_documents({}) == 1
    await owner.delete(path)
    assert await files.count_documents({}) == 0
    assert await core.database.collection("knowledge_files.chunks").count_documents({}) == 0


async def test_unreadable_pages_are_told(owner: Console, worker: None) -> None:
    content = drawn(lambda canvas: canvas.drawString(50, 700, WORDS), picture, picture)
    ready = await finished(owner, (await upload(owner, content))["id"])
    assert ready["state"] == "ready"
    (warning,) = ready["warnings"]
    assert (warning["code"], warning["pages"]) == ("pages_unreadable", [2, 3])


async def test_a_broken_document_fails_by_itself_and_can_be_replaced(
    owner: Console, worker: None
) -> None:
    broken, good = await asyncio.gather(
        upload(owner, b"%PDF-1.7 nonsense", "broken.pdf"), upload(owner, paper("Доставка"))
    )
    failed = await finished(owner, broken["id"])
    assert (failed["state"], failed["error"]["code"]) == ("failed", "document_broken")
    assert failed["error"]["detail"]
    assert (await finished(owner, good["id"]))["state"] == "ready"
    path = f"/api/knowledge/sources/{broken['id']}"
    again = await owner.post(f"{path}/retry")
    assert (again["state"], again["error"]) == ("queued", None)
    assert (await finished(owner, broken["id"]))["state"] == "failed"
    await upload(owner, paper("Оплата"), method="PUT", path=f"{path}/file")
    mended = await finished(owner, broken["id"])
    assert (mended["state"], mended["error"], mended["passages"]) == ("ready", None, 1)


@pytest.mark.parametrize(
    ("name", "content", "code", "field"),
    [
        ("a.exe", b"MZ", "document_unknown_type", "name"),
        ("a.doc", b"x", "document_legacy_format", "name"),
        ("a.pdf", b"just words", "document_wrong_type", "file"),
        ("a.docx", b"%PDF-1.4 " + b"x" * 9_000, "document_wrong_type", "file"),
        ("a.pdf", b"", "document_empty", "file"),
    ],
)
async def test_files_that_cannot_be_meant_are_refused_at_once(
    owner: Console, core: Core, name: str, content: bytes, code: str, field: str
) -> None:
    problem = await upload(owner, content, name, status=422)
    assert (problem["code"], problem["errors"][0]["field"]) == (code, field)
    assert await core.database.collection(SOURCES).count_documents({}) == 0
    for part in ("files", "chunks"):
        assert await core.database.collection(f"knowledge_files.{part}").count_documents({}) == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\me\\terms.pdf", "terms.pdf"),
        ("../../etc/terms.pdf", "terms.pdf"),
        ("Те\u0301рмс\u202e.pdf", "Те\u0301рмс.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("%D0%9F%D1%80%D0%B0%D0%B9%D1%81.pdf", "Прайс.pdf"),
        ("Скидка 20%25.pdf", "Скидка 20%25.pdf"),
    ],
)
async def test_names_of_files_are_made_safe(owner: Console, given: str, kept: str) -> None:
    assert (await upload(owner, paper("x"), given))["name"] == kept


async def test_a_form_says_what_it_may(owner: Console) -> None:
    source = await upload(
        owner, paper("x"), "blob", fields=[("name", "rules.pdf"), ("language", "kk")]
    )
    assert (source["name"], source["language"]) == ("rules.pdf", "kk")
    problem = await upload(owner, paper("x"), fields=[("colour", "red")], status=422)
    assert problem["errors"][0]["field"] == "colour"
    problem = await upload(owner, paper("x"), fields=[("language", "fr")], status=422)
    assert problem["errors"][0]["field"] == "language"
    problem = await upload(owner, paper("x"), "rules.pdf", status=409)
    assert problem["code"] == "source_name_taken"
    problem = await owner.post("/api/knowledge/files", {"file": "x"}, status=415)
    form = FormData({"language": "ru"})
    form.add_field("name", "a.pdf", content_type="text/plain")  # makes it a multipart form
    problem = await owner.call("POST", "/api/knowledge/files", data=form, status=422)
    assert problem["errors"][0] | {"detail": ""} == {
        "field": "file",
        "code": "missing",
        "detail": "",
    }


async def test_a_file_that_is_too_large_leaves_nothing_behind(owner: Console, core: Core) -> None:
    async def endless() -> AsyncIterator[bytes]:
        boundary = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4 '
        )
        yield boundary
        for _ in range(60):
            yield b"x" * 1024 * 1024
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem = await owner.call(
        "POST", "/api/knowledge/files", data=endless(), headers=headers, status=413
    )
    assert problem["code"] == "payload_too_large"
    for part in ("files", "chunks"):
        assert await core.database.collection(f"knowledge_files.{part}").count_documents({}) == 0


async def eventually(rows: Any, *, present: bool) -> bool:
    for _ in range(1_000):
        if bool(await rows.count_documents({})) is present:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_an_upload_that_breaks_off_leaves_nothing_behind(
    owner: Console, server: TestServer, core: Core
) -> None:
    cookies = "; ".join(f"{c.key}={c.value}" for c in owner.client.session.cookie_jar)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        f"POST /api/knowledge/files HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookies}\r\n"
        f"X-CSRF-Token: {owner.csrf_token}\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4 '
    )
    writer.write(head.encode() + b"x" * 3_000_000)
    await writer.drain()
    chunks = core.database.collection("knowledge_files.chunks")
    assert await eventually(chunks, present=True), await reader.read(2_000)
    writer.transport.abort()
    assert await eventually(chunks, present=False)
    assert await chunks.count_documents({}) == 0
    assert await core.database.collection(SOURCES).count_documents({}) == 0


async def test_the_text_of_a_file_is_read_only_and_its_title_is_not(
    owner: Console, worker: None
) -> None:
    source = await upload(owner, paper("Доставка", "Оплата"))
    await finished(owner, source["id"])
    path = f"/api/knowledge/sources/{source['id']}"
    problem = await owner.patch(path, {"content": "другое"}, status=409)
    assert problem["code"] == "source_text_read_only"
    problem = await owner.patch(path, {"name": "terms.docx"}, status=422)
    assert problem["errors"][0]["field"] == "name"
    changed = await owner.patch(
        path, {"title": "Условия", "name": "new.pdf", "valid_from": "2026-12-01"}
    )
    assert (changed["state"], changed["title"], changed["name"]) == ("ready", "Условия", "new.pdf")
    assert changed["valid_from"] == "2026-12-01"
    found = await owner.post("/api/knowledge/search", {"text": "сколько стоит", "language": "ru"})
    assert {(item["title"], item["valid_from"]) for item in found["items"]} <= {
        ("Условия", "2026-12-01")
    }
    await owner.post(path + "/retry")
    assert (await finished(owner, source["id"]))["title"] == "Условия"
    problem = await owner.patch(path, {"valid_until": "2026-11-30"}, status=422)
    assert problem["errors"][0]["code"] == "days_out_of_order"


async def test_passages_are_excluded_and_dated(owner: Console, stranger: Console) -> None:
    content = "# Доставка\n\n## Цена\n\nСтоит 1 500 ₸.\n\n## Срок\n\nВезём два дня."
    source = await owner.post("/api/knowledge/sources", {"name": "a.md", "content": content})
    path = f"/api/knowledge/sources/{source['id']}/passages"
    price, days = (await owner.get(path))["items"]
    change = f"/api/knowledge/passages/{days['id']}"
    excluded = await owner.patch(change, {"excluded": True})
    assert excluded == {**days, "excluded": True}
    found = await owner.post("/api/knowledge/search", {"text": "везём два дня", "language": "ru"})
    assert days["id"] not in [item["id"] for item in found["items"]]
    assert (await owner.get(path))["items"] == [price, excluded]
    back = await owner.patch(change, {"excluded": False, "valid_until": "2026-12-31"})
    assert (back["id"], back["valid_until"]) == (days["id"], "2026-12-31")
    problem = await owner.patch(change, {"valid_from": "2027-01-01"}, status=422)
    assert problem["errors"][0]["code"] == "days_out_of_order"
    await stranger.patch(change, {"excluded": True}, status=404)


async def test_an_operators_answer_becomes_an_article(
    owner: Console, stranger: Console, core: Core
) -> None:
    connection, contact = ObjectId(), ObjectId()
    conversation = {"organization_id": owner.organization_id, "connection_id": connection}
    done = await core.database.collection("conversations").insert_one(
        {**conversation, "chat_id": "1", "contact_id": contact}
    )
    body = {
        "question": "Можно ли вернуть *велосипед*?",
        "answer": "Да, за 14 дней.\n1. Принесите чек\n# не заголовок\n2_3 дня <ждать>",
        "language": "ru",
        "conversation_id": str(done.inserted_id),
    }
    article = await owner.post("/api/knowledge/articles", body)
    assert (article["origin"], article["state"]) == ("answer", "ready")
    assert article["title"] == "Можно ли вернуть *велосипед*?"
    assert article["from_message"]["conversation_id"] == str(done.inserted_id)
    passages = await owner.get(f"/api/knowledge/sources/{article['id']}/passages")
    assert [item["text"] for item in passages["items"]] == [
        "Да, за 14 дней.\n1. Принесите чек\n# не заголовок\n2_3 дня <ждать>"
    ]
    assert article["warnings"] == []
    second = await owner.post("/api/knowledge/articles", body)
    assert second["name"] != article["name"]
    problem = await stranger.post("/api/knowledge/articles", body, status=422)
    assert problem["errors"][0]["field"] == "conversation_id"


async def test_an_article_that_tells_of_a_person_warns(owner: Console) -> None:
    body = {
        "question": "Когда приедет мой заказ?",
        "answer": "Айгуль Серикова, позвоните курьеру: +7 701 234 56 78.",
        "language": "ru",
    }
    (warning,) = (await owner.post("/api/knowledge/articles", body))["warnings"]
    assert warning["code"] == "personal_data"
    assert "PERSON" in warning["detail"]
    assert "PHONE" in warning["detail"]
    assert "701" not in warning["detail"]


async def test_limits_of_an_organization(owner: Console, core: Core) -> None:
    async def tried(limits: KnowledgeLimits) -> str:
        knowledge = Knowledge(database=core.database, events=core.events, limits=limits)
        try:
            await knowledge.create(
                owner.organization_id, name=f"{ObjectId()}.md", content="# А\n\nБ."
            )
        except DomainError as error:
            return error.code
        return "stored"

    first = await owner.post("/api/knowledge/sources", {"name": "a.md", "content": "# А\n\nБ."})
    assert await tried(KnowledgeLimits(sources=1)) == "knowledge_limit_reached"
    assert await tried(KnowledgeLimits(bytes=first["size"] + 3)) == "knowledge_limit_reached"
    assert await tried(KnowledgeLimits(sources=2, bytes=10_000)) == "stored"
    await upload(owner, paper("x"))
    assert await tried(KnowledgeLimits(waiting=1)) == "knowledge_limit_reached"
    knowledge = Knowledge(
        database=core.database, events=core.events, limits=KnowledgeLimits(passages=2)
    )
    full = await knowledge.create(owner.organization_id, name="b.md", content="# А\n\nБ.")
    assert (full["state"], full["error"]["code"]) == ("failed", "knowledge_full")


async def test_progress_is_told_at_most_once_a_second(owner: Console, core: Core) -> None:
    source = await upload(owner, book(60))
    knowledge = Knowledge(database=core.database, events=core.events)
    await knowledge.ingestion.sweep()
    await finished(owner, source["id"])
    await knowledge.ingestion.close()
    events = core.database.collection("events").find(
        {"type": "knowledge.updated", "organization_id": owner.organization_id}
    )
    told = [event async for event in events.sort("seq")]
    stages = [(event["data"]["state"], event["data"]["progress"]) for event in told]
    assert stages[0] == ("queued", None)
    assert stages[-1] == ("ready", None)
    parsing = [progress for _, progress in stages if progress and progress["stage"] == "parsing"]
    assert parsing[-1]["done"] == parsing[-1]["total"] >= 60
    assert "content" not in told[-1]["data"]
    assert set(told[-1]["data"]["file"]) == {"name", "content_type", "size"}
    # All of it, besides the news at the ends: no more than one a second of the work.
    seconds = (told[-1]["at"] - told[0]["at"]).total_seconds()
    assert len(parsing) <= seconds + 2


async def test_a_killed_worker_is_replaced_in_the_middle_of_a_long_document(
    owner: Console, core: Core, settings: Settings
) -> None:
    content = book(200)
    source = await upload(owner, content)
    async with worker_process(settings) as first:
        while True:
            now = await owner.get(f"/api/knowledge/sources/{source['id']}")
            progress = now["progress"] or {}
            if progress.get("stage") == "parsing" and 0 < progress["done"] < progress["total"]:
                break
            assert now["state"] in {"queued", "processing"}, now
            await asyncio.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    assert (await owner.get(f"/api/knowledge/sources/{source['id']}"))["state"] == "processing"
    async with worker_process(settings), worker_process(settings):
        ready = await finished(owner, source["id"], 90)
    assert (ready["state"], ready["error"]) == ("ready", None)
    rows = core.database.collection(PASSAGES)
    assert await rows.count_documents({}) == ready["passages"] >= 200
    assert await rows.distinct("from") == [1]
    stored = await core.database.collection(SOURCES).find_one(ObjectId(source["id"]))
    assert stored is not None
    assert stored["file"]["sha256"] == hashlib.sha256(content).hexdigest()


async def test_workers_share_the_work_and_double_nothing(
    owner: Console, stranger: Console, core: Core
) -> None:
    sources = [await upload(owner, paper(f"Раздел {n}"), f"{n}.pdf") for n in range(5)]
    other = await upload(stranger, paper("Раздел"))
    workers = [Knowledge(database=core.database, events=core.events).ingestion for _ in range(3)]
    begun = [await worker.sweep() for worker in workers]
    assert begun == [2, 2, 2]
    for source in sources:
        assert (await finished(owner, source["id"]))["state"] == "ready"
    assert (await finished(stranger, other["id"]))["state"] == "ready"
    for worker in workers:
        await worker.close()
    rows = core.database.collection(PASSAGES)
    assert await rows.count_documents({"organization_id": owner.organization_id}) == 5


async def test_nobodys_many_files_keep_others_waiting(
    owner: Console, stranger: Console, core: Core
) -> None:
    for number in range(4):
        await upload(owner, paper("x"), f"{number}.pdf")
    other = await upload(stranger, paper("x"))
    pace = Pace(at_once=1)
    worker = Knowledge(database=core.database, events=core.events, pace=pace).ingestion
    sources = core.database.collection(SOURCES)
    done = 0
    while await worker.sweep() or worker._running:
        await asyncio.sleep(0.02)
        done = await sources.count_documents(
            {"state": "ready", "organization_id": owner.organization_id}
        )
        if (await stranger.get(f"/api/knowledge/sources/{other['id']}"))["state"] == "ready":
            break
    assert done <= 1
    await worker.close()


async def test_a_document_that_kills_its_workers_is_given_up(owner: Console, core: Core) -> None:
    source = await upload(owner, paper("x"))
    sources = core.database.collection(SOURCES)
    long_ago = utc_now() - timedelta(minutes=5)
    dead = {"holder": ObjectId(), "fence": ObjectId(), "until": long_ago}
    await sources.update_one(
        {"_id": ObjectId(source["id"])},
        {"$set": {"state": "processing", "attempts": 3, "lease": dead}},
    )
    worker = Knowledge(database=core.database, events=core.events).ingestion
    await worker.sweep()
    failed = await finished(owner, source["id"])
    assert failed["error"]["code"] == "document_gave_up"
    await owner.post(f"/api/knowledge/sources/{source['id']}/retry")
    await worker.sweep()
    assert (await finished(owner, source["id"]))["state"] == "ready"


async def test_a_worker_that_stops_leaves_its_documents_to_others(
    owner: Console, core: Core
) -> None:
    source = await upload(owner, book(100))
    worker = Knowledge(database=core.database, events=core.events).ingestion
    assert await worker.sweep() == 1
    await asyncio.sleep(0.3)
    await worker.close()
    stored = await core.database.collection(SOURCES).find_one(ObjectId(source["id"]))
    assert stored is not None
    assert (stored["state"], stored["lease"], stored["attempts"]) == ("queued", None, 0)


async def test_files_of_uploads_that_were_broken_off_are_removed(
    owner: Console, core: Core, services: Services
) -> None:
    source = await upload(owner, paper("x"))

    async def chunks() -> AsyncIterator[bytes]:
        yield b"left behind"

    originals = services.knowledge.originals
    await originals.store(owner.organization_id, "a.pdf", "application/pdf", chunks())
    chunk = {"files_id": ObjectId(), "n": 0, "data": b"half a file"}
    await core.database.collection("knowledge_files.chunks").insert_one(chunk)
    assert await originals.clean_up(utc_now()) == 0
    assert await originals.clean_up(utc_now() + timedelta(days=1)) == 2
    assert await core.database.collection("knowledge_files.chunks").count_documents({}) == 1
    response = await owner.request("GET", f"/api/knowledge/sources/{source['id']}/file")
    assert response.status == 200


async def test_the_products_own_worker_ingests(owner: Console, settings: Settings) -> None:
    source = await upload(owner, paper("Доставка"))
    assert settings.mongodb_uri is not None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "crm.worker"),
        cwd=ROOT,
        env={
            "AITYS_MONGODB_URI": settings.mongodb_uri.get_secret_value(),
            "AITYS_MONGODB_DATABASE": settings.mongodb_database,
            "AITYS_SECRET_KEY": settings.secret_key.get_secret_value(),
            "AITYS_DATA_DIR": str(settings.data_dir),
            "AITYS_LOG_LEVEL": "warning",
        },
    )
    try:
        assert (await finished(owner, source["id"]))["state"] == "ready"
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_worker_whose_lease_ran_out_changes_nothing(
    owner: Console, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await upload(owner, paper("Доставка"))
    go_on = asyncio.Event()

    class Slow(Reader):
        async def read(self, *values: Any, **options: Any) -> Any:
            reading = await super().read(*values, **options)
            await go_on.wait()
            return dataclasses.replace(reading, title="Прежнее")

    async def forget(*_: Any) -> None:
        await asyncio.sleep(600)

    slow = Knowledge(database=core.database, events=core.events, reader=Slow()).ingestion
    monkeypatch.setattr(slow, "_keep_lease", forget)
    quick = Knowledge(database=core.database, events=core.events).ingestion
    assert await slow.sweep() == 1
    assert await quick.sweep() == 0
    over = {"lease.until": utc_now() - timedelta(seconds=1)}
    await core.database.collection(SOURCES).update_one({}, {"$set": over})
    assert await quick.sweep() == 1
    ready = await finished(owner, source["id"])
    seq = await core.events.last_seq(owner.organization_id)
    go_on.set()
    await asyncio.gather(*slow._running.values())
    assert await owner.get(f"/api/knowledge/sources/{source['id']}") == ready
    assert ready["title"] == "Доставка"
    assert await core.events.last_seq(owner.organization_id) == seq
    assert await core.database.collection(PASSAGES).count_documents({}) == 1


async def test_a_typed_text_is_ready_when_it_is_stored_also_where_a_worker_was_faster(
    owner: Console, worker: None, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = services.knowledge.ingestion._claim

    async def slower(where: Any) -> Any:
        if "_id" in where:
            await asyncio.sleep(0.2)
        return await claim(where)

    monkeypatch.setattr(services.knowledge.ingestion, "_claim", slower)
    for number in range(3):
        body = {"name": f"{number}.md", "content": "# А\n\nБ."}
        source = await owner.post("/api/knowledge/sources", body)
        assert (source["state"], source["passages"]) == ("ready", 1)
