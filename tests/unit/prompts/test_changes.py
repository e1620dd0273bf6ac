from bot.prompts.changes import Change, changes
from bot.prompts.content import AssistantContent


def test_equal_contents_do_not_differ() -> None:
    assert changes(AssistantContent(), AssistantContent()) == []


def test_each_field_that_differs_is_named() -> None:
    before = AssistantContent(tone="dry")
    after = before.with_changes(
        {
            "tone": "warm",
            "greeting": {"kk": "Сәлем!"},
            "skills": {"order": False},
            "languages": ["ru"],
            "handoff": {"words": ["юрист"]},
        }
    )
    assert changes(before, after) == [
        Change("tone", "dry", "warm"),
        Change("greeting.kk", before.greeting.kk, "Сәлем!"),
        Change("languages", ["ru", "kk", "en"], ["ru"]),
        Change("skills.order", True, False),
        Change("handoff.words", [], ["юрист"]),
    ]
