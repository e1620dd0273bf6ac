import pytest

from bot.privacy.known import KnownName, KnownNames
from tests.support.growth import assert_gentle_growth

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


def test_hundreds_of_names_cost_hardly_more_than_a_few() -> None:
    def known(count: int) -> KnownNames:
        letters = "абвгдежзик"
        own = [letters[n // 100] + letters[n // 10 % 10] + letters[n % 10] for n in range(count)]
        return KnownNames([KnownName(f"Имярек{part} Фамильев{part}ский") for part in own])

    text = "Здравствуйте, когда привезут заказ? Имярекааб Фамильеваабский обещал сегодня. " * 30
    assert len(list(known(2).find(text))) == 30
    assert_gentle_growth(lambda names: list(names.find(text)), known, 800, bound=2)
