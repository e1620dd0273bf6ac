"""Lines of a paragraph -> its text: words that were hyphenated at the end of a line become whole."""

from collections.abc import Sequence

from bot.knowledge.formats.pdf.glyphs import SOFT_HYPHEN

_HYPHENS = ("-", SOFT_HYPHEN, "\N{HYPHEN}")


def joined(lines: Sequence[str], known: frozenset[str] = frozenset()) -> str:
    """Return the lines as one text.

    Args:
        lines: as they stand on the page.
        known: the document's words in lower case. A hyphen at the end of a line stays when the word occurs with it.
    """
    text = ""
    for line in lines:
        stripped = line.strip()
        if not stripped:
            continue
        if text.endswith(_HYPHENS) and text[-2:-1].isalpha() and stripped[0].islower():
            text = _unhyphenated(text, stripped, known)
        else:
            text = f"{_with_end(text)} {stripped}" if text else stripped
    return _with_end(text).replace(SOFT_HYPHEN, "")


def _with_end(text: str) -> str:
    """Return a line whose last hyphen parts no word with that hyphen."""
    return text[:-1] + "-" if text.endswith(SOFT_HYPHEN) else text


def _unhyphenated(text: str, following: str, known: frozenset[str]) -> str:
    first, _, rest = following.partition(" ")
    before = text.rpartition(" ")[2][:-1]
    tail = first.rstrip(".,;:!?)»”")
    with_hyphen = f"{before}-{tail}".lower()
    without = f"{before}{tail}".lower()
    hyphen = "-" if with_hyphen in known and without not in known else ""
    return f"{text[:-1]}{hyphen}{first}{' ' + rest if rest else ''}"
