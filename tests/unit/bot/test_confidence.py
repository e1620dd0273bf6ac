"""What is asked about must be spoken of: things the demo shop has are answered, things it has not are declined."""

from pathlib import Path

import pytest

from bot.answering.confidence import THRESHOLD, confidence, features
from bot.answering.evaluation import read_folder
from bot.answering.evaluation_figures import figures
from bot.answering.extractive import extract
from bot.answering.finding import find
from bot.knowledge.documents import passages_of
from bot.knowledge.glossary import Glossary, business_glossary
from bot.knowledge.index import Index
from bot.knowledge.letters import words
from bot.knowledge.matching import similarity
from bot.knowledge.passages import Snapshot
from tests.evaluation.knowledge.measure import results_of

DEMO = Path("crm/demo/knowledge")


@pytest.fixture(scope="module")
def demo() -> Index:
    return read_folder(DEMO)


def sure(index: Index, question: str, language: str) -> float:
    found = find(index, question, language=language)
    return confidence(features(index, found, extract(index, found))) if found.hits else 0.0


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Сколько стоит билет на самолёт до Стамбула?", "ru"),
        ("Есть самолёты?", "ru"),
        ("Вы чините телевизоры?", "ru"),
        ("Почём у вас картошка?", "ru"),
        ("Қайық жалға бересіздер ме?", "kk"),
        ("Домбыра қанша тұрады?", "kk"),
        ("Do you sell helicopter insurance policies?", "en"),
        ("How much is a plane ticket to Istanbul?", "en"),
        ("Do you have skis?", "en"),
    ],
)
def test_a_thing_of_which_nothing_is_said_is_declined(
    demo: Index, question: str, language: str
) -> None:
    assert sure(demo, question, language) < THRESHOLD


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Есть палатки?", "ru"),
        ("Почём рюкзак на 65 литров?", "ru"),
        ("Вы чините самокаты?", "ru"),
        ("Вы доставляете за границу?", "ru"),
        ("Шынжыр ауыстыру қанша тұрады?", "kk"),
        ("Велосипед жалға бересіздер ме?", "kk"),
        ("Do you sell sleeping bags?", "en"),
        ("Is there parking?", "en"),
    ],
)
def test_a_thing_that_is_spoken_of_is_answered(demo: Index, question: str, language: str) -> None:
    assert sure(demo, question, language) >= THRESHOLD


async def test_the_questions_about_things_stay_as_well_judged_as_they_were_measured() -> None:
    found = figures(await results_of("things"))
    assert found["answered_answerable"] >= 0.97
    assert found["declined_unanswerable"] >= 0.8
    assert found["answerability_auc"] >= 0.98


def test_what_a_passage_lacks_counts_only_where_a_thing_is_asked_about() -> None:
    passages = passages_of(
        name="prices.md", content="# Цены\n\n## Ремонт\n\nРемонт велосипеда стоит 3 000 ₸."
    )
    index = Index(Snapshot(1, tuple(passages)))

    def missing(question: str, language: str = "ru") -> float:
        found = find(index, question, language=language)
        return features(index, found, extract(index, found)).object_missing

    assert missing("сколько стоит ремонт велосипеда") == 0
    assert missing("сколько стоит ремонт пианино") > 0.3
    assert missing("сколько стоит ремонт пианино и вертолёта") > missing(
        "сколько стоит ремонт пианино"
    )
    assert missing("расскажите, как проходит ремонт пианино") == 0
    # In another language a word may be missing for want of a shared concept.
    asked = "сколько стоит ремонт пианино"
    assert missing(asked, "kk") == pytest.approx(missing(asked) / 2)


def test_a_much_longer_word_is_no_misspelling() -> None:
    for one, other in (("самолеты", "само"), ("телевизоры", "телл"), ("домбыра", "дома")):
        assert similarity(one, other) == 0 == similarity(other, one)
    for one, other in (("арканы", "арка"), ("начесляете", "начисляем"), ("сабагым", "сабак")):
        assert similarity(one, other) > 0.62


def test_english_is_not_read_as_romanised_russian() -> None:
    glossary = Glossary("sour: скис | | sour\nprice: цен стоит | | price")
    assert glossary.of_words(words("do you have skis"))[-1] == frozenset()
    assert glossary.of_words(words("skolko stoit"))[-1] == {"price"}
    assert glossary.of_words(words("moloko skis"))[-1] == {"sour"}


def test_a_whole_word_is_the_longest_beginning() -> None:
    glossary = Glossary("card: карте= | |\nold: карт | |")
    assert glossary.of_word("карте") == {"card"}
    assert glossary.of_word("карты") == {"old"}
    assert "elderly" not in business_glossary().of_word("картой")
