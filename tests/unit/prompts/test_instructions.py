from typing import Any

import pytest

from bot.answering.calls import masked_prompt
from bot.answering.prompt import answer_parts
from bot.privacy.asking import Asked

VARIABLES = {
    "ru": {"language": "русский", "company": "Tau"},
    "kk": {"language": "қазақ тілі", "company": "Tau"},
    "en": {"language": "English", "company": "Tau"},
}


class Plain:
    def mask(self, text: str, *, asked: Asked = "") -> str:
        return text


def system(language: str, **assistant: Any) -> str:
    parts = answer_parts(
        question="?",
        history=[],
        passages=[],
        language=language,
        context={"organization": {"name": "Tau"}, "assistant": {"name": "A", **assistant}},
    )
    return masked_prompt(parts, Plain()).messages[0][1]


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_variables_are_said_in_the_answers_language(language: str) -> None:
    prompt = system(
        language,
        content={"instructions": "{company}: {language}. {{x}}"},
        variables=VARIABLES,
        instructions="Tau: of the conversation until now",
    )
    assert f"Tau: {VARIABLES[language]['language']}. {{x}}" in prompt
    assert "until now" not in prompt


def test_instructions_without_variables_are_said_as_they_are() -> None:
    assert "Обращайтесь на «вы»." in system("ru", instructions="Обращайтесь на «вы».")
