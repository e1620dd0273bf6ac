"""A table (CSV) -> sections. In one of questions and answers each question is a heading, its answer the lines under it."""

import csv
import io
import re
from collections.abc import Sequence

from bot.knowledge.blocks import Document, Section
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.tables import table_lines
from bot.knowledge.languages import LANGUAGES
from bot.knowledge.letters import fold

_QUESTION = frozenset(map(fold, ("question", "вопрос", "сұрақ", "q")))
_ANSWER = frozenset(map(fold, ("answer", "ответ", "жауап", "a")))
_LANGUAGE = frozenset(map(fold, ("language", "lang", "язык", "тіл")))
_LANGUAGE_NAMES = {
    **{code: code for code in LANGUAGES},
    **{fold(name): "ru" for name in ("русский", "рус", "russian", "орысша")},
    **{fold(name): "kk" for name in ("казахский", "каз", "қаз", "kz", "kaz", "қазақша", "kazakh")},
    **{fold(name): "en" for name in ("английский", "англ", "english", "eng", "ағылшынша")},
}
_SUFFIX = re.compile(r"[\s_\-(]+([a-zа-я]{2,9})\)?$")


def parse_faq(text: str) -> Document:
    """Return one section a question; the rows of another table, such as a list of prices, are the lines of one section.

    The first row names the columns: question and answer (in ru, kk or en), optionally language; or one pair a language
    (`question_ru`, `answer_ru`, ...). Rows without a question or an answer are skipped.

    Raises:
        DocumentError: `faq_columns_missing` (there is but one column) or `faq_malformed`.
    """
    try:
        rows = list(
            csv.reader(io.StringIO(text.replace("\0", "")), delimiter=_delimiter(text), strict=True)
        )
    except csv.Error as error:
        raise DocumentError("faq_malformed", f"The table cannot be read: {error}.") from None
    sections = faq_sections(rows)
    if sections is not None:
        return Document(None, tuple(sections))
    if any(sum(map(bool, map(str.strip, row))) > 1 for row in rows):
        return Document(None, (Section((), table_lines(rows)),))
    raise DocumentError(
        "faq_columns_missing",
        "The first row must name the columns, such as question and answer, and optionally language.",
    )


def faq_sections(rows: Sequence[Sequence[str]]) -> list[Section] | None:
    """Return one section a question; None when the first row does not name questions and answers."""
    header = [fold(cell.strip()) for cell in rows[0]] if rows else []
    pairs, language_column = _columns(header)
    if not pairs:
        return None
    sections: list[Section] = []
    for row in rows[1:]:
        stated = (
            row[language_column].strip()
            if language_column is not None and language_column < len(row)
            else ""
        )
        for language, question_column, answer_column in pairs:
            if max(question_column, answer_column) >= len(row):
                continue
            question, answer = row[question_column].strip(), row[answer_column].strip()
            if question and answer:
                lines = [line.strip() for line in answer.splitlines() if line.strip()]
                given = language or _LANGUAGE_NAMES.get(fold(stated))
                sections.append(Section((" ".join(question.split()),), lines, given))
    return sections


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _columns(header: list[str]) -> tuple[list[tuple[str | None, int, int]], int | None]:
    """Return [(language or None, question's column, answer's column)] and the language column."""
    questions: dict[str | None, int] = {}
    answers: dict[str | None, int] = {}
    language_column = None
    for place, name in enumerate(header):
        suffix = _SUFFIX.search(name)
        language = _LANGUAGE_NAMES.get(suffix[1]) if suffix else None
        base = name[: suffix.start()] if suffix and language else name
        if base in _QUESTION:
            questions.setdefault(language, place)
        elif base in _ANSWER:
            answers.setdefault(language, place)
        elif base in _LANGUAGE:
            language_column = place
    return [
        (key, questions[key], answers[key]) for key in questions if key in answers
    ], language_column
