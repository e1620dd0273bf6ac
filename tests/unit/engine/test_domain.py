import re
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.agent import LanguageResponses, MissingResponse
from bot.engine.language import LANGUAGES
from bot.engine.messages import PAYLOAD_ENTITIES, parse_payload

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.from_directory(str(ROOT / "domain"))


def variants(responses: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["condition"][0]["value"]: one for one in responses}


def test_every_response_has_each_language_once_with_the_same_buttons_and_values(
    domain: Domain,
) -> None:
    for name, responses in domain.responses.items():
        by_language = variants(responses)
        assert set(by_language) == set(LANGUAGES), name
        assert len(responses) == len(LANGUAGES), name
        payloads = {
            tuple(button["payload"] for button in one.get("buttons", [])) for one in responses
        }
        assert len(payloads) == 1, name
        values = {tuple(sorted(re.findall(r"{(\w+)}", one["text"]))) for one in responses}
        assert len(values) == 1, name


def test_every_button_is_allowed_and_short_enough_for_every_messenger(domain: Domain) -> None:
    for name, responses in domain.responses.items():
        for one in responses:
            for button in one.get("buttons", []):
                assert parse_payload(button["payload"]) is not None, name
                assert len(button["title"]) <= 20, (name, button["title"])
    assert set(PAYLOAD_ENTITIES) <= set(domain.intents)


async def test_a_missing_response_is_an_error(domain: Domain) -> None:
    responses = LanguageResponses(domain.responses)
    tracker = DialogueStateTracker.from_events("x", [], slots=domain.slots)
    with pytest.raises(MissingResponse):
        await responses.generate("utter_nothing", tracker, "aitys")
    # No language, no response: silence would hide that it was never set.
    with pytest.raises(MissingResponse):
        await responses.generate("utter_greet", tracker, "aitys")
