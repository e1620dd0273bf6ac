"""What can be wrong with a document."""


class DocumentError(Exception):
    """A document cannot be used. `code` is stable, `detail` is English for people and quotes nothing of the document.

    Codes: `document_empty`, `document_unknown_type`, `document_bad_encoding`, `document_too_large`,
    `faq_columns_missing`, `faq_malformed`.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")
