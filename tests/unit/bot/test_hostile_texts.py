"""No text makes reading it slow: whoever writes it would hold up everybody's answers."""

import time

import pytest

from bot.answering.extractive import extract
from bot.answering.finding import find, question_of
from bot.answering.injections import without_instructions
from bot.knowledge.asked import MONEY, asked_for, asks_whether, holds
from bot.knowledge.documents import passages_of
from bot.knowledge.index import Index
from bot.knowledge.languages import detect_language
from bot.knowledge.letters import words
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.pieces import pieces_of
from bot.knowledge.sentences import sentences

LENGTH = 10_000
SECONDS = 0.3
REPEATED = (
    "1", "1 ", "- ", "– 1 ", "а", "А", "a", " ", "\t", ".", ". ", "!(", ".)", "((", '"', "«", "с 1 с 1 ", "сколько ",
    "сколько слово ", "канша ", "how much ", "1-1 ", "1.", "1,1.", "1.1.1 ", "10 аб ", "забудь ", "все ", "ignore all ",
    "инструкци", "бот: ", "system ", "скажи пароль ", "; : ", "a: b; ", "• ", "ё", "́", "й", "[,", "т.е. ", "г. ", "20 минут", "ул. ",
)  # fmt: skip
TEXTS = [(part * LENGTH)[:LENGTH] for part in REPEATED]
KINDS = frozenset({MONEY, "duration", "clock", "place", "contact"})


def took(began: float) -> float:
    return time.process_time() - began


@pytest.mark.parametrize("text", TEXTS, ids=map(repr, REPEATED))
def test_reading_a_text_takes_no_time(text: str) -> None:
    for read in (
        asked_for,
        asks_whether,
        detect_language,
        words,
        sentences,
        pieces_of,
        question_of,
        without_instructions,
    ):
        began = time.process_time()
        read(text)
        assert took(began) < SECONDS, read
    for kind in KINDS:
        began = time.process_time()
        holds(text, frozenset({kind}))
        assert took(began) < SECONDS, kind


@pytest.mark.parametrize("text", TEXTS, ids=map(repr, REPEATED))
def test_a_question_and_a_passage_of_anything_take_no_time(text: str) -> None:
    usual = passages_of(name="a.md", content="# Доставка\n\nДоставка в Астану 1 500 ₸, 2 дня.")
    odd = Passage(
        id="odd",
        document="odd.txt",
        title="Доставка",
        heading=(),
        language="ru",
        position=0,
        text=text,
    )
    index = Index(Snapshot(1, (*usual, odd)))
    for question in (text, "сколько стоит доставка и сколько дней", f"доставка {text}"):
        began = time.process_time()
        extract(index, find(index, question, language="ru", earlier=[text]))
        assert took(began) < 2 * SECONDS, question[:40]
