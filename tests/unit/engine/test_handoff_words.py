import pytest

from bot.engine.handoff_words import called_by


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Я пойду к юристу", "юрист"), ("с юристами", "юрист"), ("ЮРИСТ!!", "юрист"), ("yuristam", "юрист"),
        ("shagymymdy", "шағым"), ("хочу возврата денег", "возврат денег"), ("подам в суд", "суд"), ("судом", "суд"),
        ("жалобу напишу", "жалоба"), ("жалоб много", "жалоба"), ("заңгерлеріңізге", "заңгер"), ("lawyers", "lawyer"),
        ("полицию вызову", "полиция"), ("адвокаттарымен", "адвокат"), ("деньгами", "деньги"),
    ],
)  # fmt: skip
def test_a_listed_word_is_found_in_any_form(text: str, listed: str) -> None:
    assert called_by(text, ("скидка", listed)) == listed


@pytest.mark.parametrize(
    ("text", "listed"),
    [("судно", "суд"), ("судьба", "суд"), ("маркет", "марка"), ("денег нет, возврата", "возврат денег"), ("", "суд"), ("суд", "")],
)  # fmt: skip
def test_another_word_is_not(text: str, listed: str) -> None:
    assert called_by(text, (listed,)) is None


def test_no_words_call_nobody() -> None:
    assert called_by("юрист", ()) is None
