import pytest

from bot.prompts.estimate import cost, tokens


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("How much does delivery to Astana cost?", 8, 13),
        ("Здравствуйте, сколько стоит доставка в Астану?", 13, 26),
        ("Сәлеметсіз бе, Астанаға жеткізу қанша тұрады?", 16, 30),
        ("+7 701 555-01-23", 6, 10),
    ],
)
def test_scripts_that_cost_more_are_estimated_higher(text: str, least: int, most: int) -> None:
    assert least <= tokens(text) <= most


def test_tokens_grow_with_the_text() -> None:
    text = "Доставка в Астану стоит 1 500 ₸. "
    assert tokens(text * 10) == pytest.approx(10 * tokens(text), rel=0.1)


def test_the_cost_counts_both_directions_per_million() -> None:
    assert cost(2_000, 500, price={"input": 0.5, "output": 2.0}) == pytest.approx(0.002)
