"""How much of a document is read. Files are hostile until they are read."""

from collections.abc import Callable
from dataclasses import dataclass

type Report = Callable[[int, int], None]
"""Told how far a parser is: pages, sheets or parts done, and of how many."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a parser reads at most.

    Attributes:
        file_bytes: of the file as it is stored.
        unpacked_bytes: of what a packed file (DOCX, XLSX) holds in all.
        pages: of a PDF.
        cells: of all sheets or tables of a document.
        text_bytes: of all that was read, in UTF-8.
        passages: that a document may be cut into; all of them are written in one transaction.
    """

    file_bytes: int = 50 * MEGABYTE
    unpacked_bytes: int = 300 * MEGABYTE
    pages: int = 2_000
    cells: int = 300_000
    text_bytes: int = 8 * MEGABYTE
    passages: int = 6_000


LIMITS = Limits()


def nobody(_done: int, _total: int) -> None:
    """Be told how far a parser is, and do nothing."""
