"""What all webhooks do alike."""

import pytest

from connectors.base.webhooks import MalformedError, parsed_json


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"a\ud83db"', "a\ufffdb"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ud83d\ude00\uDE00"', "\ufffd😀\ufffd"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\ud83d\ud83d"', "\\ud83d\ufffd"),
        (rb'{"a\ud83d": 1}', {"a\ufffd": 1}),
    ],
)
def test_half_an_emoji_costs_that_letter_only(body: bytes, told: object) -> None:
    assert parsed_json(body) == told


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xed\xa0\xbd"', b"[" * 100_000, b"NaN"])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(MalformedError):
        parsed_json(body)
