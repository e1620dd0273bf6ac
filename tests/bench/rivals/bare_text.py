"""The plain alternative to reading a PDF: the library's own text, page by page, cut like any text.

    python -m tests.bench.rivals.bare_text < FILE

It prints the passages as a list of JSON texts.
"""

import json
import sys

import pypdfium2

from bot.knowledge.cutting import cut
from bot.knowledge.formats.plain_text import parse_plain_text


def main() -> None:
    """Read the PDF at the input."""
    texts: list[str] = []
    for page in pypdfium2.PdfDocument(sys.stdin.buffer.read()):
        text = page.get_textpage().get_text_range().replace("\r\n", "\n")
        for section in parse_plain_text(text).sections:
            texts += cut([*section.heading, *section.lines])
    sys.stdout.write(json.dumps(texts, ensure_ascii=False))


if __name__ == "__main__":
    main()
