import pytest

from bot.privacy.spoken import find_spoken


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("восемь семьсот пять сто двенадцать сорок пять шестьдесят семь", "87051124567"),
        ("семь ноль один два три четыре", "701234"),
        ("двести два нуля сорок три семёрки", "2000040777"),
        ("сегіз жеті жүз бес жүз он екі қырық бес алпыс жеті", "87051124567"),
        ("eight seven hundred five double one two oh", "87051120"),
        ("плюс семь семьсот 705 12 семнадцать", "+77007051217"),
        ("один, два, три - четыре", "1234"),
        ("двадцать ноль пять десять", "200510"),
    ],
)
def test_numbers_in_words_are_read_as_a_listener_writes_them(text: str, digits: str) -> None:
    runs = list(find_spoken(text))
    assert ["".join(part.digits for part in run) for run in runs] == [digits]
    assert text[runs[0][0].start : runs[0][-1].end] == text


@pytest.mark.parametrize("text", ["8 701 123 45 67", "два стула", "семьянин один дома", ""])
def test_digits_alone_and_single_words_are_no_spoken_number(text: str) -> None:
    assert list(find_spoken(text)) == []
