import time

import pytest

from bot.privacy.known import KnownName, KnownNames

NAMES = [
    "Бекзат Жолдасбекұлы",
    "Нурлан Сейткалиев",
    "Зарема",
    "Доставка",
    "Роза",
    "Доставка Астана",
    "Эржебет Надь",
    "Арман Болат",
]


def found(text: str, names: list[str] = NAMES) -> list[str]:
    known = KnownNames([KnownName(name) for name in names])
    return [text[span.start : span.end] for span in known.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("это Зарема", ["Зарема"]),
        ("позовите зарему пожалуйста", ["зарему"]),
        ("Заремаға айтыңыз", ["Заремаға"]),
        ("Zarema's order", ["Zarema's"]),
        ("нурлан сейткалиев заказывал", ["нурлан сейткалиев"]),
        ("Сейткалиеву Нурлану передайте", ["Сейткалиеву Нурлану"]),
        ("спросите Сейткалиева", ["Сейткалиева"]),
        ("Бекзат Жолдасбекұлының тапсырысы", ["Бекзат Жолдасбекұлының"]),
        ("Арман Болатқа айтыңыз", ["Арман Болатқа"]),
        ("Надь Эржебет звонила", ["Надь Эржебет"]),
        ("Seitkaliyev Nurlan", ["Seitkaliyev Nurlan"]),
    ],
)
def test_a_known_name_is_found_in_any_form(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "доставка сегодня будет?",
        "сколько стоит доставка в Астану",
        "Доставка Астана Караганда",
        "роза красная одна",
        "Роза за 500 тг есть?",
        "надо позвонить",
        "арманым бар",
        "",
    ],
)
def test_ordinary_words_are_nobody(text: str) -> None:
    assert found(text) == []


def test_the_kind_of_a_name_is_the_given_one() -> None:
    known = KnownNames([KnownName("Зарема", kind="ADDRESS")])
    assert [span.kind for span in known.find("Зарема")] == ["ADDRESS"]


def test_hundreds_of_names_cost_little() -> None:
    names = [
        KnownName(f"Имярек{'абвгдежзик'[n % 10]}{'лмнопрстуф'[n // 10 % 10]} Фамильев{n}")
        for n in range(800)
    ]
    known = KnownNames(names)
    text = (
        "Здравствуйте, можно узнать, когда привезут заказ? Имярекал Фамильев обещал сегодня. " * 3
    )
    list(known.find(text))
    began = time.perf_counter()
    for _ in range(20):
        list(known.find(text))
    assert (time.perf_counter() - began) / 20 < 0.005
