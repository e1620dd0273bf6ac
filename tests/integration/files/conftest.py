"""Files over a real MongoDB, with a messenger whose files lie on a server on loopback, and a virus scanner on a socket."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestServer
from bson import ObjectId
from PIL import Image
from pydantic import BaseModel, SecretStr

from connectors.base import Capabilities
from crm.contract import (
    Account,
    Attachment,
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    Inbox,
    MediaStream,
    MessageKind,
    OutboundMessage,
    RejectedError,
    RetryableError,
    SendResult,
)
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.settings import Settings
from crm.files.attachments import Row, due_at, inbound_row
from crm.files.bringing import Bringing
from crm.files.limits import MEGABYTE, FileLimits
from crm.files.scanning import Scanner
from crm.files.wiring import FileParts, build_files
from tests.conftest import TEST_SECRET_KEY, free_port
from tests.support.console import Console

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LIMITS = FileLimits(
    file_bytes=3 * MEGABYTE,
    image_bytes=MEGABYTE,
    organization_bytes=8 * MEGABYTE,
    idle_seconds=1.0,
    total_seconds=20.0,
)


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300), **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, kind, **options)
    return made.getvalue()


async def bytes_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def upload(
    console: Console, content: bytes, name: str = "photo.png", *, status: int | None = None
) -> Any:
    form = FormData(quote_fields=False)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    return await console.call("POST", "/api/files", data=form, status=status)


@pytest.fixture
def settings(mongodb_uri: str, tmp_path: Path) -> Settings:
    """As everywhere, with room for small files only."""
    return Settings(
        port=free_port(),
        data_dir=tmp_path / "data",
        mongodb_uri=SecretStr(mongodb_uri),
        mongodb_database=f"test_{ObjectId()}",
        secret_key=SecretStr(TEST_SECRET_KEY),
        log_level="warning",
        file_max_mb=3,
        image_max_mb=1,
        files_quota_mb=8,
    )


class MediaServer:
    """A platform's files: each address behaves as it is told."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.retry_after = 7
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/{behaviour}/{name}", self.answer)
        return application

    async def answer(self, request: web.Request) -> web.StreamResponse:
        behaviour, name = request.match_info["behaviour"], request.match_info["name"]
        self.asked.append(name)
        if behaviour == "busy":
            return web.Response(status=429, headers={"Retry-After": str(self.retry_after)})
        if behaviour == "denied":
            return web.Response(status=401)
        content = self.files.get(name)
        if content is None:
            return web.Response(status=404)
        response = web.StreamResponse()
        if behaviour in {"breaks", "stalls"}:
            response.content_length = len(content)
        await response.prepare(request)
        if behaviour == "endless":
            while True:
                await response.write(content)
        half = len(content) // 2
        await response.write(content[:half])
        self.begun.set()
        if behaviour == "breaks":
            assert request.transport is not None
            request.transport.abort()
        if behaviour in {"slow", "stalls"}:
            await self.go_on.wait()
        await response.write(content[half:])
        await response.write_eof()
        return response


class Config(BaseModel):
    token: SecretStr


@dataclass
class FileConnector:
    """A messenger whose files are fetched over HTTP. ``ref``: behaviour, name, and a size it may promise wrongly."""

    url: str
    channel: str = "files"
    title: str = "Files"
    config_model: type[BaseModel] = Config
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(max_text=4096))

    async def verify(self, config: BaseModel) -> Account:
        return Account(external_id="1", name="Files")

    async def connect(self, connection: Connection, *, public_url: str) -> None: ...

    async def disconnect(self, connection: Connection) -> None: ...

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        return []

    def render(self, connection: Connection, message: OutboundMessage) -> Sequence[Any]:
        return [message.text]

    async def send(self, connection: Connection, message: OutboundMessage, part: Any) -> SendResult:
        return SendResult(platform_id="1")

    async def close(self) -> None: ...

    @asynccontextmanager
    async def open_media(
        self, connection: Connection, ref: Mapping[str, Any]
    ) -> AsyncIterator[MediaStream]:
        address = f"{self.url}/{ref['behaviour']}/{ref['name']}"
        async with aiohttp.ClientSession() as client, client.get(address) as response:
            if response.status == 404:
                raise RejectedError("media_gone", "The platform has it no more.")
            if response.status == 401:
                raise AuthenticationFailedError("token_revoked", "The token was revoked.")
            if response.status == 429:
                after = float(response.headers["Retry-After"])
                raise RetryableError("rate_limited", "Too fast.", retry_after=after)
            yield MediaStream(
                chunks=response.content.iter_chunked(64 * 1024),
                name="from-platform",
                mime=response.content_type,
                size=ref.get("promised", response.content_length),
            )


class FakeClamd:
    """Speaks clamd's INSTREAM; finds the EICAR test file."""

    def __init__(self) -> None:
        self.scanned: list[bytes] = []
        self.most_bytes = 10 * MEGABYTE
        self.answer: bytes | None = None
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            content = bytearray()
            while size := int.from_bytes(await reader.readexactly(4)):
                content += await reader.readexactly(size)
                if len(content) > self.most_bytes:
                    writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.scanned.append(bytes(content))
            found = b"Eicar-Test-Signature FOUND" if EICAR in content else b"OK"
            writer.write(self.answer or b"stream: " + found + b"\0")
            await writer.drain()
        finally:
            writer.close()


@pytest.fixture
async def clamd() -> AsyncIterator[FakeClamd]:
    clamd = FakeClamd()
    await clamd.start()
    yield clamd
    await clamd.stop()


@dataclass
class Bench:
    """The files under test and what stands around them."""

    database: Database
    settings: Settings
    media: MediaServer
    connector: FileConnector
    connection: Connection
    organization_id: ObjectId = field(default_factory=ObjectId)
    told: list[RawDocument] = field(default_factory=list)
    failures: list[ConnectorError] = field(default_factory=list)

    def parts(self, *, scanner: Scanner | None = None, **options: Any) -> FileParts:
        """The files' services, as one process has them."""

        async def load(connection_id: ObjectId) -> Connection | None:
            known = str(connection_id) == self.connection.id
            return self.connection if known else None

        async def note(_: Connection, error: ConnectorError) -> None:
            self.failures.append(error)

        async def announce(message: RawDocument, _: Session) -> None:
            self.told.append(message)

        return build_files(
            settings=self.settings,
            database=self.database,
            connectors={"files": self.connector},
            connection=load,
            note_failure=note,
            announce=announce,
            scanner=scanner,
            **{"limits": LIMITS, **options},
        )

    async def message(self, *attachments: Attachment, **values: Any) -> ObjectId:
        """Store a message as the inbox does."""
        rows = [inbound_row(attachment) for attachment in attachments]
        moment = utc_now()
        document = {
            "_id": ObjectId(),
            "organization_id": self.organization_id,
            "connection_id": ObjectId(self.connection.id),
            "chat_id": "1",
            "channel": "files",
            "attachments": rows,
            "created_at": moment,
            "updated_at": moment,
            **values,
        }
        due = due_at(rows, moment)
        if due is not None:
            document["media_due_at"] = due
        await self.database.collection("messages").insert_one(document)
        return document["_id"]  # type: ignore[no-any-return]

    async def row(self, message_id: ObjectId, place: int = 0) -> Row:
        found = await self.stored(message_id)
        return found["attachments"][place]  # type: ignore[no-any-return]

    async def stored(self, message_id: ObjectId) -> RawDocument:
        found = await self.database.collection("messages").find_one({"_id": message_id})
        assert found is not None
        return found

    async def make_due(self) -> None:
        """Let all that waits be due now."""
        messages = self.database.collection("messages")
        now = utc_now()
        async for message in messages.find({"media_due_at": {"$exists": True}}):
            rows = [
                {**row, "next_at": now} if "next_at" in row else row
                for row in message["attachments"]
            ]
            await messages.update_one(
                {"_id": message["_id"]}, {"$set": {"attachments": rows, "media_due_at": now}}
            )

    async def sweep(self, parts: FileParts) -> None:
        """Let all that waits be due, and fetch it."""
        await self.make_due()
        await parts.fetching.sweep()
        await self.settle(parts)

    async def settle(self, parts: FileParts) -> None:
        while parts.fetching._running:
            await asyncio.gather(*(task for _, task in parts.fetching._running.values()))
            await asyncio.sleep(0)

    async def left(self) -> tuple[int, int]:
        """How many files there are, and how many pieces of files."""
        return (
            await self.database.collection("media.files").count_documents({}),
            await self.database.collection("media.chunks").count_documents({}),
        )

    async def counted(self) -> int:
        """The bytes that count against the organization's room."""
        usage = await self.database.collection("media_usage").find_one(
            {"organization_id": self.organization_id}
        )
        return int(usage["bytes"]) if usage else 0


def attachment(
    behaviour: str, name: str = "a.png", kind: str = "image", **options: Any
) -> Attachment:
    ref = {"behaviour": behaviour, "name": name}
    if (promised := options.pop("promised", None)) is not None:
        ref["promised"] = promised
    return Attachment(kind=MessageKind(kind), ref=ref, **{"name": name, **options})


@pytest.fixture
async def bench(settings: Settings, database: Database) -> AsyncIterator[Bench]:
    media = MediaServer()
    server = TestServer(media.application())
    await server.start_server()
    organization_id = ObjectId()
    connection = Connection(
        id=str(ObjectId()),
        organization_id=str(organization_id),
        channel="files",
        name="Files",
        config={},
        webhook_secret="secret",
    )
    connector = FileConnector(str(server.make_url("")).rstrip("/"))
    yield Bench(database, settings, media, connector, connection, organization_id)
    media.go_on.set()
    await server.close()


def quick(parts: FileParts, *pauses: float) -> None:
    """Give up after so many pauses."""
    bringing: Bringing = parts.fetching._bringing
    bringing._pauses = pauses
