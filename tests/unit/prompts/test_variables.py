from datetime import UTC, datetime

import pytest

from bot.prompts.content import AssistantContent
from bot.prompts.values import spoken_hours, values_of
from bot.prompts.variables import NAMES, VARIABLES, render, unknown_variables, used

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


def test_a_variable_is_replaced_and_a_doubled_brace_is_said() -> None:
    text = '{company}, { assistant } пишет: {{company}} и {"a": 1}, {2}'
    assert (
        render(text, {"company": "Tau", "assistant": "Ару"})
        == 'Tau, Ару пишет: {company} и {"a": 1}, {2}'
    )


def test_values_are_not_read_for_variables() -> None:
    assert render("{company}", {"company": "{assistant} {{x}}", "assistant": "Ару"}) == (
        "{assistant} {{x}}"
    )


def test_the_name_of_an_older_release_still_works() -> None:
    assert render("«{organization}»", {"company": "Tau"}) == "«Tau»"
    assert not list(unknown_variables(AssistantContent(instructions="{organization}")))


def test_unknown_names_are_found_where_they_stand() -> None:
    content = AssistantContent(instructions="{compny} {компания} {{whatever}} {company}")
    content = content.with_changes({"greeting": {"kk": "{today} {x}"}})
    found = [(error.path, error.name, error.near) for error in unknown_variables(content)]
    assert found == [
        ("instructions", "compny", "company"),
        ("instructions", "компания", None),
        ("greeting.kk", "x", None),
    ]


def test_the_default_content_names_known_variables_only() -> None:
    assert not list(unknown_variables(AssistantContent()))
    assert "company" in used(AssistantContent().disclosure.kk)


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_every_variable_has_a_value_title_and_example_in_each_language(language: str) -> None:
    values = values_of(
        company="Tau",
        assistant="Ару",
        timezone="Asia/Almaty",
        business_hours=WEEK,
        moment=NOW,
        language=language,
        channel="webchat",
    )
    assert tuple(values) == NAMES
    assert all(values.values())
    assert all(variable.title[language] for variable in VARIABLES)
    assert all(variable.example[language] for variable in VARIABLES)


def test_time_is_the_companys_own() -> None:
    values = values_of(
        company="Tau",
        assistant="",
        timezone="Asia/Almaty",
        business_hours={},
        moment=NOW,
        language="kk",
        channel="vk",
    )
    assert (values["today"], values["weekday"], values["time"]) == (
        "2026 ж. 23 қараша",
        "дүйсенбі",
        "01:30",
    )
    assert (values["opening_hours"], values["channel"]) == ("тәулік бойы", "vk")


def test_hours_are_said_as_people_write_them() -> None:
    hours = {**WEEK, "wed": [], "sat": [["15:00", "17:00"], ["10:00", "14:00"]], "sun": []}
    assert spoken_hours(hours, "ru") == (
        "пн–вт 09:00–18:00, чт–пт 09:00–18:00, сб 10:00–14:00 15:00–17:00"
    )
    assert spoken_hours({"mon": [], "sun": []}, "en") == "around the clock"
