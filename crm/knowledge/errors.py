"""What can go wrong with documents, as the API says it."""

from bot.knowledge.errors import CODES, DocumentError
from crm.core.errors import Conflict, DomainError, FieldError, Invalid


class NameTaken(Conflict):
    """Another document of the organization has this name."""

    default_code = "source_name_taken"
    title = "There is a document with this name"


class KnowledgeFull(Conflict):
    """The organization keeps as many documents, or as much in them, as it may."""

    default_code = "knowledge_limit_reached"
    title = "There is no room for more documents"


class ReadOnlyText(Conflict):
    """The text of an uploaded file is what was read in it: upload another file."""

    default_code = "source_text_read_only"
    title = "The text of an uploaded file cannot be edited"


class NoFile(Invalid):
    """Another file was to take the place of a typed text's, which has none."""

    default_code = "source_has_no_file"
    title = "This document was typed, not uploaded"


class UnusableDocument(Invalid):
    """The document cannot be used; the code says why."""

    default_code = "document_unusable"
    codes = CODES
    title = "The document cannot be used"


WRITE_ERRORS: tuple[type[DomainError], ...] = (NameTaken, KnowledgeFull, UnusableDocument)
"""What storing a document may answer with."""


def refusal(error: DocumentError, field: str) -> UnusableDocument:
    """Return the API's form of a parser's error, with the field it is about."""
    fields = [FieldError(field, error.code, error.detail)]
    return UnusableDocument(error.detail, code=error.code, fields=fields)
