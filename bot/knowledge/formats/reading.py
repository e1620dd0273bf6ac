"""A file's bytes -> its sections: the right parser for what the file is, by its name and by its content."""

import codecs
import re
from pathlib import PurePosixPath

from bot.knowledge.blocks import Document
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.containers import OLE
from bot.knowledge.formats.docx import parse_docx
from bot.knowledge.formats.faq import parse_faq
from bot.knowledge.formats.html import parse_html
from bot.knowledge.formats.limits import LIMITS, MEGABYTE, Limits, Report, nobody
from bot.knowledge.formats.markdown import parse_markdown
from bot.knowledge.formats.pdf import parse_pdf
from bot.knowledge.formats.plain_text import parse_plain_text
from bot.knowledge.formats.xlsx import parse_xlsx

KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".csv": "faq",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".xlsx": "xlsx",
}
TEXT_KINDS = frozenset({"markdown", "text", "faq"})
"""What people type as well as upload."""

MEDIA_TYPES = {
    "markdown": "text/markdown",
    "text": "text/plain",
    "faq": "text/csv",
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SAVE_AS = {
    ".doc": "DOCX",
    ".dot": "DOCX",
    ".rtf": "DOCX",
    ".odt": "DOCX",
    ".pages": "DOCX or PDF",
    ".xls": "XLSX",
    ".ods": "XLSX",
    ".ppt": "PDF",
    ".pptx": "PDF",
}
_TEXTS = {"markdown": parse_markdown, "text": parse_plain_text}
_PACKED = {"docx": b"word/document.xml", "xlsx": b"xl/workbook.xml"}
_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_CYRILLIC = re.compile("[а-яёА-ЯЁ]")
_LATIN = re.compile("[a-zA-Z]")
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def kind_of(name: str) -> str:
    """Return what kind of document a file is, by the ending of its name.

    Raises:
        DocumentError: `document_unknown_type`, or `document_legacy_format` for the old office's files.
    """
    ending = PurePosixPath(name.strip().lower()).suffix
    kind = KINDS.get(ending)
    if kind is None:
        if ending in _SAVE_AS:
            raise DocumentError(
                "document_legacy_format",
                f"Files that end with {ending} cannot be read: save it as {_SAVE_AS[ending]}.",
            )
        allowed = ", ".join(KINDS)
        raise DocumentError("document_unknown_type", f"Only these types can be read: {allowed}.")
    return kind


def check_content(kind: str, content: bytes) -> None:
    """See that the content is of the kind its name says. The first kilobytes are enough.

    Raises:
        DocumentError: `document_wrong_type`, or `document_legacy_format`.
    """
    found = _sniff(content)
    if found == "ole" and kind in _PACKED:
        return  # old, or protected by a password: the parser tells which
    if found is None:
        if kind in {"pdf", *_PACKED}:
            raise DocumentError("document_wrong_type", f"This is no {kind.upper()} file.")
        return
    if found == kind or (found == "zip" and kind in _PACKED):
        return
    if found == "html" and kind in TEXT_KINDS:
        return  # a text may begin with tags
    if found == "ole":
        raise DocumentError(
            "document_legacy_format", "This is an old office file: save it as DOCX or XLSX."
        )
    raise DocumentError(
        "document_wrong_type",
        f"By its name it is {kind.upper()}, by its content {found.upper()}: give it the ending of what it is.",
    )


def _sniff(content: bytes) -> str | None:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(OLE):
        return "ole"
    if content.startswith(b"PK\x03\x04"):
        for kind, part in _PACKED.items():
            if part in content:
                return kind
        return "zip"
    return "html" if _MARKUP.match(start) else None


def decode(content: bytes, limits: Limits = LIMITS) -> str:
    """Return the text of a file: UTF-8, UTF-16 with a byte order mark, or Cyrillic letters of Windows.

    Raises:
        DocumentError: `document_too_large` or `document_bad_encoding`.
    """
    _check_size(len(content), limits.text_bytes)
    encoding = (
        "utf-16" if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    )
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1251", "replace")
        if encoding == "utf-16" or not _reads_as_cyrillic(text):
            raise DocumentError("document_bad_encoding", "The text is not UTF-8.") from None
        return text


def _reads_as_cyrillic(text: str) -> bool:
    """Whether a text decoded as Windows' Cyrillic is one: words of Cyrillic letters, hardly any mixed with Latin ones."""
    words = _WORD.findall(text[:200_000])
    cyrillic = sum(1 for word in words if _CYRILLIC.search(word))
    mixed = sum(1 for word in words if _CYRILLIC.search(word) and _LATIN.search(word))
    shouting = sum(1 for word in words if word[:1].islower() and word[1:].isupper())
    return cyrillic * 2 > len(words) and (mixed + shouting) * 20 < cyrillic


def check(content: str, limits: Limits = LIMITS) -> str:
    """Return `content` with normal line ends and without a byte order mark.

    Raises:
        DocumentError: `document_empty`, `document_too_large` or `document_bad_encoding`.
    """
    try:
        _check_size(len(content.encode()), limits.text_bytes)
    except UnicodeEncodeError:
        raise DocumentError(
            "document_bad_encoding", "The text holds halves of characters."
        ) from None
    if not _CONTROL.isdisjoint(content) or content.count(_REPLACEMENT) > len(content) // 1000:
        raise DocumentError(
            "document_bad_encoding", "The text holds characters of no text: is it UTF-8?"
        )
    content = (
        content.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
    if not content.strip():
        raise DocumentError("document_empty", "The document is empty.")
    return content


def read_document(
    name: str, content: bytes | str, limits: Limits = LIMITS, report: Report = nobody
) -> Document:
    """Return the sections of a document.

    Args:
        name: the file's name; its ending tells the kind.
        content: the file, or a typed text.
        limits: how much is read.
        report: told how far it is.

    Raises:
        DocumentError: any of its codes.
    """
    kind = kind_of(name)
    if isinstance(content, bytes):
        if len(content) > limits.file_bytes:
            _check_size(len(content), limits.file_bytes)
        if not content:
            raise DocumentError("document_empty", "The file is empty.")
        check_content(kind, content)
    document = _parse(kind, content, limits, report)
    if not document.sections:
        raise DocumentError("document_empty", "The document holds no text to answer from.")
    return document


def _parse(kind: str, content: bytes | str, limits: Limits, report: Report) -> Document:
    if kind in {"pdf", "docx", "xlsx"}:
        if isinstance(content, str):
            raise DocumentError(
                "document_wrong_type", f"A {kind.upper()} file is uploaded, not typed."
            )
        parse = {"pdf": parse_pdf, "docx": parse_docx, "xlsx": parse_xlsx}[kind]
        return parse(content, limits, report)
    if kind == "html":
        text = _decode_page(content) if isinstance(content, bytes) else content
        return parse_html(check(text.replace("\0", ""), limits), limits, report)
    text = check(decode(content, limits) if isinstance(content, bytes) else content, limits)
    return parse_faq(text) if kind == "faq" else _TEXTS[kind](text)


def _decode_page(content: bytes) -> str:
    """Return a page's text in the encoding it names; UTF-8 otherwise."""
    named = _CHARSET.search(content[:4096])
    if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        encoding = "utf-16"
    elif content.startswith(codecs.BOM_UTF8) or named is None:
        encoding = "utf-8-sig"
    else:
        encoding = named[1].decode("ascii", "replace")
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise DocumentError(
            "document_bad_encoding", "The page is not in the encoding it names."
        ) from None


def _check_size(size: int, allowed: int) -> None:
    if size > allowed:
        raise DocumentError("document_too_large", f"A document may have {allowed // MEGABYTE} MB.")
