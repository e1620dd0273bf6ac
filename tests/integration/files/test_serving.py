"""Files over HTTP: ranges, and headers that keep a browser from running what is in them."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.files.limits import MEGABYTE
from crm.services import Services
from tests.integration.files.conftest import picture, upload
from tests.support.console import Console

LONG = bytes(ord("a") + (n * 7 + n // 997) % 26 for n in range(2 * MEGABYTE + 333))
SIZE = len(LONG)
EDGE = MEGABYTE
"""Where the second piece begins."""


@pytest.fixture
async def long(operator: Console) -> Any:
    return await upload(operator, LONG, "long.txt")


async def asked(console: Console, path: str, wanted: str | None, **headers: str) -> ClientResponse:
    if wanted is not None:
        headers["Range"] = wanted
    return await console.request("GET", path, headers=headers)


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=5-9", 5, 10),
        (f"bytes={EDGE - 1}-{EDGE}", EDGE - 1, EDGE + 1),
        (f"bytes={EDGE}-{2 * EDGE - 1}", EDGE, 2 * EDGE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE + 50}", 0, SIZE),
        ("bytes=100-999999999999999999", 100, SIZE),
    ],
)
async def test_a_range_is_given_to_the_byte(
    operator: Console, long: Any, wanted: str, start: int, stop: int
) -> None:
    response = await asked(operator, f"/api/files/{long['id']}", wanted)
    assert response.status == 206
    assert await response.read() == LONG[start:stop]
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "bytes=-",
        "bytes=9-5",
        "bytes=0-1,5-9",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(500)),
        "bytes=0-" + "9" * 40,
        "bytes=٠-٩",
        "bytes=a-b",
        "items=0-5",
        "0-5",
        "bytes=0--5",
    ],
)
async def test_what_is_no_single_range_gets_the_whole(
    operator: Console, long: Any, wanted: str | None
) -> None:
    response = await asked(operator, f"/api/files/{long['id']}", wanted)
    assert (response.status, response.headers["Accept-Ranges"]) == (200, "bytes")
    assert await response.read() == LONG


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused(operator: Console, long: Any, wanted: str) -> None:
    response = await asked(operator, f"/api/files/{long['id']}", wanted)
    assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{SIZE}")
    assert (await response.json(content_type=None))["code"] == "range_not_satisfiable"


async def test_a_range_of_another_version_gets_the_whole(operator: Console, long: Any) -> None:
    path = f"/api/files/{long['id']}"
    tag = (await asked(operator, path, None)).headers["ETag"]
    same = await asked(operator, path, "bytes=0-4", **{"If-Range": tag})
    other = await asked(operator, path, "bytes=0-4", **{"If-Range": '"other"'})
    assert (same.status, other.status) == (206, 200)


@pytest.mark.parametrize(
    ("content", "name", "mime", "shown"),
    [
        (picture(), "фото.png", "image/png", "inline"),
        (b"OggS" + bytes(24) + b"OpusHead", "voice.ogg", "audio/ogg", "inline"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0", "a.mp4", "video/mp4", "inline"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf", "attachment"),
        (b"plain <script>alert(1)</script>", "a.txt", "text/plain; charset=utf-8", "attachment"),
        (b'<?xml version="1.0"?><a/>', "a.xml", "application/xml", "attachment"),
        (picture("BMP"), "a.bmp", "image/bmp", "attachment"),
    ],
)
async def test_nothing_is_shown_that_could_run(
    operator: Console, content: bytes, name: str, mime: str, shown: str
) -> None:
    file = await upload(operator, content, name)
    response = await asked(operator, f"/api/files/{file['id']}", None)
    headers = response.headers
    assert headers["Content-Type"] == mime
    assert headers["Content-Disposition"].startswith(f"{shown}; filename*=UTF-8''")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert headers["Cache-Control"] == "no-store"
    saved = await operator.request("GET", f"/api/files/{file['id']}?download=true")
    assert saved.headers["Content-Disposition"].startswith("attachment;")


async def test_a_signed_link_needs_no_session_and_ends(
    operator: Console, visitor: Console, services: Services, long: Any
) -> None:
    links = services.files.links
    url = links.url(ObjectId(long["id"]), lasts=timedelta(hours=1))
    path = "/files/" + url.rsplit("/", 1)[-1]
    whole = await asked(visitor, path, None)
    assert (whole.status, await whole.read()) == (200, LONG)
    assert whole.headers["Content-Security-Policy"].startswith("sandbox;")
    assert whole.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    part = await asked(visitor, path, "bytes=0-4")
    assert (part.status, await part.read()) == (206, LONG[:5])
    assert (await asked(visitor, path, f"bytes={SIZE}-")).status == 416
    head = await visitor.request("HEAD", path)
    assert (head.status, head.headers["Content-Length"]) == (200, str(SIZE))
    over = links.url(ObjectId(long["id"]), lasts=timedelta(seconds=-1))
    unknown = links.url(ObjectId(), lasts=timedelta(hours=1))
    no_picture = links.url(ObjectId(long["id"]), lasts=timedelta(hours=1), thumbnail=True)
    for wrong in (over, unknown, no_picture, url[:-1], url + "A", url[:-2] + "AA"):
        response = await asked(visitor, "/files/" + wrong.rsplit("/", 1)[-1], None)
        assert response.status == 404
        assert (await response.json(content_type=None))["code"] == "not_found"


async def test_what_a_visitor_is_shown(
    operator: Console, visitor: Console, services: Services, database: Database
) -> None:
    file = await upload(operator, picture(), "фото.png")
    message = {"kind": "image", "duration": None, "inline": False, "error": None}
    stored = {
        **message,
        "state": "stored",
        "file_id": ObjectId(file["id"]),
        "name": file["name"],
        "mime": file["mime"],
        "size": file["size"],
        "thumbnail": True,
    }
    rows = [stored, {**stored, "state": "waiting"}, {**stored, "thumbnail": False}]
    shown = services.files.giving.chat_files(rows)
    assert [(one.kind, one.name, one.size) for one in shown] == [
        ("image", "фото.png", file["size"])
    ] * 2
    assert shown[0].thumbnail_url is not None
    assert shown[1].thumbnail_url is None
    for url, mime in ((shown[0].url, "image/png"), (shown[0].thumbnail_url, "image/jpeg")):
        response = await asked(visitor, "/files/" + url.rsplit("/", 1)[-1], None)
        assert (response.status, response.content_type) == (200, mime)


async def test_what_people_read_in_a_text_is_good_for_a_month_and_what_platforms_fetch_for_an_hour(
    operator: Console, visitor: Console, services: Services, long: Any, database: Database
) -> None:
    file = await database.collection("media.files").find_one({"_id": ObjectId(long["id"])})
    assert file is not None
    giving = services.files.giving
    (sent,) = await giving.outbound(file["metadata"]["organization_id"], [file["_id"]])
    lasts = {}
    for name, address in (("url", sent.url), ("link", sent.link)):
        token = address.rsplit("/", 1)[-1]
        linked = services.files.links.read(token)
        assert linked is not None
        lasts[name] = (linked.until - utc_now()) / timedelta(days=1)
        response = await asked(visitor, f"/files/{token}", None)
        assert await response.read() == LONG
    assert 0 < lasts["url"] <= 1 / 24
    assert 29 < lasts["link"] <= 30


async def test_a_file_that_is_being_checked_is_given_to_nobody(
    operator: Console, visitor: Console, services: Services, database: Database
) -> None:
    file = await upload(operator, picture())
    await database.collection("media.files").update_one(
        {"_id": ObjectId(file["id"])}, {"$set": {"metadata.state": "checking"}}
    )
    link = services.files.links.url(ObjectId(file["id"]), lasts=timedelta(hours=1))
    for console, path in (
        (operator, f"/api/files/{file['id']}"),
        (operator, f"/api/files/{file['id']}/thumbnail"),
        (visitor, "/files/" + link.rsplit("/", 1)[-1]),
    ):
        response = await asked(console, path, None)
        problem = await response.json(content_type=None)
        assert (response.status, problem["code"]) == (409, "file_not_checked")


async def test_a_file_whose_pieces_are_gone_is_not_half_given(
    operator: Console, database: Database, long: Any
) -> None:
    chunks = database.collection("media.chunks")
    path = f"/api/files/{long['id']}"
    await chunks.delete_one({"files_id": ObjectId(long["id"]), "n": 1})
    with pytest.raises(Exception, match=r"payload|closed|disconnected"):
        await (await asked(operator, path, None)).read()
    assert (await asked(operator, path, f"bytes={EDGE}-")).status == 404
    whole = await asked(operator, path, "bytes=0-9")
    assert await whole.read() == LONG[:10]


async def test_trying_again_over_the_api(
    operator: Console, viewer: Console, stranger: Console, database: Database
) -> None:
    message = {
        "_id": ObjectId(),
        "organization_id": operator.organization_id,
        "connection_id": ObjectId(),
        "conversation_id": None,
        "chat_id": "1",
        "channel": "telegram",
        "direction": "in",
        "author": {"kind": "contact", "user_id": None, "name": "A"},
        "attachments": [
            {
                "kind": "image",
                "name": "a.png",
                "mime": None,
                "size": None,
                "duration": None,
                "inline": False,
                "state": "failed",
                "error": {"code": "media_interrupted", "detail": "x"},
                "file_id": None,
                "thumbnail": False,
                "ref": {"id": "1"},
                "attempts": 8,
            }
        ],
        "created_at": None,
        "updated_at": None,
    }
    await database.collection("messages").insert_one(message)
    path = f"/api/messages/{message['_id']}/attachments"
    assert (await viewer.post(f"{path}/0/retry", status=403))["code"] == "forbidden"
    assert (await stranger.post(f"{path}/0/retry", status=404))["code"] == "not_found"
    for place in ("1", "-1", "x", "9" * 30):
        await operator.post(f"{path}/{place}/retry", status=404)
    row = await operator.post(f"{path}/0/retry")
    assert (row["state"], row["error"], row["name"]) == ("waiting", None, "a.png")
    problem = await operator.post(f"{path}/0/retry", status=409)
    assert problem["code"] == "attachment_not_failed"
    event = await database.collection("events").find_one({"type": "message.updated"})
    assert event is not None
    assert event["data"]["attachments"][0]["state"] == "waiting"
