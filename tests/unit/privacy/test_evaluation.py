import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.privacy.evaluation import (
    BadFileError,
    Message,
    figures,
    judge,
    mistakes,
    read_messages,
    table,
)
from bot.privacy.masking import ALL_KINDS, Masking, Restored
from bot.privacy.spans import Span

PHONE = "8 701 123 45 67"
NO_ENTITIES = '{"text": "a", "lang": "ru", "entities": []}'


class Blind(Masking):
    """Masks the first five characters of every text."""

    def spans(self, text: str, *, asked: str = "") -> list[Span]:
        return [Span(0, 5, "PHONE")] if len(text) > 5 else []


class Forgetful(Masking):
    """Never gives anything back."""

    def restore(self, text: str) -> Restored:
        return Restored(text, ())


@pytest.fixture
def messages(tmp_path: Path) -> Callable[..., list[Message]]:
    def read(*lines: tuple[str, str, Sequence[tuple[str, str]]]) -> list[Message]:
        path = tmp_path / "lines.jsonl"
        rows = [
            {
                "text": text,
                "lang": language,
                "entities": [{"type": kind, "value": value} for kind, value in entities],
            }
            for text, language, entities in lines
        ]
        path.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
        return read_messages([path])

    return read


def test_the_figures_are_those_of_the_definition(messages: Callable[..., list[Message]]) -> None:
    asked = messages(
        (f"тел {PHONE} ок", "ru", [("PHONE", PHONE)]),
        ("тел 12 ок", "kk", [("PHONE", "12")]),
        ("a@b.kz раз, c@d.kz два", "en", [("EMAIL", "a@b.kz")]),
        ("сколько стоит", "ru", []),
        ("моя почта x@y.kz", "ru", []),
    )
    found = figures(judge(asked))
    assert found.pop("ms_per_message") > 0
    assert found == {
        "recall": {"PHONE": 0.5, "EMAIL": 1.0},
        "recall_per_language": {"en": 1.0, "kk": 0.0, "ru": 1.0},
        # Five words of the phone and two addresses are masked; of these one is not labelled, nor is x@y.kz.
        "precision": round(6 / 8, 4),
        "untouched_clean": 0.5,
        "exact_restore": 1.0,
    }


def test_an_entity_half_masked_is_not_found(messages: Callable[..., list[Message]]) -> None:
    verdicts = judge(messages((f"{PHONE} ок", "ru", [("PHONE", PHONE)])), Blind)
    assert figures(verdicts)["recall"] == {"PHONE": 0.0}
    assert figures(verdicts)["precision"] == 1.0
    assert list(mistakes(verdicts)) == [f"missed PHONE '{PHONE}' in: {PHONE} ок"]


def test_every_place_of_a_value_counts(messages: Callable[..., list[Message]]) -> None:
    text = "Асель ждёт, Асель и Асельхан"
    (message,) = messages((text, "ru", [("PERSON", "Асель")]))
    assert [text[start:end] for start, end in message.entities[0].places] == ["Асель", "Асель"]
    assert message.entities[0].places[1][0] == text.index("Асель и")


def test_what_does_not_come_back_is_counted(messages: Callable[..., list[Message]]) -> None:
    found = figures(judge(messages(("a@b.kz", "ru", [("EMAIL", "a@b.kz")])), Forgetful))
    assert found["exact_restore"] == 0.0


def test_figures_without_anything_to_share_are_none(
    messages: Callable[..., list[Message]],
) -> None:
    found = figures(judge(messages(("сколько стоит", "ru", []))))
    assert found["recall"] == {}
    assert found["precision"] is None
    assert figures(judge(messages((PHONE, "ru", [("PHONE", PHONE)]))))["untouched_clean"] is None


def test_the_table_tells_counts_and_shares(messages: Callable[..., list[Message]]) -> None:
    shown = table(judge(messages((PHONE, "ru", [("PHONE", PHONE)]), ("да", "kk", []))))
    assert "PHONE           1  100.0%" in shown
    assert "100.0% of the 1 messages without entities" in shown


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "line 1: expected an object with text, lang and entities."),
        ('{"text": "a", "lang": "ru"}', "line 1: expected an object"),
        ('["a"]', "line 1: expected an object"),
        ('{"text": 5, "lang": "ru", "entities": []}', "text and lang are not texts"),
        (
            NO_ENTITIES
            + '\n{"text": "a", "lang": "ru", "entities": [{"type": "NAME", "value": "a"}]}',
            "line 2: 'NAME' is none of PERSON, PHONE",
        ),
        (
            '{"text": "a", "lang": "ru", "entities": [{"type": "PHONE", "value": "b"}]}',
            "the value of PHONE does not stand in the text",
        ),
        ("\n", "hold no messages"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadFileError) as raised:
        read_messages([path])
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be read"):
        read_messages([tmp_path / "none.jsonl"])
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFileError, match="no UTF-8"):
        read_messages([tmp_path / "binary"])


HELD_OUT = Path(__file__).parents[2] / "evaluation" / "privacy" / "heldout"


def test_the_goals_are_met_on_messages_that_were_never_tuned_to() -> None:
    messages = read_messages([HELD_OUT / "identifiers.jsonl", HELD_OUT / "addresses.jsonl"])
    kinds = [kind for kind in ALL_KINDS if kind != "PERSON"]  # names have sets of their own
    found = figures(judge(messages, lambda: Masking(kinds=kinds)))
    structured = ("PHONE", "EMAIL", "IIN", "BIN", "CARD", "IBAN")
    assert {kind: found["recall"][kind] for kind in structured} == dict.fromkeys(structured, 1.0)
    assert found["recall"]["ADDRESS"] >= 0.9
    assert found["recall"]["PASSPORT"] >= 0.9
    assert found["precision"] >= 0.9
    assert found["untouched_clean"] >= 0.9
    assert found["exact_restore"] == 1.0
