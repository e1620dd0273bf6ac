"""A document's content -> passages: the one way in, whatever the type."""

from pathlib import PurePosixPath

from bot.knowledge.blocks import Document
from bot.knowledge.cutting import cut
from bot.knowledge.errors import DocumentError
from bot.knowledge.faq import parse_faq
from bot.knowledge.languages import detect_language
from bot.knowledge.markdown import parse_markdown
from bot.knowledge.passages import Passage
from bot.knowledge.plain_text import parse_plain_text

MAX_BYTES = 5 * 1024 * 1024
KINDS = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text", ".csv": "faq"}
_PARSERS = {"markdown": parse_markdown, "text": parse_plain_text, "faq": parse_faq}
_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LANGUAGE_SAMPLE = 4_000
MAX_ACRONYM = 3
"""Letters of a file name that is shown in capitals, such as faq."""


def kind_of(name: str) -> str:
    """Return markdown, text or faq, by the file's name.

    Raises:
        DocumentError: `document_unknown_type`.
    """
    kind = KINDS.get(PurePosixPath(name.strip().lower()).suffix)
    if kind is None:
        allowed = ", ".join(KINDS)
        raise DocumentError("document_unknown_type", f"Only these types can be read: {allowed}.")
    return kind


def decode(content: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16 with a byte order mark.

    Raises:
        DocumentError: `document_too_large` or `document_bad_encoding`.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(
            "document_too_large", f"A document may have {MAX_BYTES // 1024 // 1024} MB."
        )
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise DocumentError("document_bad_encoding", "The text is not UTF-8.") from None


def check(content: str) -> str:
    """Return `content` with normal line ends and without a byte order mark.

    Raises:
        DocumentError: `document_empty`, `document_too_large` or `document_bad_encoding`.
    """
    try:
        size = len(content.encode())
    except UnicodeEncodeError:
        raise DocumentError(
            "document_bad_encoding", "The text holds halves of characters."
        ) from None
    if size > MAX_BYTES:
        raise DocumentError(
            "document_too_large", f"A document may have {MAX_BYTES // 1024 // 1024} MB."
        )
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


def parse(name: str, content: str) -> Document:
    """Return the sections of a document.

    Raises:
        DocumentError: any of its codes.
    """
    document = _PARSERS[kind_of(name)](check(content))
    if not document.sections:
        raise DocumentError("document_empty", "The document holds no text to answer from.")
    return document


def document_language(content: str, default: str = "ru") -> str:
    """Return the language most of a document is in."""
    return detect_language(content[:_LANGUAGE_SAMPLE], default)


def passages_of(
    *, name: str, content: str, language: str | None = None, title: str | None = None
) -> list[Passage]:
    """Return the passages of a document, in order; their ids are `name#position`, to be replaced by a store's own.

    Args:
        name: the file's name; its ending tells the type.
        content: the whole text.
        language: of the document; detected when absent. A passage that is clearly in another language says so.
        title: shown as the source; by default the document's own title, or its name without the ending.

    Raises:
        DocumentError: the document cannot be used.
    """
    document = parse(name, content)
    main_language = language or document_language(content)
    shown = title or title_of(name, document)
    found: list[Passage] = []
    for section in document.sections:
        for text in cut(section.lines):
            sample = f"{' '.join(section.heading)}\n{text}"
            found.append(
                Passage(
                    id=f"{name}#{len(found)}",
                    document=name,
                    title=shown,
                    heading=section.heading,
                    language=section.language or detect_language(sample, main_language),
                    position=len(found),
                    text=text,
                )
            )
    return found


def title_of(name: str, document: Document) -> str:
    """Return the document's own title, or its file name without the ending."""
    if document.title:
        return document.title
    plain = PurePosixPath(name).stem.replace("_", " ").replace("-", " ").strip() or name
    return plain.upper() if len(plain) <= MAX_ACRONYM else plain[0].upper() + plain[1:]
