"""What can go wrong with documents, as the API says it."""

from collections.abc import Mapping

from bot.knowledge.errors import DocumentError
from crm.core.errors import Conflict, DomainError, FieldError, Invalid


class NameTaken(Conflict):
    """Another document of the organization has this name."""

    default_code = "source_name_taken"
    title = "There is a document with this name"


class KnowledgeBusy(Conflict):
    """Others keep changing the same knowledge base; trying again helps."""

    default_code = "knowledge_busy"
    title = "The knowledge base is being changed by others"


class UnknownType(Invalid):
    """The name's ending is none of those that can be read."""

    default_code = "document_unknown_type"
    title = "Documents of this type cannot be read"


class EmptyDocument(Invalid):
    """There is no text in it."""

    default_code = "document_empty"
    title = "The document is empty"


class BadEncoding(Invalid):
    """It is not text, or text of an unknown encoding."""

    default_code = "document_bad_encoding"
    title = "The text cannot be read"


class DocumentTooLarge(Invalid):
    """It has more bytes than a document may have."""

    default_code = "document_too_large"
    title = "The document is too large"


class ColumnsMissing(Invalid):
    """A FAQ table does not name its questions and answers."""

    default_code = "faq_columns_missing"
    title = "The table has no columns for questions and answers"


class MalformedTable(Invalid):
    """A FAQ table cannot be read."""

    default_code = "faq_malformed"
    title = "The table cannot be read"


_REFUSALS: tuple[type[Invalid], ...] = (
    UnknownType,
    EmptyDocument,
    BadEncoding,
    DocumentTooLarge,
    ColumnsMissing,
    MalformedTable,
)
_BY_CODE: Mapping[str, type[Invalid]] = {kind.default_code: kind for kind in _REFUSALS}

WRITE_ERRORS: tuple[type[DomainError], ...] = (NameTaken, KnowledgeBusy, *_REFUSALS)
"""What storing a document may answer with."""


def refusal(error: DocumentError, field: str) -> Invalid:
    """Return the API's form of a parser's error, with the field it is about."""
    fields = [FieldError(field, error.code, error.detail)]
    return _BY_CODE[error.code](error.detail, fields=fields)
