"""The parts of one prompt are masked with what all of them tell, and an answer with its question in mind."""

import pytest

from bot.answering.calls import Own, Part, Said, masked_prompt
from bot.privacy.asking import Asked, asked_in
from bot.privacy.masking import Masking


def _texts(*parts: Part) -> list[str]:
    return [text for _, text in masked_prompt(parts, Masking()).messages]


def test_a_name_told_later_is_masked_in_earlier_parts() -> None:
    note = "брала у продавца Насти духи, брак"
    assert Masking().mask(note) == note
    earlier, later = _texts(
        Part("human", (Own("Note: "), Said(note))),
        Part("human", (Said("меня зовут Настя, запишите"),)),
    )
    assert "Настя" not in later
    assert "Насти" not in earlier
    assert earlier.startswith("Note: ")


def test_a_value_told_later_is_masked_in_earlier_parts() -> None:
    value = "ключ-77 ворот"
    plain = Masking().mask(f"это {value} вход")

    class Learns(Masking):
        def mask(self, text: str, *, asked: Asked = "") -> str:
            masked = super().mask(text, asked=asked)
            if text == "later":
                self.book.marker("ADDRESS", value)
            return masked

    prompt = masked_prompt(
        [Part("human", (Said(f"это {value} вход"),)), Part("human", (Said("later"),))], Learns()
    )
    assert value in plain
    assert value not in prompt.messages[0][1]


def test_nothing_is_masked_twice_where_nothing_new_was_told() -> None:
    class Counting(Masking):
        count = 0

        def mask(self, text: str, *, asked: Asked = "") -> str:
            self.count += 1
            return super().mask(text, asked=asked)

    masking = Counting()
    masked_prompt([Part("human", (Said("есть доставка?"),)), Part("ai", (Said("да"),))], masking)
    assert masking.count == 2


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Подскажите, как вас зовут?", "name"),
        ("Есіміңізді жазыңызшы", "name"),
        ("Could I have your name, please?", "name"),
        ("Куда доставить заказ?", "address"),
        ("Мекенжайыңызды жазыңыз", "address"),
        ("What is the delivery address?", "address"),
        ("Доставка завтра.", ""),
        ("Вам удобно завтра?", ""),
    ],
)
def test_what_a_message_asks_for(question: str, asked: str) -> None:
    assert asked_in(question) == asked


@pytest.mark.parametrize(
    ("question", "answer", "hidden"),
    [
        ("Как вас зовут?", "вера", "вера"),
        ("Какой у вас адрес?", "кокжиек 12-45", "кокжиек 12-45"),
    ],
)
def test_an_answer_is_read_with_its_question(question: str, answer: str, hidden: str) -> None:
    alone = _texts(Part("ai", (Said("Здравствуйте!"),)), Part("human", (Said(answer),)))
    assert hidden in alone[1]
    asked = _texts(
        Part("ai", (Said(question),)),
        Part("human", (Own("Passages: "), Said("Есть три тарифа."), Said(answer))),
    )
    assert hidden not in asked[1]
    assert "Есть три тарифа." in asked[1]


def test_what_is_found_of_an_answer_comes_back_exactly() -> None:
    masking = Masking()
    masked = masking.mask("Абая 52, кв 5, спасибо", asked="address")
    assert "52" not in masked
    assert masking.restore(masked).text == "Абая 52, кв 5, спасибо"
