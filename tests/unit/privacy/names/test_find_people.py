"""The trained model, on messages of kinds that the tenants' customers write."""

import json
from pathlib import Path

import pytest

from bot.privacy.names import NamesModelMissingError, find_people, model
from bot.privacy.names.tokens import tokenize

DEVELOPMENT = Path(__file__).parents[3] / "evaluation" / "privacy" / "dev"
LEAST_RECALL = 0.94
LEAST_PRECISION = 0.88
LEAST_UNTOUCHED = 0.85


def _found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_people(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("меня зовут Саша, хочу купить диван", ["Саша"]),
        ("передайте Сергею Петровичу что счёт оплачен", ["Сергею Петровичу"]),
        ("С уважением,\nИ. И. Петров", ["И. И. Петров"]),
        ("менің атым айгүл", ["айгүл"]),
        ("Айгүлге айтыңызшы", ["Айгүлге"]),
        ("ЗДРАВСТВУЙТЕ ЭТО АСЕЛЬ", ["АСЕЛЬ"]),
        ("my name is Aigul Serikkyzy", ["Aigul Serikkyzy"]),
        ("hi, it's Tom here", ["Tom"]),
        ("Айгүл апайға рахмет", ["Айгүл"]),
        ("Mr. Brown called", ["Mr. Brown"]),
        ("придут Марат, Алия и Ержан", ["Марат", "Алия", "Ержан"]),
    ],
)
def test_names_are_found_whole(text: str, names: list[str]) -> None:
    assert _found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "есть ли доставка в Астану?",
        "сколько стоит iPhone 15 Pro Max",
        "вера в ваш сервис пропала",
        "алтын сақина қанша тұрады",
        "will you be open in May",
        "заказ 4512 ещё не пришёл",
        "чек на 12 500 тг",
        "👍👍",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert _found(text) == []


def test_the_development_set_is_masked_about_as_well_as_when_the_model_was_made() -> None:
    found = labelled = masked = right = untouched = clean = 0
    for name in ("names.jsonl", "clean.jsonl"):
        for line in (DEVELOPMENT / name).read_text(encoding="utf-8").splitlines():
            message = json.loads(line)
            text, spans = message["text"], find_people(message["text"])
            hidden = {place for span in spans for place in range(span.start, span.end)}
            values = [entity["value"] for entity in message["entities"]]
            for entity in message["entities"]:
                if entity["type"] == "PERSON":
                    labelled += 1
                    start = text.index(entity["value"])
                    letters = (
                        place
                        for place in range(start, start + len(entity["value"]))
                        if text[place].isalnum()
                    )
                    found += hidden.issuperset(letters)
            masked += len(spans)
            right += sum(
                any(text[span.start : span.end] in value for value in values) for span in spans
            )
            clean += not values
            untouched += not values and not spans
    assert found / labelled > LEAST_RECALL
    assert right / masked > LEAST_PRECISION
    assert untouched / clean > LEAST_UNTOUCHED


def test_a_title_that_was_found_by_itself_is_joined_to_its_name() -> None:
    tokens = tokenize("Mr Brown called")
    spans = model._spans(tokens, [model.BEGIN, model.BEGIN, model.OUTSIDE])
    assert spans == [model.Span(0, 8)]


def test_a_missing_model_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model, "MODEL", tmp_path / "names.crfsuite")
    model._tagger.cache_clear()
    try:
        with pytest.raises(NamesModelMissingError, match="make setup"):
            find_people("меня зовут Саша")
    finally:
        model._tagger.cache_clear()
