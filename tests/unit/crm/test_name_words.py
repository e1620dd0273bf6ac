import pytest

from crm.core.name_words import lookup_words, name_words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Айгерім Сапарова", "передайте айгеримнiң мужу"),
        ("Айгерім Сапарова", "Айгеримге хабарласыңыз"),
        ("Айгерім", "это aigerim пишет"),
        ("Жанна", "Zhannoi dovolna"),
        ("Мария", "с Марией говорил"),
        ("Али", "Алиге айтыңыз"),
        ("Нұрлан", "нурланом"),
        ("Ян", ""),
    ],
)
def test_a_name_is_found_in_any_form(name: str, text: str) -> None:
    stored, looked_up = set(name_words([name])), set(lookup_words([text]))
    assert bool(stored & looked_up) is bool(text)


def test_other_words_are_not_taken_for_the_name() -> None:
    stored = set(name_words(["Айгерім Сапарова"]))
    assert not stored & set(lookup_words(["сколько стоит доставка в Астану до субботы"]))


def test_nameless_contacts_have_no_words() -> None:
    assert name_words([None, "", "77 01"]) == []


def test_of_a_long_text_the_end_counts() -> None:
    texts = [" ".join(f"слово{chr(1072 + n % 32)}{chr(1072 + n // 32)}" for n in range(600))]
    assert "аигерим" in lookup_words([*texts, "Айгерим"])
    assert len(lookup_words(texts)) < 3_000
