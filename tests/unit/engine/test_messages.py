import unicodedata

import pytest

from bot.engine.messages import (
    MAX_PARSED_TEXT,
    MAX_TEXT,
    AssistantRules,
    BadRequest,
    clean_text,
    parse_payload,
    parse_record,
    parse_rules,
    text_to_parse,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  привет \n", "привет"),
        ("ал\u0000ло", "алло"),
        ("\u202eпривет\u202c", "привет"),
        ("a\u200bb", "ab"),
        ("й", "й"),
        ("две\nстроки\tи", "две\nстроки\tи"),
        ("👍", "👍"),
        ("", ""),
    ],
)
def test_hidden_characters_go_and_the_rest_stays(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_long_texts_are_cut_before_they_are_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def normalize(form: str, text: str) -> str:
        lengths.append(len(text))
        return text

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    assert len(clean_text("ё" * 1_000_000)) == MAX_TEXT
    assert lengths == [2 * MAX_TEXT]
    assert len(text_to_parse("а" * 100_000)) == MAX_PARSED_TEXT


@pytest.mark.parametrize("text", ["/restart", '/ask_human{"a":1}', "//// x", " /greet"])
def test_text_never_reaches_rasa_as_a_command(text: str) -> None:
    assert not text_to_parse(text).startswith("/")


def test_telegrams_start_opens_the_chat() -> None:
    assert text_to_parse("/start") == text_to_parse("/start ref42") == "привет"
    assert text_to_parse("/startle") == "startle"


def test_payloads() -> None:
    assert parse_payload(None) is None
    asked, rated = parse_payload("/ask_human"), parse_payload("/give_feedback:5")
    assert asked is not None
    assert asked.intent == "ask_human"
    assert rated is not None
    assert rated.entities == {"rating": "5"}
    for wrong in ("/restart", "/ask_human:1", "ask_human", "/give_feedback:", 5, "/greet extra"):
        with pytest.raises(BadRequest):
            parse_payload(wrong)


def test_records_are_checked() -> None:
    good = {
        "conversation_id": "c",
        "events": [{"id": "1", "role": "operator", "text": "x"}],
        "pause": None,
    }
    assert parse_record(good).events[0].role == "operator"
    cases: tuple[dict[str, object], ...] = (
        {**good, "pause": "yes"},
        {**good, "events": [{"id": "1", "role": "admin", "text": "x"}]},
        {**good, "events": {}},
        {**good, "conversation_id": "c" * 300},
    )
    for wrong in cases:
        with pytest.raises(BadRequest):
            parse_record(wrong)


def test_the_versions_rules_come_with_the_message() -> None:
    rules = parse_rules(
        {
            "languages": ["en", "kk"],
            "default_language": "kk",
            "off": ["order"],
            "handoff_words": ["суд"],
        }
    )
    assert rules == AssistantRules(("kk", "en"), "kk", ("order",), ("суд",))
    assert parse_rules(None) == AssistantRules()
    # What an engine does not know is left out; there is always a language to answer in.
    assert parse_rules({"languages": ["de"], "default_language": "de"}) == AssistantRules()
    with pytest.raises(BadRequest):
        parse_rules({"handoff_words": "суд"})
