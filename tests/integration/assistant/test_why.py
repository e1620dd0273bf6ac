"""Any message of the bot explains itself, with everything as it was when it was said."""

from typing import Any

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.feature import Core
from crm.knowledge.models import PASSAGES
from tests.support.console import Console

OLD, NEW = "Доставка в Астану стоит 1 500 ₸.", "Доставка в Астану стоит 2 000 ₸."


async def message(
    core: Core, console: Console, trace: RawDocument | None, kind: str = "bot", text: str = "Ответ"
) -> ObjectId:
    message_id = ObjectId()
    document = {
        "_id": message_id,
        "organization_id": console.organization_id,
        "author": {"kind": kind, "user_id": None, "name": None},
        "text": text,
        "trace": trace,
        "created_at": utc_now(),
    }
    await core.database.collection("messages").insert_one(document)
    return message_id


async def why(console: Console, message_id: ObjectId, **options: Any) -> Any:
    return await console.get(f"/api/messages/{message_id}/why", **options)


async def passage_of(console: Console, core: Core) -> RawDocument:
    found = await core.database.collection(PASSAGES).find_one(
        {"organization_id": console.organization_id, "to": None}
    )
    assert found is not None
    return found


@pytest.fixture
async def source(owner: Console, core: Core) -> Any:
    body = {"name": "d.txt", "content": OLD}
    return await owner.post("/api/knowledge/sources", body)


async def test_an_answer_shows_the_passages_as_they_were(
    owner: Console, viewer: Console, core: Core, source: Any
) -> None:
    passage = await passage_of(owner, core)
    passage_id = str(passage["passage_id"])
    question = await message(core, owner, None, kind="contact", text="сколько стоит доставка?")
    trace = {
        "intent": "ask_question",
        "confidence": 0.9,
        "skill": "answer",
        "in_reply_to": str(question),
        "assistant_version": 1,
        "knowledge_version": passage["from"],
        "method": "llm",
        "model": "openai:demo",
        "masked_prompt": "[system] ...",
        "raw_answer": "1 500 ₸ [1]",
        "checks": [{"name": "numbers", "passed": True, "detail": ""}],
        "passages": [{"passage_id": passage_id, "document": "d.txt", "score": 3.2}],
        "sources": [{"passage_id": passage_id, "quote": "1 500 ₸", "title": "d"}],
    }
    said = await message(core, owner, trace)
    await owner.patch(f"/api/knowledge/sources/{source['id']}", {"content": NEW})
    found = await why(viewer, said)
    assert found["reason"] == "written_from_documents"
    assert found["question"] == {"id": str(question), "text": "сколько стоит доставка?"}
    assert (found["version"]["number"], found["version"]["current"]) == (1, True)
    assert found["version"]["author"]["name"] == "Owner"
    [shown] = found["passages"]
    assert (shown["text"], shown["cited"], shown["quote"]) == (OLD, True, "1 500 ₸")
    assert (found["raw_answer"], found["masked_prompt"]) == ("1 500 ₸ [1]", "[system] ...")
    # When the passage is no longer kept, what the answer used of it still is.
    await core.database.collection(PASSAGES).delete_many({"to": {"$ne": None}})
    [shown] = (await why(viewer, said))["passages"]
    assert (shown["text"], shown["quote"], shown["title"]) == (None, "1 500 ₸", "d")


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        ({"skill": "disclosure"}, "first_contact"),
        ({"skill": "holding"}, "still_working"),
        ({"skill": "given_up"}, "given_up"),
        ({"skill": "greet"}, "greeting"),
        ({"skill": "order"}, "rule"),
        ({"skill": "answer", "method": "extractive"}, "quoted_from_documents"),
        ({"skill": "fallback", "method": "declined"}, "not_in_documents"),
        (None, "rule"),
    ],
)
async def test_each_kind_of_message_has_its_reason(
    owner: Console, core: Core, trace: RawDocument | None, reason: str
) -> None:
    found = await why(owner, await message(core, owner, trace))
    assert (found["reason"], found["passages"], found["question"]) == (reason, [], None)


async def test_an_older_version_is_shown_as_it_was_published(owner: Console, core: Core) -> None:
    said = await message(core, owner, {"skill": "order", "assistant_version": 1})
    await owner.patch("/api/assistant/draft", {"revision": 0, "name": "B"})
    await owner.post("/api/assistant/publish", {"revision": 1, "reason": "b"})
    version = (await why(owner, said))["version"]
    assert (version["number"], version["current"], version["reason"]) == (1, False, "")
    unknown = await message(core, owner, {"skill": "order", "assistant_version": 99})
    assert (await why(owner, unknown))["version"] is None


async def test_only_the_bots_own_messages_are_explained_and_only_to_its_organization(
    owner: Console, stranger: Console, core: Core
) -> None:
    await why(owner, await message(core, owner, None, kind="operator"), status=404)
    await why(stranger, await message(core, owner, None), status=404)
    await why(owner, ObjectId(), status=404)
