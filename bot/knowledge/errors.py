"""What can be wrong with a document."""

CODES = (
    "document_bad_encoding",
    "document_broken",
    "document_empty",
    "document_encrypted",
    "document_legacy_format",
    "document_too_complex",
    "document_too_large",
    "document_took_too_long",
    "document_unknown_type",
    "document_unreadable",
    "document_wrong_type",
    "faq_columns_missing",
    "faq_malformed",
)
"""Every code a `DocumentError` may have."""


class DocumentError(Exception):
    """A document cannot be used. `code` is stable, `detail` is English for people and quotes nothing of the document."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")
