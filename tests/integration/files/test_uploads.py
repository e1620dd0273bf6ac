"""Uploads over the API: what is taken, what is refused, and that nothing is left of what is refused."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer
from bson import ObjectId
from PIL import Image

from crm.core.database import Database
from crm.files.limits import MEGABYTE
from tests.integration.files.conftest import picture, upload
from tests.support.console import Console

TEXT = b"0123456789abcdef" * (MEGABYTE // 16)


async def left(database: Database) -> tuple[int, int]:
    return (
        await database.collection("media.files").count_documents({}),
        await database.collection("media.chunks").count_documents({}),
    )


async def test_a_picture_is_kept_recognised_and_given_back(
    operator: Console, viewer: Console, stranger: Console, database: Database
) -> None:
    content = picture()
    file = await upload(operator, content, "../фото 1.jpg")
    assert file == {
        "id": file["id"],
        "kind": "image",
        "name": "фото 1.png",
        "mime": "image/png",
        "size": len(content),
        "thumbnail": True,
        "state": "ready",
    }
    response = await viewer.request("GET", f"/api/files/{file['id']}")
    assert (response.status, await response.read()) == (200, content)
    small = await viewer.request("GET", f"/api/files/{file['id']}/thumbnail")
    with Image.open(io.BytesIO(await small.read())) as image:
        assert (small.content_type, image.format, image.size) == ("image/jpeg", "JPEG", (480, 240))
    for path in (f"/api/files/{file['id']}", f"/api/files/{file['id']}/thumbnail"):
        problem = await stranger.get(path, status=404)
        assert problem["code"] == "not_found"
    stored = await database.collection("media.files").find_one({"_id": ObjectId(file["id"])})
    assert stored is not None
    assert stored["metadata"]["origin"] == {"user_id": operator.user_id}


def deep_archive() -> bytes:
    """A small archive that unpacks to a gigabyte."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(4):
            with archive.open(f"{number}.xml", "w") as entry:
                for _ in range(256):
                    entry.write(bytes(MEGABYTE))
    return made.getvalue()


async def test_an_archive_named_as_a_document_is_an_archive_and_is_never_unpacked(
    operator: Console,
) -> None:
    file = await upload(operator, deep_archive(), "договор.docx")
    assert (file["mime"], file["name"]) == ("application/zip", "договор.docx.zip")
    assert (file["kind"], file["thumbnail"]) == ("document", False)


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "photo.jpg", 422, "file_type_not_allowed"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "a.png", 422, None),
        (b"<svg/>", "logo.svg", 422, "file_type_not_allowed"),
        (b"MZ\x90\0\x03\0\0\0", "setup.pdf", 422, "file_type_not_allowed"),
        (picture(), "photo.png.exe", 422, "file_type_not_allowed"),
        (b"", "empty.txt", 422, "file_empty"),
        (TEXT * 3 + b"1", "large.txt", 413, "file_too_large"),
        (picture() + bytes(MEGABYTE), "large.png", 413, "file_too_large"),
    ],
    ids=[
        "html",
        "svg-as-png",
        "svg",
        "program",
        "double-ending",
        "empty",
        "large",
        "large-picture",
    ],
)
async def test_what_is_refused_has_a_code_and_leaves_nothing(
    operator: Console,
    database: Database,
    content: bytes,
    name: str,
    status: int,
    code: str | None,
) -> None:
    problem = await upload(operator, content, name, status=status)
    assert problem["code"] == (code or "file_type_not_allowed")
    assert await left(database) == (0, 0)
    assert await database.collection("media_usage").count_documents({"bytes": {"$ne": 0}}) == 0


async def test_the_largest_file_that_is_allowed_is_taken(operator: Console) -> None:
    assert (await upload(operator, TEXT * 3, "large.txt"))["size"] == 3 * MEGABYTE


async def test_an_organization_has_so_much_room_and_no_more(
    operator: Console, stranger: Console, database: Database
) -> None:
    for _ in range(2):
        await upload(operator, TEXT * 3, "a.txt")
    problem = await upload(operator, TEXT * 3, "a.txt", status=409)
    assert problem["code"] == "files_full"
    assert await left(database) == (2, 6)
    await upload(operator, TEXT * 2, "b.txt")  # exactly what is left
    assert (await upload(operator, b"one byte more", "c.txt", status=409))["code"] == "files_full"
    await upload(stranger, TEXT, "theirs.txt")
    usage = await database.collection("media_usage").find_one({"_id": operator.organization_id})
    assert usage is not None
    assert (usage["bytes"], usage["files"]) == (8 * MEGABYTE, 3)


async def test_uploads_at_the_same_moment_find_no_more_room_than_there_is(
    operator: Console, database: Database
) -> None:
    async def tried() -> str:
        body = await upload(operator, TEXT * 3, "a.txt", status=None)
        return str(body["state"])

    done = await asyncio.gather(*(tried() for _ in range(5)), return_exceptions=True)
    assert [result for result in done if result == "ready"] == ["ready"] * 2
    assert await left(database) == (2, 6)


async def test_an_upload_that_breaks_off_leaves_nothing(
    operator: Console, server: TestServer, database: Database
) -> None:
    cookie = "; ".join(f"{item.key}={item.value}" for item in operator.client.session.cookie_jar)
    head = (
        "POST /api/files HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: {cookie}\r\nX-CSRF-Token: {operator.csrf_token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    )
    assert server.port is not None
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head.encode() + TEXT * 2)
    await writer.drain()
    await until_pieces(database, there=True)
    writer.transport.abort()
    await until_pieces(database, there=False)
    assert await left(database) == (0, 0)


async def until_pieces(database: Database, *, there: bool) -> None:
    for _ in range(1_000):
        if ((await left(database))[1] > 0) is there:
            return
        await asyncio.sleep(0.02)
    raise AssertionError


@asynccontextmanager
async def full_disk(database: Database, collection: str) -> AsyncIterator[None]:
    """The server refuses what would be the collection's next documents."""
    rule = {"n": {"$lt": 1}} if collection.endswith("chunks") else {"length": {"$lt": 0}}
    await database.db.command("collMod", collection, validator=rule)
    try:
        yield
    finally:
        await database.db.command("collMod", collection, validator={})


@pytest.mark.parametrize("collection", ["media.chunks", "media.files"])
async def test_a_database_that_takes_no_more_is_told_and_nothing_is_left(
    operator: Console, database: Database, collection: str
) -> None:
    async with full_disk(database, collection):
        problem = await upload(operator, TEXT * 2, "a.txt", status=503)
    assert problem["code"] == "storage_unavailable"
    assert await left(database) == (0, 0)
    usage = await database.collection("media_usage").find_one({"_id": operator.organization_id})
    assert usage is None or usage["bytes"] == 0
    assert (await upload(operator, TEXT * 2, "a.txt"))["state"] == "ready"


async def test_a_picture_that_cannot_be_unpacked_is_kept_without_a_thumbnail(
    operator: Console,
) -> None:
    wide = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(wide, "PNG")
    for content in (wide.getvalue(), picture("JPEG", (900, 900))[:4_000], picture()[:60]):
        file = await upload(operator, content, "a.png")
        assert (file["kind"], file["thumbnail"], file["state"]) == ("image", False, "ready")
        await operator.get(f"/api/files/{file['id']}/thumbnail", status=404)
