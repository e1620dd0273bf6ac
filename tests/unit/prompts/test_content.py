import pytest
from pydantic import ValidationError

from bot.prompts.content import AssistantContent, digest


def test_a_persona_of_an_older_release_is_read_and_gets_the_new_fields() -> None:
    content = AssistantContent.model_validate(
        {"name": "Айгерим", "tone": "formal", "instructions": "", "version": 7}
    )
    assert content.name == "Айгерим"
    assert content.languages == ("ru", "kk", "en")
    assert [field.field for field in content.lead_form] == ["product", "name", "phone"]
    assert "version" not in content.document()


def test_what_is_stored_is_read_back_equal() -> None:
    content = AssistantContent(name="B").with_changes(
        {"handoff": {"words": ["Юрист", "юрист "]}, "languages": ["en", "ru"]}
    )
    assert AssistantContent.model_validate(content.document()) == content
    assert content.handoff.words == ("юрист",)
    assert content.languages == ("ru", "en")


def test_a_part_changes_by_its_fields() -> None:
    content = AssistantContent().with_changes({"skills": {"order": False}})
    content = content.with_changes({"skills": {"status": False}, "greeting": {"en": "Hi"}})
    assert (content.skills.order, content.skills.status, content.skills.answer) == (
        False,
        False,
        True,
    )
    assert content.greeting.en == "Hi"
    assert content.greeting.ru == AssistantContent().greeting.ru


@pytest.mark.parametrize(
    "wrong",
    [
        {"languages": []},
        {"languages": ["en"], "default_language": "ru"},
        {"lead_form": [{"field": "product"}, {"field": "name"}]},
        {"lead_form": [{"field": "phone"}, {"field": "phone"}]},
        {"handoff": {"after_failures": 6}},
        {"model": {"temperature": 3}},
        {"name": ""},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AssistantContent().with_changes(wrong)


def test_only_its_languages_are_answered_in() -> None:
    content = AssistantContent(languages=("kk", "ru"), default_language="kk")
    assert content.language_for("ru") == "ru"
    assert content.language_for("en") == "kk"
    assert content.language_for(None) == "kk"


def test_the_digest_tells_content_and_knowledge_apart() -> None:
    content = AssistantContent()
    assert digest(content, 1) == digest(AssistantContent.model_validate(content.document()), 1)
    assert digest(content, 1) != digest(content, 2)
    assert digest(content, 1) != digest(content.with_changes({"tone": "dry"}), 1)


def test_nobody_is_promised_a_person_where_none_answers() -> None:
    content = AssistantContent()
    alone = content.with_changes({"skills": {"human": False}})
    for language in ("ru", "kk", "en"):
        full, short = content.disclosure_in(language), alone.disclosure_in(language)
        assert full.startswith(short[:-1])
        assert len(short) < len(full)
    own = alone.with_changes({"disclosure": {"ru": "Я робот."}})
    assert own.disclosure_in("ru") == "Я робот."
