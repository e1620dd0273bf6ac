"""Messages are cut so that every letter stands in a token, where it stood in the text."""

from hypothesis import given
from hypothesis import strategies as st

from bot.privacy.names.tokens import tokenize


@given(st.text(alphabet=st.sampled_from("аБҚі aZ'’9-.,\n😊_")))
def test_tokens_stand_where_they_say_and_lose_nothing(text: str) -> None:
    tokens = tokenize(text)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert "".join(token.text for token in tokens) == "".join(
        letter for letter in text if letter == "\n" or not letter.isspace()
    )


def test_an_apostrophe_belongs_to_a_name_and_a_possessive_does_not() -> None:
    assert [token.text for token in tokenize("O'Brien's")] == ["O'Brien", "'", "s"]
