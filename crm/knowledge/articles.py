"""An article: a question of a customer and an operator's answer, as a document of its own."""

import logging
import re
import unicodedata

from bot.knowledge.blocks import Notice
from bot.privacy.masking import Masking

_log = logging.getLogger(__name__)

MAX_NAME = 80
_OF_PEOPLE = ("PERSON", "PHONE", "EMAIL", "IIN", "CARD", "IBAN", "PASSPORT")
_NOT_IN_NAMES = re.compile(r"[^\w\s-]+")
_MARKUP = re.compile(r"([\\`*_\[\]<>|~])")
_LINE_MARKUP = re.compile(r"^(\s*)(#{1,6}\s|>|```|---|===|\+\s)", re.MULTILINE)


def article_name(question: str, number: int = 1) -> str:
    """Return a file name for the article; `number` tells those with the same question apart."""
    plain = " ".join(_NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", question)).split())
    short = plain[:MAX_NAME].strip() or "article"
    return f"{short}.md" if number == 1 else f"{short} {number}.md"


def article_text(question: str, answer: str) -> str:
    """Return the article as Markdown: the question is its title. What was written is shown as it was written."""
    heading = _MARKUP.sub(r"\\\1", " ".join(question.split()))
    body = _LINE_MARKUP.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", answer.strip()))
    return f"# {heading}\n\n{_paragraphs(body)}\n"


def personal_data(text: str) -> Notice | None:
    """Return a warning about an article that seems to hold somebody's data: every customer may be told what it says."""
    try:
        kinds = {span.kind for span in Masking(kinds=_OF_PEOPLE).spans(text)}
    except Exception as error:  # a hint is not worth an article
        _log.warning("an article was not looked through: %s", type(error).__name__)
        return None
    if not kinds:
        return None
    named = ", ".join(sorted(kinds))
    return Notice(
        "personal_data", f"It seems to hold personal data ({named}), and answers everybody."
    )


def _paragraphs(text: str) -> str:
    """Return the text with its line breaks kept: each line is a paragraph or an item of its own."""
    return "\n\n".join(line.strip() for line in text.splitlines() if line.strip())
