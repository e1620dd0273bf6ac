"""Corners, points on the map and blocks by three numbers."""

import pytest

from bot.privacy.addresses import find_addresses


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_addresses(text)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("жду на углу Абая и Манаса", "углу Абая и Манаса"),
        ("везите на угол Достык-Сатпаева", "угол Достык-Сатпаева"),
        ("заберите с Абая угол Манаса", "Абая угол Манаса"),
        ("Абай мен Манас қиылысында тұрмын", "Абай мен Манас қиылысында"),
        ("я тут 43.2389, 76.8897", "43.2389, 76.8897"),
        ("https://2gis.kz/almaty/geo/76.945645,43.238293", "76.945645,43.238293"),
        ("14-33-8 Актау", "14-33-8"),
    ],
)
def test_places_without_a_house(text: str, place: str) -> None:
    assert found(text) == [place]


@pytest.mark.parametrize(
    "text",
    [
        "ваш магазин на углу Абая и Манаса до скольки?",
        "диван на угол и кресло привезёте?",
        "версия 43.2389, 76.8897",
        "размер 14-33-8",
        "курс 1.2345",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Восток 5 дом 11 кв 3", "Восток 5 дом 11 кв 3"),
        ("жк комфорт сити блок 7 кв 14", "жк комфорт сити блок 7 кв 14"),
        ("Каирбекова 358 к 2 кв 19", "Каирбекова 358 к 2 кв 19"),
        ("ул. Мира 5, кв 3, г. Экибастуз", "ул. Мира 5, кв 3"),
        ("пгт Боровое, ул. Кенесары 5", "ул. Кенесары 5"),
        ("Абая 5, подъезд 2, кв 3", "Абая 5, подъезд 2, кв 3"),
        ("11 микрорайон 34 дом 56 квартира", "11 микрорайон 34 дом 56 квартира"),
    ],
)
def test_an_address_is_whole(text: str, address: str) -> None:
    assert found(text) == [address]
