"""What is a quotation or a signature, and what only looks like one."""

import pytest

from connectors.email.quotes import cut


@pytest.mark.parametrize(
    "text",
    [
        "Сәлем\nBest bikes you have in stock",
        "Алло\nВсего хорошего дня, пришлите счёт",
        "Здравствуйте\n\nС уважением, Айгуль\nP.S. пришлите счёт",
        "Здравствуйте\n\nС уважением, Айгуль\nКогда ответите?",
        "С уважением, Айгуль",
        "От: Алматы\nнужна доставка",
        "Мы встречались 12.03.2026 в 10:00:\nпомните?",
        "On Monday I wrote:\nplease call me",
        "Наш адрес info@shop.kz:\nприезжайте",
        "1. Иә\n2. Жоқ",
        "Прошу счёт:\n- палатка\n--\nоплата переводом\nи можно ли вернуть?",
        "--",
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert cut(text).new == text


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Сәлем\n\nҚұрметпен, Айгүл", "Сәлем"),
        ("Hi\n\nBest regards,\nJohn Smith\nSales manager", "Hi"),
        ("Сәлем\n-- \nАйгүл\n+7 701", "Сәлем"),
        ("Сәлем\n> ескі\n>> одан ескі", "Сәлем"),
        ("Сәлем\r\n\r\n\r\nтағы", "Сәлем\n\nтағы"),
        ("Ответ\n\nFrom: a@b.kz\nSent: today\nTo: c@d.kz\nSubject: x\n\nстарое", "Ответ"),
        ("*From:* a", "*From:* a"),
        ("Сәлем\n--\nАйгүл\nhttps://shop.kz/?from=mail", "Сәлем"),
        ("Заказ не пришёл.\n\nС ув., Олег", "Заказ не пришёл."),
        (
            'Спасибо, беру\n01.02.2026, 09:15, "Shop" <a@b.kz>:\n> старое\n\n--\nОлег',
            "Спасибо, беру",
        ),
        (
            "Добрый день, да\nOn Feb 1, 2026 at 9:15 AM Shop\n<a@b.kz> wrote:\n\nold",
            "Добрый день, да",
        ),
        (
            "Здравствуйте!\n\nВы писали 1 февраля 2026 г., 9:15:00:\n\n> старое\n\nДа.",
            "Здравствуйте!\n\nДа.",
        ),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_what_is_one_goes(text: str, new: str) -> None:
    assert cut(text).new == new


def test_a_forwarded_mail_keeps_its_header_block() -> None:
    text = "Смотрите\n\nFrom: a@b.kz\nSent: today\nTo: c@d.kz\nSubject: x\n\nстарое"
    assert cut(text, forwarded=True).new == text
