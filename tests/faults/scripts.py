"""What customers say. Their answers depend on nothing but the model and the documents, so a run without faults tells
what each of them must be in a run with faults.
"""

from dataclasses import dataclass

DOCUMENT = """\
# Доставка и оплата

## Доставка по городам

Доставка в Астану занимает два дня и стоит 1500 тенге. Доставка в Алматы бесплатная, курьер привозит заказ на следующий день.

## Возврат

Товар можно вернуть в течение четырнадцати дней, если он не был в употреблении и сохранён чек.
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation. Texts of one step are written without waiting; then all answers are waited for.

    Attributes:
        name: for people.
        steps: what is said; `{phone}` is the customer's own number.
        lead: whether it makes a contact, a deal and a task.
        callback: whether it makes a task with a time.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]
    lead: bool = False
    callback: bool = False


SCRIPTS = (
    Script(
        "an order",
        (
            ("Здравствуйте",),
            ("Хочу заказать чехол для телефона",),
            ("Марат",),
            ("{phone}",),
            ("спасибо",),
        ),
        lead=True,
    ),
    Script("a question", (("Есть ли доставка в Астану?",), ("Спасибо, до свидания",))),
    Script(
        "a call", (("Позвоните мне завтра в 15:00",), ("{phone}",), ("спасибо",)), callback=True
    ),
    Script(
        "an order with a question in between",
        (
            ("Хочу заказать",),
            ("сколько стоит доставка в Астану?",),
            ("чехол",),
            ("Марат",),
            ("{phone}",),
        ),
        lead=True,
    ),
    Script(
        "an order in Kazakh, in a hurry",
        (("Сәлеметсіз бе", "Тапсырыс бергім келеді"), ("кітап",), ("Марат",), ("{phone}",)),
        lead=True,
    ),
)
