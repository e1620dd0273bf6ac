"""Names of files as they are kept: safe, and honest about the content."""

from __future__ import annotations

from crm.core.file_names import safe_file_name
from crm.files.types import ENDINGS, TYPE_OF_ENDING

UNNAMED = "file"


def safe_name(given: str | None) -> str:
    """A name without folders, control characters and reserved words; never empty."""
    return safe_file_name(given or "") or UNNAMED


def honest_name(given: str | None, mime: str) -> str:
    """A safe name whose ending is one of the type's, so that no program takes the file for another kind.

    A picture's wrong ending is put right (`a.jpg` that is a PNG becomes `a.png`); a document's stays before the
    true one (`a.docx` that is some archive becomes `a.docx.zip`).
    """
    name = safe_name(given)
    endings = ENDINGS.get(mime, ())
    stem, dot, ending = name.rpartition(".")
    if not endings or (dot and ending.lower() in endings):
        return name
    claimed = TYPE_OF_ENDING.get(ending.lower(), "") if dot else ""
    family = mime.partition("/")[0]
    if claimed.partition("/")[0] == family and family in {"image", "audio", "video"}:
        name = stem
    return safe_file_name(f"{name}.{endings[0]}")
