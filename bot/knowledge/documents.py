"""A document's content -> passages: the one way in, whatever the type."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.knowledge.blocks import Document, Notice
from bot.knowledge.cutting import pieces
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import LIMITS, Limits, Report, nobody
from bot.knowledge.formats.reading import KINDS, decode, kind_of, read_document
from bot.knowledge.languages import detect_language
from bot.knowledge.passages import Passage

__all__ = ["KINDS", "MAX_BYTES", "Reading", "decode", "kind_of", "passages_of", "read", "title_of"]

MAX_BYTES = LIMITS.text_bytes
"""Of a typed text, in UTF-8."""
_LANGUAGE_SAMPLE = 4_000
MAX_ACRONYM = 3
"""Letters of a file name that is shown in capitals, such as faq."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is known of a document once it was read. `text` is what was read, for people."""

    title: str
    language: str
    text: str
    passages: list[Passage]
    notices: tuple[Notice, ...]


def document_language(content: str, default: str = "ru") -> str:
    """Return the language most of a document is in."""
    return detect_language(content[:_LANGUAGE_SAMPLE], default)


def passages_of(
    *, name: str, content: str | bytes, language: str | None = None, title: str | None = None
) -> list[Passage]:
    """Return the passages of a document, in order; see `read`.

    Raises:
        DocumentError: the document cannot be used.
    """
    return read(name=name, content=content, language=language, title=title).passages


def read(
    *,
    name: str,
    content: str | bytes,
    language: str | None = None,
    title: str | None = None,
    limits: Limits = LIMITS,
    report: Report = nobody,
) -> Reading:
    """Read a document and cut it into passages; their ids are `name#position`, to be replaced by a store's own.

    Args:
        name: the file's name; its ending tells the type.
        content: the file's bytes, or a whole typed text.
        language: of the document; detected when absent. A passage that is clearly in another language says so.
        title: shown as the source; by default the document's own title, or its name without the ending.
        limits: how much is read.
        report: told how far it is.

    Raises:
        DocumentError: the document cannot be used.
    """
    document = read_document(name, content, limits, report)
    text = text_of(document)
    if len(text.encode()) > limits.text_bytes:
        raise DocumentError("document_too_large", "It holds more text than a document may.")
    main_language = language or document_language(text)
    shown = title or title_of(name, document)
    found: list[Passage] = []
    for section in document.sections:
        for piece in pieces(section.lines):
            sample = f"{' '.join(section.heading)}\n{piece.text}"
            found.append(
                Passage(
                    id=f"{name}#{len(found)}",
                    document=name,
                    title=shown,
                    heading=section.heading,
                    language=section.language or detect_language(sample, main_language),
                    position=len(found),
                    text=piece.text,
                    page=section.page_of(piece.line),
                )
            )
    if len(found) > limits.passages:
        raise DocumentError(
            "document_too_large",
            f"It would be cut into {len(found)} passages; {limits.passages} are allowed: divide it.",
        )
    return Reading(shown, main_language, text, found, document.notices)


def title_of(name: str, document: Document | None = None) -> str:
    """Return the document's own title, or its file name without the ending."""
    if document is not None and document.title:
        return document.title
    plain = PurePosixPath(name).stem.replace("_", " ").replace("-", " ").strip() or name
    return plain.upper() if len(plain) <= MAX_ACRONYM else plain[0].upper() + plain[1:]


def text_of(document: Document) -> str:
    """Return all that was read, with its headings, as a text for people."""
    parts = [f"# {document.title}"] if document.title else []
    above: tuple[str, ...] = ()
    for section in document.sections:
        shared = 0
        while shared < min(len(above), len(section.heading)) and (
            above[shared] == section.heading[shared]
        ):
            shared += 1
        for level, name in enumerate(section.heading[shared:], shared + 2):
            parts.append(f"{'#' * level} {name}")
        above = section.heading
        parts.append("\n".join(section.lines))
    return "\n\n".join(parts)
