import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy import masking
from bot.privacy.markers import MarkerBook
from bot.privacy.masking import ALL_KINDS, KnownName, Masking, MaskingFailedError
from tests.support.growth import assert_gentle_growth


def test_overlapping_finds_are_masked_once_and_wholly() -> None:
    prompt = Masking()
    text = "87011234567@mail.ru, KZ86125KZT5004100100"
    assert prompt.mask(text) == "<EMAIL_1>, <IBAN_1>"
    assert prompt.restore("<EMAIL_1>").text == "87011234567@mail.ru"


def test_markers_are_stable_over_the_texts_of_a_prompt() -> None:
    prompt = Masking()
    first = prompt.mask("я 87011234567")
    second = prompt.mask("пишите на a@b.kz или 87011234567, не на 87770001122")
    assert first == "я <PHONE_1>"
    assert second == "пишите на <EMAIL_1> или <PHONE_1>, не на <PHONE_2>"


def test_markers_are_stable_over_the_prompts_of_a_conversation() -> None:
    first = Masking()
    first.mask("я 87011234567")
    rows = first.book.new_rows()
    second = Masking(book=MarkerBook.from_rows(rows))
    assert second.mask("не 87770001122, а 87011234567") == "не <PHONE_2>, а <PHONE_1>"
    assert [row["value"] for row in second.book.new_rows()] == ["87770001122"]


def test_what_only_looks_like_a_marker_is_restored_as_it_was() -> None:
    prompt = Masking()
    text = "напиши <PHONE_1> и мой 87011234567"
    masked = prompt.mask(text)
    assert masked == "напиши <TEXT_1> и мой <PHONE_1>"
    assert prompt.restore(masked).text == text


def test_brackets_around_a_value_come_back() -> None:
    for text in ("Касса <kassa@tau.kz>", "[87011234567]", "{{a@b.kz}}", "«87011234567»"):
        prompt = Masking()
        masked = prompt.mask(text)
        assert "TEXT" not in masked
        assert prompt.restore(masked).text == text


def test_only_the_chosen_kinds_are_masked() -> None:
    text = "тел 87011234567, почта a@b.kz, БИН 971240001315, ул. Абая 10, кв 5"
    assert Masking(kinds=()).mask(text) == text
    assert Masking(kinds=["EMAIL"]).mask(text) == text.replace("a@b.kz", "<EMAIL_1>")
    without = Masking(kinds=[kind for kind in ALL_KINDS if kind not in {"BIN", "ADDRESS"}])
    assert without.mask(text) == (
        "тел <PHONE_1>, почта <EMAIL_1>, БИН 971240001315, ул. Абая 10, кв 5"
    )
    assert Masking(kinds=["PHONE"], known=[KnownName("Аселя")]).mask("Аселя") == "Аселя"


def test_what_looks_like_a_marker_is_hidden_whatever_is_chosen() -> None:
    prompt = Masking(kinds=())
    assert prompt.mask("<PHONE_1>") == "<TEXT_1>"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="TELEPHONE"):
        Masking(kinds=["PHONE", "TELEPHONE"])


class Broken:
    def analyze(self, text: str, language: str) -> list[object]:
        raise RuntimeError(text)


class BrokenBook(MarkerBook):
    def restore(self, text: str) -> masking.Restored:
        raise ValueError(text)


def test_when_recognition_fails_nothing_is_masked_and_the_error_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(masking, "analyzer", Broken)
    with pytest.raises(MaskingFailedError) as raised:
        Masking().mask("секрет 87011234567")
    assert "87011234567" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_when_a_book_fails_masking_fails() -> None:
    with pytest.raises(MaskingFailedError) as raised:
        Masking(book=BrokenBook()).mask("секрет 87011234567")
    assert str(raised.value) == "ValueError"


def test_a_text_that_could_not_be_restored_is_hidden_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(masking, "with_brackets", lambda text, start, end: (start, end))
    prompt = Masking()
    masked = prompt.mask("<a@b.kz>")
    assert masked == "<TEXT_1>"
    assert prompt.restore(masked).text == "<a@b.kz>"


TEXT = st.text(alphabet="абвқғa-z0123456789 +-().,@<>_:№\n", max_size=80)


@given(st.lists(st.one_of(TEXT, st.text(max_size=60)), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_is_masked_comes_back(texts: list[str]) -> None:
    prompt = Masking()
    masked = [prompt.mask(text) for text in texts]
    assert [prompt.restore(text).text for text in masked] == texts


HOSTILE = """
7_ a 1- @ KZ86_ 8( a. <PHONE_ ул._ ул_5_ семь_ N1 a@ @a абая_ дом_5_ 5_дом_ кв_5,_ 00 5_ - ( +7_7_ угол_Абая_ сто_5_ a_собака_b_точка_ Асан_ мкр_5_
г._Алматы,_ паспорт_4_ 4400_ {{ " А._
"""


@pytest.mark.parametrize("filler", HOSTILE.split())
def test_a_very_long_message_is_masked_in_time(filler: str) -> None:
    filler = filler.replace("_", " ")
    assert_gentle_growth(
        lambda text: Masking().mask(text), lambda size: filler * (size // len(filler)), 10_000
    )


def test_the_end_of_an_endless_text_is_hidden_as_a_whole() -> None:
    for length in (masking.LONGEST - 305, masking.LONGEST - 5, masking.LONGEST + 500):
        prompt = Masking()
        text = "x " * (length // 2) + "87011234567" + " да" * 500
        masked = prompt.mask(text)
        assert "8701" not in masked
        assert masked.endswith("<TEXT_1>")
        assert prompt.restore(masked).text == text


def test_presidio_is_built_without_network() -> None:
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.getaddrinfo = refuse\n"
        "socket.socket.connect = refuse\n"
        "from bot.privacy.masking import Masking\n"
        "assert Masking().mask('a@b.kz 87011234567') == '<EMAIL_1> <PHONE_1>'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_name_told_once_is_masked_wherever_it_stands() -> None:
    masking = Masking()
    assert masking.mask("меня зовут Айгуль Серикова") == "меня зовут <PERSON_1>"
    masked = masking.mask("айгуль опять звонила, Сериковой скажите")
    assert masked == "<PERSON_2> опять звонила, <PERSON_3> скажите"
    later = Masking(book=MarkerBook.from_rows(masking.book.rows()))
    assert "aigul" not in later.mask("thx aigul it came")


def test_a_name_told_once_leaves_ordinary_words() -> None:
    masking = Masking()
    masking.mask("меня зовут Роза")
    assert masking.mask("есть роза красная?") == "есть роза красная?"


@pytest.mark.parametrize("row", ["7 ", "4 ", "1-2-", "А. ", "Абая 5 ", "угол абая и ", "8701 "])
def test_a_row_without_end_costs_no_time_without_end(row: str) -> None:
    assert_gentle_growth(lambda text: Masking().mask(text), lambda size: (row * size)[:size], 8_000)


def test_what_was_told_once_is_masked_where_nothing_else_would_say_so() -> None:
    masking = Masking()
    assert masking.mask("живу на ул. Абая 10") == "живу на <ADDRESS_1>"
    assert masking.mask("ваш магазин на ул. Абая 10 открыт") == "ваш магазин на <ADDRESS_1> открыт"
    assert (
        Masking().mask("ваш магазин на ул. Абая 10 открыт") == "ваш магазин на ул. Абая 10 открыт"
    )
