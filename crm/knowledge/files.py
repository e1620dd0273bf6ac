"""Uploaded files: stored while they come in, replaced, and given back."""

from collections.abc import AsyncIterator

from bson import ObjectId

from bot.knowledge.documents import title_of
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.reading import MEDIA_TYPES, check_content
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.events import SYSTEM, Actor
from crm.knowledge.errors import NameTaken, NoFile, refusal
from crm.knowledge.models import new_source
from crm.knowledge.originals import Originals
from crm.knowledge.store import SourceStore, checked_kind, source_read, waiting

_HEAD_BYTES = 4_096


class Files:
    """Documents that come as files. Each waits for a worker once it is stored."""

    def __init__(self, *, store: SourceStore, originals: Originals) -> None:
        self._store = store
        self._originals = originals

    async def upload(
        self,
        organization_id: ObjectId,
        *,
        name: str,
        chunks: AsyncIterator[bytes],
        language: str | None = None,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Store a file while it comes in, and return its document, which waits for a worker.

        Raises:
            Invalid: the file is of no kind that can be read, or not of the kind its name says.
            NameTaken, KnowledgeFull: as they say.
        """
        kind = checked_kind(name)
        if await self._store.rows.find_one({"organization_id": organization_id, "name": name}):
            raise NameTaken
        await self._store.check_room(organization_id, 0)
        file = await self._store_file(organization_id, name, kind, chunks)
        try:
            await self._store.check_room(organization_id, file["size"])
            source = new_source(
                organization_id=organization_id,
                name=name,
                title=title_of(name),
                kind=kind,
                language=language,
                origin="file",
                file=file,
                now=utc_now(),
            )
            await self._store.insert(source)
        except BaseException:
            await self._originals.delete(file)
            raise
        await self._store.announce(source, actor)
        return source_read(source)

    async def replace(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        *,
        chunks: AsyncIterator[bytes],
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Let another file of the same kind take the place of a document's; the old passages answer until it is ingested.

        Raises:
            NotFound: as it says.
            Invalid: the document has no file, or the new one is not of its kind.
            KnowledgeFull: as it says.
        """
        source = await self._store.get(organization_id, source_id)
        if source["file"] is None:
            raise NoFile
        file = await self._store_file(organization_id, source["name"], source["kind"], chunks)
        try:
            await self._store.check_room(organization_id, file["size"] - source["size"], sources=0)
            values = {"file": file, "size": file["size"], **waiting()}
            changed = await self._store.write(organization_id, source_id, values)
        except BaseException:
            await self._originals.delete(file)
            raise
        await self._originals.delete(source["file"])
        await self._store.announce(changed, actor)
        return source_read(changed)

    async def original(
        self, organization_id: ObjectId, source_id: ObjectId
    ) -> tuple[str, str, AsyncIterator[bytes]]:
        """Return a document's name, its media type, and its content as it came in.

        Raises:
            NotFound: as it says.
        """
        source = await self._store.get(organization_id, source_id)
        if source["file"] is not None:
            chunks = self._originals.read(organization_id, source["file"]["id"])
        else:
            chunks = _one(source["content"].encode())
        return source["name"], MEDIA_TYPES[source["kind"]], chunks

    async def _store_file(
        self,
        organization_id: ObjectId,
        name: str,
        kind: str,
        chunks: AsyncIterator[bytes],
    ) -> RawDocument:
        try:
            return await self._originals.store(
                organization_id, name, MEDIA_TYPES[kind], _of_kind(kind, chunks)
            )
        except DocumentError as error:
            raise refusal(error, "file") from None


async def _of_kind(kind: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass the chunks on, once their beginning is seen to be of the kind.

    Raises:
        DocumentError: it is not, or there is nothing.
    """
    head = b""
    checked = False
    async for chunk in chunks:
        if checked:
            yield chunk
            continue
        head += chunk
        if len(head) >= _HEAD_BYTES:
            check_content(kind, head)
            checked = True
            yield head
    if not checked:
        if not head:
            raise DocumentError("document_empty", "The file is empty.")
        check_content(kind, head)
        yield head


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
