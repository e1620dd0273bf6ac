import asyncio
import gc
import random
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.answering.evaluation import read_folder
from bot.knowledge.asked import AGE, MONEY, asked_for, holds
from bot.knowledge.documents import passages_of
from bot.knowledge.glossary import Glossary, business_glossary
from bot.knowledge.index import Index, _Remembered
from bot.knowledge.letters import cyrillic, fold, grams, words
from bot.knowledge.library import IndexLibrary
from bot.knowledge.matching import similarity
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.query import make_query
from bot.knowledge.retrieval import search
from tests.support.growth import assert_gentle_growth

DOCUMENTS = {
    "delivery.md": (
        "# Доставка\n\n## Стоимость\n\n| Город | Цена |\n|---|---|\n| Астана | 1 500 ₸ |\n| Шымкент | 1 800 ₸ |\n\n"
        "## Самовывоз\n\nЗаказ хранится в магазине 5 дней."
    ),
    "hours.md": "# График работы\n\nРаботаем с 9:00 до 19:00, воскресенье — выходной.",
    "kepildik.md": "# Кепілдік\n\nВелосипед жақтауына 24 ай кепілдік беріледі. Түбіртекті сақтап қойыңыз.",
    "payment.md": "# Payment\n\nWe take cash, cards and Kaspi QR. There are no instalments.",
}


@pytest.fixture(scope="module")
def index() -> Index:
    passages = [p for name, text in DOCUMENTS.items() for p in passages_of(name=name, content=text)]
    return Index(Snapshot(1, tuple(passages)))


@pytest.mark.parametrize(
    ("question", "language", "document"),
    [
        ("сколько стоит доставка в Шымкент", "ru", "delivery.md"),
        ("скока стоет даставка", "ru", "delivery.md"),
        ("dostavka qansha turady", "kk", "delivery.md"),
        ("жеткізу қанша тұрады", "kk", "delivery.md"),
        ("до скольки вы открыты", "ru", "hours.md"),
        ("жумыс уакытыныз кандай", "kk", "hours.md"),
        ("какая гарантия на велосипед", "ru", "kepildik.md"),
        ("is there a warranty", "en", "kepildik.md"),
        ("можно оплатить каспи", "ru", "payment.md"),
        ("рассрочка есть?", "ru", "payment.md"),
    ],
)
def test_the_right_document_comes_first(
    index: Index, question: str, language: str, document: str
) -> None:
    found = search(index, question, language=language)
    assert found.hits[0].passage.document == document


def test_a_follow_up_takes_the_topic_and_leaves_the_old_city(index: Index) -> None:
    query = make_query(
        "а в Шымкент?",
        language="ru",
        earlier=["сколько стоит доставка в Астану"],
        glossary=index.glossary,
    )
    assert "@shymkent" in query.all_concepts
    assert "delivery" in query.all_concepts
    assert "@astana" not in query.all_concepts
    assert query.kinds == {MONEY}
    found = search(index, "а в Шымкент?", language="ru", earlier=["какая цена доставки в Астану"])
    assert found.hits[0].passage.heading == ("Стоимость",)


def test_a_full_question_does_not_lean_on_earlier_ones(index: Index) -> None:
    query = make_query(
        "сколько месяцев гарантия на раму велосипеда",
        language="ru",
        earlier=["доставка в Астану"],
        glossary=index.glossary,
    )
    assert not query.is_follow_up


def test_the_customers_language_wins_between_equal_passages() -> None:
    content = {
        "a.md": "# Доставка\n\nДоставка 1 000 ₸.",
        "b.md": "# Delivery\n\nDelivery is 1 000 ₸.",
    }
    passages = [p for name, text in content.items() for p in passages_of(name=name, content=text)]
    index = Index(Snapshot(1, tuple(passages)))
    for question, language, document in (
        ("доставка цена", "ru", "a.md"),
        ("delivery price", "en", "b.md"),
    ):
        assert search(index, question, language=language).hits[0].passage.document == document


@pytest.mark.parametrize("question", ["", "?!", "😀😀", "и в на", "\0", "\u202eтест", "а" * 10_000])
def test_nothing_to_look_for_is_no_error(index: Index, question: str) -> None:
    search(index, question, language="ru")
    assert search(Index(Snapshot(0, ())), "доставка", language="ru").hits == ()


def index_of(**documents: str) -> Index:
    passages = [
        passage
        for name, text in documents.items()
        for passage in passages_of(name=f"{name}.md", content=text)
    ]
    return Index(Snapshot(1, tuple(passages)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ljcnfdrf d fcnfye", "доставка в астану"),
        ("crjkmrj cnjbn", "сколько стоит"),
        ("вудшмукн сщые", "delivery cost"),
        ("dostavka qansha", "dostavka qansha"),
        ("iphone", "iphone"),
        ("доставка DHL", "доставка DHL"),
        ("привет", "привет"),
    ],
)
def test_a_switched_keyboard_is_understood(index: Index, typed: str, meant: str) -> None:
    query = make_query(
        typed, language="ru", earlier=[], glossary=index.glossary, is_known=index.knows
    )
    told = make_query(meant, language="ru", earlier=[], glossary=index.glossary)
    assert [word.spellings for word in query.words] == [word.spellings for word in told.words]


def test_a_passage_that_says_the_same_is_left_out_and_another_price_is_not() -> None:
    text = "# Возврат\n\nТовар можно вернуть в течение {} дней, если он не был в употреблении и сохранён чек."
    found = search(
        index_of(a=text.format(14), b=text.format(14), c=text.format(30)),
        "можно ли вернуть товар",
        language="ru",
    )
    assert [hit.passage.document for hit in found.hits] == ["a.md", "c.md"]


def test_passages_answer_only_on_their_days() -> None:
    first, second = (
        Passage(
            id=name,
            document=f"{name}.md",
            title="Акции",
            heading=(),
            language="ru",
            position=0,
            text=f"Скидка {percent} % на чистку зубов.",
            valid_from=since,
            valid_until=until,
        )
        for name, percent, since, until in (
            ("november", 20, None, date(2026, 11, 30)),
            ("december", 30, date(2026, 12, 1), None),
        )
    )
    index = Index(Snapshot(1, (first, second)))
    for day, name in (
        (date(2026, 11, 30), "november"),
        (date(2026, 12, 1), "december"),
    ):
        found = search(index, "какая скидка на чистку зубов", language="ru", day=day)
        assert [hit.passage.id for hit in found.hits] == [name]
    assert len(search(index, "скидка на чистку", language="ru").hits) == 2


def test_a_question_in_another_language_finds_by_meaning() -> None:
    index = index_of(
        a="# Кепілдік\n\nЖұмысқа 6 ай кепілдік береміз.",
        b="# Parking\n\nGuests park in the yard free of charge.",
        c="# Оплата\n\nПринимаем карты и наличные.",
    )
    for question, language, document in (
        ("какая у вас гарантия", "ru", "a.md"),
        ("is there a warranty", "en", "a.md"),
        ("где можно оставить машину на стоянке", "ru", "b.md"),
        ("көлікті қайда қоямын, тұрақ бар ма", "kk", "b.md"),
        ("can I pay in cash", "en", "c.md"),
        ("qolma-qol toleuge bola ma", "kk", "c.md"),
    ):
        hits = search(index, question, language=language).hits
        assert hits[0].passage.document == document, question


def test_letters() -> None:
    assert fold("Қанша ТҰРАДЫ, ёлка Café") == "канша турады, елка cafe"
    assert words("14,5 кг — подъезд") == ["14,5", "кг", "подезд"]
    assert cyrillic("dostavka") == "доставка"
    assert cyrillic("zhetkizu") == "жеткизу"
    assert grams("цена") == ("_цен", "цена")
    assert grams("qr") == ("_qr_",)


def test_spellings_of_one_word_are_near_and_other_words_far() -> None:
    assert similarity("гинеколог", "гениколог") > 0.62
    assert similarity("доставка", "доствака") > 0.62
    assert similarity("доставка", "оставка") < similarity("доставка", "доставку")
    assert similarity("скидка", "стирка") < 0.62


def test_the_glossary_joins_languages_and_knows_pairs() -> None:
    glossary = business_glossary()
    for question in ("сколько стоит", "қанша тұрады", "how much", "qansha turady", "почем"):
        assert any("price" in names for names in glossary.of_words(words(question))), question
    assert glossary.of_word("it") == frozenset()


def test_words_in_a_row_may_stand_apart_and_the_other_way_round() -> None:
    glossary = Glossary("refund: вернут_деньг не_прид\nfloor: на_этаж")
    for text, found in (
        ("вернут деньги", True),
        ("вернут ли деньги", True),
        ("деньги вернут", True),
        ("деньги за это вернут", False),
        ("не приду", True),
        ("не сегодня приду", True),
        ("на первый этаж", False),
        ("этаж на", False),
    ):
        names = frozenset().union(*glossary.of_words(words(text)))
        assert bool(names) == found, text


def test_a_prefixed_verb_means_what_its_root_means() -> None:
    glossary = Glossary("repair: ремонт чин\ncar: авто=")
    assert glossary.of_word("подремонтируете") == {"repair"}
    assert glossary.of_word("перечинить") == frozenset()
    assert glossary.of_word("поавто") == frozenset()


def test_an_inflection_means_what_another_one_means() -> None:
    glossary = Glossary("food: кормят\nday: день= дня=")
    assert glossary.of_word("кормить") == {"food"}
    assert glossary.of_word("покормите") == {"food"}
    assert glossary.of_word("корма") == {"food"}
    assert glossary.of_word("корт") == frozenset()
    assert glossary.of_word("деньги") == frozenset()


def test_all_relations_are_between_concepts_there_are() -> None:
    glossary = business_glossary()
    named = set(glossary.relations).union(*glossary.relations.values())
    assert named - glossary.names == set()
    assert not any(name in others for name, others in glossary.relations.items())


def test_what_no_passage_speaks_of_is_sought_by_what_often_answers_it() -> None:
    documents = {
        "a": "# Замена\n\nДаём замену на время ремонта.",
        "b": "# Пауза\n\nЗаморозка абонемента до 30 дней.",
    }
    question = "я заболела надолго"
    assert search(index_of(**documents), question, language="ru").hits[0].passage.document == "b.md"
    told = index_of(**documents, c="# Болезнь\n\nПри болезни не приходите.")
    assert search(told, question, language="ru").hits[0].passage.document == "c.md"


def test_an_age_is_told_from_other_numbers() -> None:
    for question in (
        "мне 17, возьмёте?",
        "сыну пять",
        "дочке год и восемь",
        "со скольки лет можно",
        "балам 5 жаста",
        "my son is 6",
        "how old must I be",
    ):
        assert AGE in asked_for(question), question
    for question in (
        "мне 2 кг",
        "мне три билета",
        "нам 10 человек",
        "мне 12 марта",
        "i have 2 bags",
    ):
        assert AGE not in asked_for(question), question
    assert holds("Принимаем с 16 лет", frozenset({AGE})) == 1
    assert holds("Принимаем с 16:00", frozenset({AGE})) == 0


def test_what_is_asked_for() -> None:
    assert MONEY in asked_for("Жеткізу қанша тұрады?")
    assert MONEY in asked_for("а сколько это будет стоить")
    assert holds("Бесплатно", frozenset({MONEY})) == 1
    assert holds("Звоните нам", frozenset({MONEY})) == 0


def many(count: int, seed: int = 1) -> tuple[Passage, ...]:
    chance = random.Random(seed)
    vocabulary = [
        "".join(chance.choices("абвгдежзиклмнопрст", k=chance.randint(4, 11))) for _ in range(6_000)
    ]
    return tuple(
        Passage(
            id=str(n),
            document="a.md",
            title="Документ",
            heading=(" ".join(chance.choices(vocabulary, k=3)),),
            language="ru",
            position=n,
            text=" ".join(chance.choices(vocabulary, k=80)) + " доставка",
        )
        for n in range(count)
    )


def test_searching_thousands_of_passages_costs_no_more_than_their_share() -> None:
    passages = many(2_000)
    chance = random.Random(2)
    questions = [
        "сколько стоит доставка "
        + " ".join(chance.choices(chance.choice(passages).text.split(), k=4))
        for _ in range(10)
    ]

    def ask(index: Index) -> None:
        for question in questions:
            search(index, question, language="ru")

    indexes = {size: Index(Snapshot(1, passages[:size])) for size in (500, 2_000)}
    assert indexes[2_000].size_bytes < 60 * 1024 * 1024
    assert_gentle_growth(ask, indexes.__getitem__, 2_000)


def snapshot(count: int, version: int = 1) -> dict[str, Any]:
    return {"version": version, "passages": [p.to_mapping() for p in many(count)]}


async def test_the_library_builds_once_and_stays_within_its_memory() -> None:
    loads: list[int] = []

    async def load(version: int) -> dict[str, Any]:
        loads.append(version)
        await asyncio.sleep(0.01)
        return snapshot(20, version)

    one = Index(Snapshot.from_mapping(snapshot(20))).size_bytes
    library = IndexLibrary(max_bytes=3 * one + one // 2)
    same = await asyncio.gather(*(library.index("a", 1, load) for _ in range(5)))
    assert len(loads) == 1
    assert all(index is same[0] for index in same)
    for name in "bcde":
        await library.index(name, 1, load)
    assert library.size_bytes <= 3 * one + one // 2
    await library.index("a", 1, load)
    assert loads == [1] * 6
    for version in (2, 3):
        await library.index("a", version, load)
    await library.index("a", 2, load)
    assert loads == [*[1] * 6, 2, 3]


def test_an_index_takes_about_the_memory_it_says() -> None:
    passages = many(300, seed=5)
    Index(Snapshot(1, passages))
    gc.collect()
    tracemalloc.start()
    try:
        index = Index(Snapshot(1, passages))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # The texts stood in memory before; so did the words that the process remembers for all.
    texts = sum(2 * len(passage.text) for passage in passages)
    assert taken + texts < 2 * index.size_bytes


def test_what_is_remembered_of_passages_is_bounded_for_all_indexes() -> None:
    remembered = _Remembered[str](2)
    made: list[int] = []

    def get(row: int) -> str:
        def make() -> str:
            made.append(row)
            return str(row)

        return remembered.get((0, row), make)

    assert [get(1), get(2), get(1), get(3), get(1)] == ["1", "2", "1", "3", "1"]
    assert made == [1, 2, 3]
    get(2)
    assert made == [1, 2, 3, 2]


async def test_a_failed_load_is_tried_again_and_one_who_gives_up_harms_nobody() -> None:
    library = IndexLibrary()
    calls = 0

    async def load(version: int) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.02)
        if calls == 1:
            raise ConnectionError
        return snapshot(3, version)

    with pytest.raises(ConnectionError):
        await library.index("a", 1, load)
    impatient = asyncio.create_task(library.index("a", 1, load))
    patient = asyncio.create_task(library.index("a", 1, load))
    await asyncio.sleep(0.005)
    impatient.cancel()
    assert len(await patient) == 3
    assert calls == 2


def test_of_equally_good_passages_the_customers_language_comes_first() -> None:
    demo = read_folder(Path("crm/demo/knowledge"))
    for question, language in (
        ("Астанаға жеткізу қанша тұрады?", "kk"),
        ("where is your store in Astana", "en"),
        ("сколько стоит доставка в Астану", "ru"),
    ):
        assert search(demo, question, language=language).hits[0].passage.language == language
