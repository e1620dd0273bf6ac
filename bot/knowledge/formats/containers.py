"""Packed office files (DOCX, XLSX): opened only when what they hold is no trap."""

import io
import re
import zipfile
import zlib

from lxml import etree

from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import MEGABYTE, Limits

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of the old office programs begin, and new ones that are protected by a password."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MAX_PARTS = 5_000
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BROKEN = "The file is damaged: open it in an office program and save it again."


def open_package(content: bytes, limits: Limits, *, save_as: str) -> zipfile.ZipFile:
    """Return the opened file.

    Args:
        content: the file.
        limits: how much it may hold.
        save_as: what to save an old file as, for the message.

    Raises:
        DocumentError: `document_encrypted`, `document_legacy_format`, `document_broken` or `document_too_large`.
    """
    if content.startswith(OLE):
        if _ENCRYPTED in content:
            raise DocumentError(
                "document_encrypted", "It opens with a password only: save it without one."
            )
        raise DocumentError(
            "document_legacy_format", f"This is the old format of the office: save it as {save_as}."
        )
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        parts = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError):
        raise DocumentError("document_broken", _BROKEN) from None
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError(
            "document_encrypted", "It opens with a password only: save it without one."
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked_bytes or len(parts) > _MAX_PARTS:
        allowed = limits.unpacked_bytes // MEGABYTE
        raise DocumentError("document_too_large", f"Unpacked it has more than {allowed} MB.")
    return package


def part_of(package: zipfile.ZipFile, name: str) -> bytes | None:
    """Return a part of the file, None when there is none of this name.

    Raises:
        DocumentError: `document_broken`, also where XML declares entities, which no office program writes.
    """
    try:
        content = package.read(name)
    except KeyError:
        return None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        raise DocumentError("document_broken", _BROKEN) from None
    if _DECLARATIONS.search(content[:4096].replace(b"\0", b"")):
        raise DocumentError("document_broken", "Its XML declares entities, which is not allowed.")
    return content


def tree_of(package: zipfile.ZipFile, name: str) -> etree._Element | None:
    """Return the root of an XML part, None when there is none of this name.

    Raises:
        DocumentError: `document_broken`.
    """
    content = part_of(package, name)
    if content is None:
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise DocumentError("document_broken", _BROKEN) from None


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace: the office has two sets of them."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str | None:
    """Return an attribute's value, whatever its namespace."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None
