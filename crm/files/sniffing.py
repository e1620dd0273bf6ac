"""What a file is, by its content. What its sender says decides only where the content leaves it open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from crm.files.errors import FileNotAllowed
from crm.files.types import (
    DOCX,
    PPTX,
    REFUSED_ENDINGS,
    STICKER,
    TYPE_OF_ENDING,
    XLSX,
)

HEAD_BYTES: Final = 64 * 1024
"""How much of a file's beginning is looked at."""

_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
_RIFF: Final = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_HEIF: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_OLE_TYPES: Final = frozenset(
    {
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-outlook",
    }
)
_OFFICE: Final = ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX))
_PROGRAMS: Final = (b"AndroidManifest.xml", b"classes.dex", b"META-INF/MANIFEST.MF", b"Payload/")
"""Entries by which a ZIP is a program."""
_ODF_MIME: Final = re.compile(
    rb"application/(vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics)|epub\+zip)"
)
# The openings by which browsers take a text for a page: https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type
_PAGE: Final = re.compile(
    r"<(!doctype|html|head|body|script|iframe|style|title|link|meta|base|object|embed|form|"
    r"svg|math|img|div|table|font|center|a|b|h1|br|p)[\s>/]",
    re.IGNORECASE,
)
_PAGE_IN_XML: Final = re.compile(
    r"<(\w+:)?(svg|html|script)[\s>/]|xml-stylesheet|www\.w3\.org/(1999/xhtml|2000/svg)",
    re.IGNORECASE,
)
_BLANK: Final = " \t\r\n\f\v\ufeff"
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_TEXTS: Final = frozenset(
    {
        *("text/csv", "text/calendar", "text/vcard", "text/markdown", "text/plain"),
        *("application/json", "message/rfc822"),
    }
)


def type_of(head: bytes, *, name: str, claimed: str | None = None) -> str:
    """Return the type of a file.

    Args:
        head: its first `HEAD_BYTES` bytes, or all of it.
        name: its safe name.
        claimed: the type its sender says; tells sound from pictures in containers that hold both.

    Raises:
        FileNotAllowed: it is of a kind that is not taken, by its content or by its name.
    """
    ending = name.rpartition(".")[2].lower()
    if ending in REFUSED_ENDINGS:
        raise FileNotAllowed(f"Files that end with .{ending} are not taken.")
    mime = _binary(head, ending, claimed or "") or _text(head, ending)
    if mime is None:
        raise FileNotAllowed
    return mime


def _binary(head: bytes, ending: str, claimed: str) -> str | None:
    for start, mime in _STARTS:
        if head.startswith(start):
            return mime
    for offset, mark, look in _CONTAINERS:
        if head.startswith(mark, offset):
            return look(head, ending, claimed)
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0" and len(head) > 26:
        return "image/bmp"
    if re.match(rb"AC10[0-9]{2}\0", head):
        return "image/vnd.dwg"
    if head.startswith(b"\x30") and TYPE_OF_ENDING.get(ending) == "application/pkcs7-mime":
        return "application/pkcs7-mime"
    return _sound(head)


def _sound(head: bytes) -> str | None:
    """A frame of MPEG sound at the very beginning."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[:2] == b"\xff\xfe":
        return None
    layer = head[1] >> 1 & 3
    if layer == 0:
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else None
    return "audio/mpeg" if head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3 else None


def _media(head: bytes, _: str, claimed: str) -> str:
    """MPEG-4 and what is built like it: https://mp4ra.org/registered-types/brands."""
    brand = head[8:12]
    if brand in _HEIF:
        return "image/heic"
    if brand in {b"avif", b"avis"}:
        return "image/avif"
    if brand[:3] in {b"M4A", b"M4B"}:
        return "audio/mp4"
    if claimed.startswith("audio/"):
        return "audio/mp4"
    if brand == b"qt  ":
        return "video/quicktime"
    return "video/3gpp" if brand[:2] == b"3g" else "video/mp4"


def _riff(head: bytes, _: str, __: str) -> str | None:
    return _RIFF.get(head[8:12])


def _ogg(head: bytes, _: str, __: str) -> str:
    return "video/ogg" if b"theora" in head[:256] else "audio/ogg"


def _gzip(_: bytes, ending: str, claimed: str) -> str:
    return STICKER if STICKER in {claimed, TYPE_OF_ENDING.get(ending)} else "application/gzip"


def _compound(_: bytes, ending: str, __: str) -> str | None:
    """The older Office's files: what is in them stands anywhere, so the name decides."""
    mime = TYPE_OF_ENDING.get(ending)
    return mime if mime in _OLE_TYPES else None


def _matroska(head: bytes, _: str, claimed: str) -> str:
    if b"webm" not in head[:64]:
        return "video/x-matroska"
    return "audio/webm" if claimed.startswith("audio/") else "video/webm"


def _archive(head: bytes, _: str, __: str) -> str | None:
    """What a ZIP holds, by the names of its first entries. Nothing is ever unpacked."""
    names = [
        head[
            place.start() + 30 : place.start() + 30 + int.from_bytes(_two(head, place.start() + 26))
        ]
        for place in re.finditer(rb"PK\x03\x04", head)
    ]
    if any(name.startswith(_PROGRAMS) for name in names):
        return None
    if names and names[0] == b"mimetype":
        # It stands there as it is, behind a header of 30 bytes and its name: https://docs.oasis-open.org/office, "Packages".
        said = head[38 : 38 + int.from_bytes(_two(head, 18))]
        return said.decode() if _ODF_MIME.fullmatch(said) else "application/zip"
    if any(name in {b"[Content_Types].xml", b"_rels/.rels"} for name in names):
        for folder, mime in _OFFICE:
            if any(name.startswith(folder) for name in names):
                return mime
    return "application/zip"


_CONTAINERS: Final[tuple[tuple[int, bytes, Callable[[bytes, str, str], str | None]], ...]] = (
    (0, b"RIFF", _riff),
    (4, b"ftyp", _media),
    (0, b"\x1a\x45\xdf\xa3", _matroska),
    (0, b"OggS", _ogg),
    (0, b"PK\x03\x04", _archive),
    (0, b"PK\x05\x06", _archive),
    (0, b"\x1f\x8b", _gzip),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _compound),
)


def _two(head: bytes, place: int) -> bytes:
    """A number of two bytes, least first, as big-endian ones."""
    return head[place : place + 2][::-1]


def _text(head: bytes, ending: str) -> str | None:
    text = _decoded(head)
    if text is None or text.startswith("#!"):
        return None
    text = _uncommented(text)
    if _PAGE.match(text):
        return None
    if text.startswith("<?xml"):
        return None if _PAGE_IN_XML.search(text) else "application/xml"
    mime = TYPE_OF_ENDING.get(ending)
    return mime if mime in _TEXTS else "text/plain"


def _uncommented(text: str) -> str:
    """The text from its first word on that is no comment of a page."""
    text = text.lstrip(_BLANK)
    while text.startswith("<!--"):
        text = text[4:].partition("-->")[2].lstrip(_BLANK)
    return text


def _decoded(head: bytes) -> str | None:
    """The beginning as a text; None when it is none."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = head.decode("utf-16", errors="ignore")
    else:
        # What is no UTF-8 may be an older Cyrillic text: as long as no byte is one that texts never have.
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    return None if _NO_TEXT.search(text) else text
