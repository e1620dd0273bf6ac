import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy import identifiers, masking
from bot.privacy.markers import MarkerBook
from bot.privacy.masking import Masking, MaskingFailedError

IIN = "900101300017"


def iin(seed: int) -> str:
    chance = random.Random(seed)
    while True:
        month, day = chance.randint(1, 12), chance.randint(1, 28)
        body = f"{chance.randint(0, 99):02}{month:02}{day:02}{chance.randint(3, 6)}{chance.randint(0, 9999):04}"
        for control in "0123456789":
            if identifiers.is_iin(body + control):
                return body + control


def test_checksums_hold_against_known_numbers() -> None:
    assert identifiers.is_card("4111111111111111")
    assert identifiers.is_card("5555555555554444")
    assert not identifiers.is_card("4111111111111112")
    assert identifiers.is_iban("KZ86125KZT5004100100")
    assert identifiers.is_iban("DE89370400440532013000")
    assert not identifiers.is_iban("KZ86125KZT5004100101")
    # Kaspi Bank and Halyk Bank, from the public register.
    assert identifiers.is_bin("971240001315")
    assert identifiers.is_bin("940140000385")
    assert not identifiers.is_bin("971240001316")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("мой номер 8 701 123 45 67", ["PHONE"]),
        ("+7(701)123-45-67 после 18:00", ["PHONE"]),
        ("8-777-123-45-67 хабарласыңыз", ["PHONE"]),
        ("87011234567ге жазыңыз", ["PHONE"]),
        ("жазыңыз 87071234567, Асель", ["PHONE"]),
        ("7011234567", ["PHONE"]),
        ("701.123.45.67", ["PHONE"]),
        ("8/701/123/45/67", ["PHONE"]),
        ("8 7O1 123 45 67", ["PHONE"]),
        ("тел. 250-00-00", ["PHONE"]),
        ("8 (7172) 55 55 55", ["PHONE"]),
        ("+998 90 123 45 67", ["PHONE"]),
        ("call me at +44 20 7946 0958", ["PHONE"]),
        ("whatsapp 996555123456", ["PHONE"]),
        ("оформите заказ 87011234567 Асель", ["PHONE"]),
        ("+7 701 1234567,+77012223344", ["PHONE", "PHONE"]),
        ("asel.k@mail.ru", ["EMAIL"]),
        ("ivan собака mail точка ru", ["EMAIL"]),
        ("info[at]tau.kz", ["EMAIL"]),
        ("почта: айгерим@пошта.қаз", ["EMAIL"]),
        (f"ИИН {IIN}", ["IIN"]),
        ("900101 300 017", ["IIN"]),
        ("менің ЖСН 900101300018 еді", ["IIN"]),
        ("БИН 971240001315", ["BIN"]),
        ("4111 1111 1111 1111", ["CARD"]),
        ("карта 4400 4301 2345 6789 не прошла", ["CARD"]),
        ("KZ86 125K ZT50 0410 0100", ["IBAN"]),
        ("kz86125kzt5004100100 шотына", ["IBAN"]),
        ("DE89 3704 0044 0532 0130 00 пришлите", ["IBAN"]),
    ],
)
def test_identifiers_are_masked_and_restored_exactly(text: str, kinds: list[str]) -> None:
    prompt = Masking()
    masked = prompt.mask(text)
    found = [part.split("_")[0] for part in masked.split("<")[1:]]
    assert found == kinds, masked
    assert sum(letter.isdigit() for letter in masked) <= len(kinds) + 4, masked
    assert prompt.restore(masked).text == text


@pytest.mark.parametrize(
    "text",
    [
        "цена 12 500 000 тг за квартиру, 7 012 345 678 тг",
        "заказ 100234567 когда будет",
        "заказ №7012345678",
        "15.11.2026 18:00 приду, стол на 7 человек",
        "с 10 до 19, 8 000 тг, 2 шт",
        "доставка 1500-2000 тенге, от 10 000 до 25 000",
        "77 лет, 2024-2025 год",
        "артикул 4823012345678 есть?",
        "трек KZ123456789KZ",
        "iPhone 15 Pro Max 256",
        "phone 2 есть? размер 42-44",
        "TD-01, рост 165–175 см, 29 дюймов",
        "2026-11-15 в 15:00, 21/11/2026",
        "жеткізу 1 500 ₸, 30 000 ₸-ден тегін",
        "instagram @tau_demo",
    ],
)
def test_business_facts_stay(text: str) -> None:
    assert Masking().mask(text) == text


def test_overlapping_finds_are_masked_once_and_wholly() -> None:
    prompt = Masking()
    text = "87011234567@mail.ru, KZ86125KZT5004100100"
    assert prompt.mask(text) == "<EMAIL_1>, <IBAN_1>"
    assert prompt.restore("<EMAIL_1>").text == "87011234567@mail.ru"


def test_twelve_digits_with_a_checksum_alone_are_not_a_person() -> None:
    assert identifiers.is_iin(IIN)
    # A date that is none, and a century that is none.
    assert not identifiers.looks_like_iin("901301300017")
    assert not identifiers.looks_like_iin("900101700017")
    assert identifiers.looks_like_iin("000229500017")


def test_markers_are_stable_over_the_texts_of_a_prompt() -> None:
    prompt = Masking()
    first = prompt.mask("я 87011234567")
    second = prompt.mask("пишите на a@b.kz или 87011234567, не на 87770001122")
    assert first == "я <PHONE_1>"
    assert second == "пишите на <EMAIL_1> или <PHONE_1>, не на <PHONE_2>"


@pytest.mark.parametrize(
    "written",
    [
        "<PHONE_1>",
        "<phone_1>",
        "PHONE_1",
        "phone_1",
        "[PHONE_1]",
        "&lt;PHONE_1&gt;",
        "«PHONE_1»",
        "<PHONE 1>",
        "<PHONE-1>",
        "< PHONE_1 >",
        "PHONE\\_1",
        "<<PHONE_1>>",
    ],
)
def test_a_marker_survives_what_models_do_to_it(written: str) -> None:
    prompt = Masking()
    prompt.mask("87011234567")
    restored = prompt.restore(f"Позвоним на {written}-ге, да?")
    assert restored.text == "Позвоним на 87011234567-ге, да?"
    assert restored.unknown == ()


def test_an_unknown_marker_becomes_nothing() -> None:
    prompt = Masking()
    prompt.mask("87011234567")
    restored = prompt.restore("на <PHONE_2> или <EMAIL_1>, iphone 15, <PHONE_11>")
    assert restored.unknown == ("<PHONE_2>", "<EMAIL_1>", "<PHONE_11>")
    assert restored.text == "на  или , iphone 15, "


def test_what_only_looks_like_a_marker_is_restored_as_it_was() -> None:
    prompt = Masking()
    text = "напиши <PHONE_1> и мой 87011234567"
    masked = prompt.mask(text)
    assert masked == "напиши <TEXT_1> и мой <PHONE_1>"
    assert prompt.restore(masked).text == text


def test_the_numbers_of_a_book_are_not_mixed_up_beyond_ten() -> None:
    book = MarkerBook()
    for number in range(1, 13):
        book.marker("PHONE", f"value {number}")
    assert book.restore("<PHONE_12> <PHONE_1> <PHONE_2>").text == "value 12 value 1 value 2"


def test_when_masking_fails_the_error_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def analyze(self, text: str, language: str) -> list[object]:
            raise RuntimeError(text)

    monkeypatch.setattr(masking, "analyzer", Broken)
    with pytest.raises(MaskingFailedError) as raised:
        Masking().mask("секрет 87011234567")
    assert "87011234567" not in str(raised.value)
    assert raised.value.__suppress_context__


TEXT = st.text(alphabet="абвқғa-z0123456789 +-().,@<>_:№\n", max_size=80)


@given(st.lists(TEXT, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_whatever_is_masked_comes_back(texts: list[str]) -> None:
    prompt = Masking()
    masked = [prompt.mask(text) for text in texts]
    assert [prompt.restore(text).text for text in masked] == texts


@given(
    st.integers(0, 10_000),
    st.sampled_from(["", "мой ", "ИИН:", "тел ", "заказ ", "сумма 5 000 тг и "]),
    st.sampled_from(["", ".", " спасибо", ", Асель", "-ке", "\n"]),
)
@settings(max_examples=150, deadline=None)
def test_no_valid_iin_is_ever_left(seed: int, before: str, after: str) -> None:
    assert iin(seed) not in Masking().mask(before + iin(seed) + after)


def test_a_message_takes_less_than_two_milliseconds() -> None:
    text = "Здравствуйте, меня зовут Асель, номер 8 701 123 45 67, почта a@b.kz, доставка завтра?"
    Masking().mask(text)
    began = time.perf_counter()
    for _ in range(50):
        Masking().mask(text)
    assert (time.perf_counter() - began) / 50 < 0.002


@pytest.mark.parametrize("filler", ["7 ", "a", "1-", "@", "KZ86 ", "8(", "a.", "<PHONE_"])
def test_a_very_long_message_is_masked_in_time(filler: str) -> None:
    text = filler * (10_000 // len(filler))
    began = time.perf_counter()
    Masking().mask(text)
    assert time.perf_counter() - began < 2


def test_presidio_is_built_without_network_and_within_a_second() -> None:
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.getaddrinfo = refuse\n"
        "socket.socket.connect = refuse\n"
        "import presidio_analyzer, time\n"
        "began = time.perf_counter()\n"
        "from bot.privacy.masking import Masking\n"
        "assert Masking().mask('a@b.kz 87011234567') == '<EMAIL_1> <PHONE_1>'\n"
        "assert time.perf_counter() - began < 1\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
