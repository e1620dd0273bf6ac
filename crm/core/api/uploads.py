"""Files that come with a request: read while they come in, never held as a whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from pydantic import BaseModel

from crm.core.errors import FieldError, Invalid, Malformed, PayloadTooLarge, UnsupportedMediaType

FILE_FIELD = "file"
MAX_FIELD_BYTES = 10_000
MAX_FIELDS = 20
CHUNK_BYTES = 64 * 1024
_BROKEN = "malformed_form"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is coming in.

    Attributes:
        file_name: as the client says it, which may be anything.
        chunks: its content; to be read once, before the answer. Raises `PayloadTooLarge` when it is larger than the
            endpoint takes, `Malformed` when it breaks off.
    """

    file_name: str
    chunks: AsyncIterator[bytes]


async def open_upload(
    request: web.Request, model: type[BaseModel] | None, limit: int
) -> tuple[Upload, dict[str, str]]:
    """Return the file of a form, not yet read, and the fields that stand before it.

    Raises:
        UnsupportedMediaType: the body is no form.
        Malformed: the form is broken.
        Invalid: the file is missing, or a field is unknown.
        PayloadTooLarge: the client says that it is.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    if (request.content_length or 0) > limit + MAX_FIELDS * MAX_FIELD_BYTES:
        raise PayloadTooLarge(f"The file may have {limit} bytes.")
    fields: dict[str, str] = {}
    known = set(model.model_fields) if model is not None else set()
    try:
        form = await request.multipart()
        while (part := await form.next()) is not None:
            if isinstance(part, MultipartReader):
                raise Malformed("The form holds another form.", code=_BROKEN)
            if part.name == FILE_FIELD:
                return Upload(part.filename or "", _chunks(part, limit)), fields
            if part.name not in known or len(fields) >= MAX_FIELDS:
                unknown = FieldError(str(part.name), "extra_forbidden", "Unknown field.")
                raise Invalid(fields=[unknown])
            fields[part.name] = await _field(part)
    except (ValueError, AssertionError, ConnectionError, web.RequestPayloadError):
        raise Malformed("The form is broken.", code=_BROKEN) from None
    missing = FieldError(FILE_FIELD, "missing", "Send the file, after the other fields.")
    raise Invalid(fields=[missing])


async def _field(part: BodyPartReader) -> str:
    content = bytearray()
    while chunk := await part.read_chunk(MAX_FIELD_BYTES):
        content += chunk
        if len(content) > MAX_FIELD_BYTES:
            raise PayloadTooLarge(f"A field may have {MAX_FIELD_BYTES} bytes.")
    return content.decode()


async def _chunks(part: BodyPartReader, limit: int) -> AsyncIterator[bytes]:
    if part.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise UnsupportedMediaType("The file must not be compressed.")
    size = 0
    try:
        while chunk := await part.read_chunk(CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise PayloadTooLarge(f"The file may have {limit} bytes.")
            yield bytes(chunk)
    except (ValueError, AssertionError, ConnectionError, web.RequestPayloadError):
        raise Malformed("The file broke off.", code=_BROKEN) from None
