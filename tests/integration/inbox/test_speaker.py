"""The published version speaks: its greeting, its disclosure, its languages; and every message says which it was."""

from typing import Any

import pytest
from aiohttp import web

from bot.prompts.content import AssistantContent
from tests.integration.inbox.conftest import Bench

PINS = {"assistant_version": 5, "knowledge_version": 3}


async def publish(bench: Bench, **changes: Any) -> None:
    content = AssistantContent(name="Ару").with_changes(changes)
    values = {"assistant": {**content.document(), "version": 5}, "knowledge_version": 3}
    await bench.database.db["organizations"].update_one({}, {"$set": values})


async def said(bench: Bench) -> list[dict[str, Any]]:
    cursor = bench.inbox.store.messages.find({"author.kind": "bot"})
    return await cursor.sort([("created_at", 1), ("_id", 1)]).to_list()


def replying(skill: str, language: str = "ru", trace: dict[str, Any] | None = None) -> Any:
    async def answer(body: dict[str, Any]) -> web.Response:
        replies = [
            {
                "text": "engine's own",
                "buttons": [{"title": "a", "payload": "/ask_human"}],
                "custom": {"trace": trace or {}},
            },
            {"text": "and more"},
        ]
        intent = {"name": skill, "confidence": 0.9}
        return web.json_response(
            {"replies": replies, "intent": intent, "language": language, "skill": skill}
        )

    return answer


async def test_the_greeting_is_the_versions_own_and_keeps_the_engines_buttons(
    bench: Bench,
) -> None:
    await publish(bench, greeting={"kk": "Сәлем, мен {assistant}, {company}!"})
    bench.engine.answer = replying("greet", "kk")
    await bench.say("1", "салем")
    _, greeting, more = await said(bench)
    assert greeting["text"] == "Сәлем, мен Ару, Demo!"
    assert greeting["buttons"][0]["payload"] == "/ask_human"
    assert more["text"] == "and more"


async def test_another_skills_words_are_left_alone(bench: Bench) -> None:
    await publish(bench)
    bench.engine.answer = replying("answer")
    await bench.say("1", "привет, сколько стоит?")
    assert [message["text"] for message in await said(bench)][1:] == ["engine's own", "and more"]


async def test_the_disclosure_is_the_versions_own(bench: Bench) -> None:
    await publish(bench, disclosure={"en": "I am {assistant}, a machine at {organization}. {{x}}"})
    await bench.say("1", "hello")
    assert (await said(bench))[0]["text"] == "I am Ару, a machine at Demo. {x}"


async def test_it_promises_no_person_where_none_answers(bench: Bench) -> None:
    await publish(bench, skills={"human": False})
    await bench.say("1", "hello")
    assert (await said(bench))[0]["text"] == "You are talking to the AI assistant of Demo."


async def test_every_message_of_the_bot_names_version_and_documents(bench: Bench) -> None:
    await publish(bench)
    bench.engine.answer = replying("greet")
    await bench.say("1", "привет")
    for message in await said(bench):
        assert {name: message["trace"][name] for name in PINS} == PINS, message["trace"]


async def test_an_answer_names_what_it_was_really_made_of(bench: Bench) -> None:
    await publish(bench)
    # Another version was published between the turn's start and the answer.
    bench.engine.answer = replying("answer", trace={"assistant_version": 6, "knowledge_version": 4})
    await bench.say("1", "сколько стоит?")
    disclosure, answer, rule = await said(bench)
    assert (answer["trace"]["assistant_version"], answer["trace"]["knowledge_version"]) == (6, 4)
    assert (disclosure["trace"]["assistant_version"], rule["trace"]["assistant_version"]) == (5, 5)


async def test_what_the_platform_says_for_a_failing_bot_is_pinned_too(bench: Bench) -> None:
    await publish(bench)

    async def refuse(_: dict[str, Any]) -> web.Response:
        return web.json_response({}, status=400)

    bench.engine.answer = refuse
    await bench.say("1", "привет")
    by_skill = {message["trace"]["skill"]: message["trace"] for message in await said(bench)}
    assert set(by_skill) == {"disclosure", "given_up"}
    assert all(trace.items() >= PINS.items() for trace in by_skill.values())


@pytest.mark.parametrize(
    ("languages", "default", "expected"), [(["kk"], "kk", "kk"), (["kk", "en"], "en", "en")]
)
async def test_a_conversation_begins_in_a_language_of_the_version(
    bench: Bench, languages: list[str], default: str, expected: str
) -> None:
    await publish(bench, languages=languages, default_language=default)
    await bench.say("1", "привет")
    rules = bench.engine.turns[0]["metadata"]["assistant"]
    assert (rules["languages"], rules["default_language"]) == (languages, default)
    assert bench.engine.turns[0]["metadata"]["fallback_language"] == expected
