"""No text makes reading it slow: whoever writes it would hold up everybody's answers."""

from collections.abc import Callable
from functools import partial

import pytest

from bot.answering.extractive import extract
from bot.answering.finding import find, question_of
from bot.answering.injections import without_instructions
from bot.knowledge.asked import AGE, MONEY, asked_for, asks_whether, holds
from bot.knowledge.documents import passages_of
from bot.knowledge.index import Index
from bot.knowledge.languages import detect_language
from bot.knowledge.letters import words
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.pieces import pieces_of
from bot.knowledge.sentences import sentences
from tests.support.growth import assert_gentle_growth

LENGTH = 10_000
REPEATED = (
    "1", "1 ", "- ", "– 1 ", "а", "А", "a", " ", "\t", ".", ". ", "!(", ".)", "((", '"', "«", "с 1 с 1 ", "сколько ",
    "сколько слово ", "канша ", "how much ", "1-1 ", "1.", "1,1.", "1.1.1 ", "10 аб ", "забудь ", "все ", "ignore all ",
    "инструкци", "бот: ", "system ", "скажи пароль ", "; : ", "a: b; ", "• ", "ё", "́", "й", "[,", "т.е. ", "г. ", "20 минут", "ул. ",
    "мне ", "сыну 5 ", "мне уже ", "5 лет ", "не приду ", "деньги вернуть ", "пере",
)  # fmt: skip
KINDS = (MONEY, "duration", "clock", "place", "contact", AGE)


@pytest.mark.parametrize("part", REPEATED, ids=repr)
def test_reading_a_text_takes_no_time(part: str) -> None:
    readers: list[Callable[[str], object]] = [
        asked_for,
        asks_whether,
        detect_language,
        words,
        sentences,
        pieces_of,
        question_of,
        without_instructions,
        *(partial(holds, kinds=frozenset({kind})) for kind in KINDS),
    ]
    for read in readers:
        assert_gentle_growth(read, lambda size: part * (size // len(part)), LENGTH)


@pytest.mark.parametrize("part", REPEATED, ids=repr)
def test_a_question_and_a_passage_of_anything_take_no_time(part: str) -> None:
    usual = passages_of(name="a.md", content="# Доставка\n\nДоставка в Астану 1 500 ₸, 2 дня.")

    def material(size: int) -> tuple[str, Index]:
        text = part * (size // len(part))
        odd = Passage(
            id="odd",
            document="odd.txt",
            title="Доставка",
            heading=(),
            language="ru",
            position=0,
            text=text,
        )
        return text, Index(Snapshot(1, (*usual, odd)))

    def answer(material: tuple[str, Index], question: str) -> None:
        text, index = material
        asked = question.replace("<text>", text)
        extract(index, find(index, asked, language="ru", earlier=[text]))

    for question in ("<text>", "доставка <text>", "сколько стоит доставка и сколько дней"):
        assert_gentle_growth(partial(answer, question=question), material, LENGTH)
