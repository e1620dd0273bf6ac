import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.engine.evaluate import BadFile, judge, read_lines
from bot.engine.expectations import expected_meaning, offer_of
from bot.engine.nlu import model as intent_model
from bot.engine.nlu.concepts import concepts
from bot.engine.nlu.extractor import bio_labels, tokens
from bot.engine.nlu.features import masked
from bot.engine.nlu.folding import fold


@pytest.mark.parametrize(
    "spellings",
    [
        ("қанша", "канша", "qansha", "kansha", "ҚАНША", "қаншаа"),
        ("сәлем", "салем", "salem", "sälem", "сааалем"),
        ("жоқ", "жок", "joq", "zhoq", "zhok"),
        ("ещё", "еще"),
        ("что", "4то", "chto"),
    ],
)
def test_one_word_in_many_spellings(spellings: tuple[str, ...]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1


def test_folding_keeps_numbers_and_other_scripts() -> None:
    assert fold("+7 701 122 33 44") == "+7 701 122 33 44"
    assert fold("שלום") == "שלום"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("мой номер 8 701 123-45-67", "zphone"),
        ("+77011234567", "zphone"),
        ("a.b@mail.kz", "zmail"),
        ("в 15:00", "ztime"),
        ("2 пиццы", "znum"),
    ],
)
def test_numbers_are_one_token_of_their_kind(text: str, token: str) -> None:
    assert token in masked(text).split()


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("отпишите меня", "unsubscribe"),
        ("жазбаңызшы енді", "unsubscribe"),
        ("call me back", "phone_call"),
        ("қоңырау шалыңыз", "phone_call"),
        ("anekdot aityp ber", "oos_joke"),
    ],
)
def test_concepts_are_found_across_languages(text: str, concept: str) -> None:
    assert concept in concepts().find(fold(text))


EXAMPLES = [
    ("хочу заказать пиццу", "order"), ("тапсырыс бергім келеді", "order"), ("i want to order", "order"),
    ("где мой заказ", "status"), ("тапсырысым қайда", "status"), ("where is my order", "status"),
] * 2  # fmt: skip


def digest(folder: Path) -> str:
    arrays = np.load(folder / intent_model.ARRAYS_FILE)
    return hashlib.sha256(
        arrays["weights"].tobytes() + (folder / intent_model.NAMES_FILE).read_bytes()
    ).hexdigest()


def test_a_model_is_the_same_each_time_and_after_loading(tmp_path: Path) -> None:
    texts, labels = [text for text, _ in EXAMPLES], [label for _, label in EXAMPLES]
    folders = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        intent_model.train(texts, labels, intent_model.Options()).save(folder)
        folders.append(folder)
    assert digest(folders[0]) == digest(folders[1])
    trained = intent_model.train(texts, labels, intent_model.Options())
    loaded = intent_model.load(folders[0])
    for said in ("заказать хочу", "qaida tapsyrysym", "zzz"):
        for kept, fresh in zip(
            loaded.probabilities([said]), trained.probabilities([said]), strict=True
        ):
            np.testing.assert_allclose(kept, fresh, rtol=1e-3, atol=1e-4)
    probabilities, nearest = loaded.probabilities(["мне бы заказать"])
    assert loaded.labels[int(probabilities[0].argmax())] == "order"
    assert 0 < nearest[0] <= 1


def test_what_was_never_seen_is_far_from_everything() -> None:
    model = intent_model.train(
        [text for text, _ in EXAMPLES], [label for _, label in EXAMPLES], intent_model.Options()
    )
    _, nearest = model.probabilities(["хочу заказать пиццу", "ghjkl bnm"])
    assert nearest[0] > 0.95
    assert nearest[1] < 0.2


def test_tokens_and_labels_of_entities() -> None:
    text = "хочу торт-медовик, Асель"
    spans = tokens(text)
    entities = [
        {"start": 5, "end": 17, "entity": "product"},
        {"start": 19, "end": 24, "entity": "name"},
    ]
    assert [text[start:end] for start, end in spans] == ["хочу", "торт-медовик", ",", "Асель"]
    assert bio_labels(spans, entities) == ["O", "B-product", "O", "B-name"]


def test_offers_are_read_from_the_last_replys_buttons() -> None:
    def reply(*payloads: str) -> dict[str, Any]:
        return {"buttons": [{"title": "", "payload": payload} for payload in payloads]}

    assert offer_of([]) is None
    assert offer_of([reply("/ask_human", "/deny")]) == "person"
    assert offer_of([reply("/place_order", "/ask_human")]) is None
    assert offer_of([reply("/ask_human", "/deny"), reply()]) is None
    assert offer_of([reply("/give_feedback:1", "/give_feedback:2")]) == "rating"


def test_a_number_is_a_rating_only_when_one_was_asked_for() -> None:
    assert expected_meaning("5", None) is None
    assert expected_meaning("5", "person") is None
    assert expected_meaning(" 5! ", "rating") == ("give_feedback", {"rating": "5"})
    assert expected_meaning("4 из 5", "rating") == ("give_feedback", {"rating": "4"})
    assert expected_meaning("⭐⭐⭐", "rating") == ("give_feedback", {"rating": "3"})
    assert expected_meaning("9", "rating") is None
    assert expected_meaning("5 пицц хочу", "rating") is None


def test_judging_counts_what_the_product_would_do() -> None:
    lines = [
        {"text": "a", "intent": "greet", "lang": "ru"},
        {"text": "b", "intent": "greet", "lang": "ru"},
        {"text": "c", "intent": "out_of_scope", "lang": "kk"},
        {"text": "d", "intent": "out_of_scope", "lang": "kk"},
    ]
    said = {"a": "greet", "b": "nlu_fallback", "c": "nlu_fallback", "d": "greet"}
    figures = judge(lines, said.__getitem__)
    assert set(figures) == {
        "accuracy", "out_of_scope_recall", "per_intent", "per_language", "confusion", "ms_per_message",
    }  # fmt: skip
    assert figures["accuracy"] == 0.5
    assert figures["out_of_scope_recall"] == 0.5
    assert figures["per_intent"]["greet"] == {"count": 2, "recall": 0.5, "precision": 0.5}
    assert figures["confusion"]["out_of_scope"] == {"nlu_fallback": 1, "greet": 1}


def test_a_bad_file_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a", "intent": "greet"}\n{"text": 5}\n', encoding="utf-8")
    with pytest.raises(BadFile, match="line 2"):
        read_lines(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(BadFile, match="no messages"):
        read_lines(path)
