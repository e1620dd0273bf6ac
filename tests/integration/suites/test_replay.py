"""Real conversations, said anew to the draft, and taken over as cases."""

import re
from typing import Any

from bson import ObjectId

from crm.assistant.suites.runner import RunWorker
from crm.core.feature import Core
from tests.integration.suites.talks import Talk
from tests.integration.suites.test_runs import (
    ASKED,
    UNKNOWN,
    change,
    know_delivery,
    run,
    suite_of,
)
from tests.support.console import Console

SOURCE = {"document": "d.md", "title": "Доставка", "passage_id": "p"}


async def answer_of(console: Console, text: str) -> Any:
    trial = await console.post(
        "/api/assistant/trials", {"target": "draft", "language": "ru"}, status=201
    )
    turn = await console.post(f"/api/assistant/trials/{trial['id']}/messages", {"text": text})
    return turn["replies"][-1]


async def test_a_replay_shows_before_and_after(
    owner: Console, core: Core, run_worker: RunWorker
) -> None:
    await know_delivery(owner)
    answer = await answer_of(owner, ASKED)
    first = await Talk(core, owner).open()
    await first.customer(ASKED)
    await first.bot("Я ИИ-ассистент.", skill="disclosure")
    # Another spelling of the same is the same.
    await first.bot(answer["text"].replace("1 500", "1500").replace("Доставка в", "ДОСТАВКА  В"), skill="answer", method="extractive", sources=[SOURCE])  # fmt: skip
    await first.customer("хочу заказать палатку")
    await first.bot("Как вас зовут?", skill="order")
    await first.customer("Асель")
    await first.bot("По какому номеру с вами связаться?", skill="order")
    await first.event("taken_over")
    await first.customer("а скидка будет?")
    await first.operator("Да, 5 %.")
    await first.event("handed_back")
    await first.customer(UNKNOWN)
    await first.bot("Да, от 10 000 ₸.", skill="answer", method="llm", sources=[SOURCE])
    second = await Talk(core, owner).open()
    await second.customer("спасибо")
    await second.bot("Пожалуйста, обращайтесь!", skill="thanks")
    done, results = await run(owner, run_worker, kind="replay", count=10)
    assert (done["state"], done["total"], done["passed"], done["failed"]) == ("done", 2, 1, 1)
    assert done["changed"] == {"same": 1, "now_declined": 1}
    # What wants a look first comes first.
    assert [result["verdict"] for result in results] == ["now_declined", "same"]
    by_id = {result["conversation_id"]: result for result in results}
    talked = by_id[str(first.id)]
    assert talked["verdict"] == "now_declined"
    assert talked["title"].startswith("Асель · сколько")
    # What an operator answered is nobody's to say anew; an order goes on over its messages.
    assert [(turn["text"], turn["verdict"]) for turn in talked["turns"]] == [
        (ASKED, "same"),
        ("хочу заказать палатку", "same"),
        ("Асель", "same"),
        (UNKNOWN, "now_declined"),
    ]
    last = talked["turns"][-1]
    assert last["before"]["documents"] == ["d.md"]
    assert last["after"]["declined"] is True
    await change(owner, skills={"order": False})
    done, results = await run(owner, run_worker, kind="replay", count=10)
    by_id = {result["conversation_id"]: result for result in results}
    verdicts = [turn["verdict"] for turn in by_id[str(first.id)]["turns"]]
    assert verdicts[:2] == ["same", "different_doing"]
    assert "не принимаю" in by_id[str(first.id)]["turns"][1]["after"]["texts"][0]
    done, _ = await run(owner, run_worker, kind="replay", count=1)
    assert done["total"] == 1
    assert await core.database.collection("contacts").count_documents({"name": "Асель"}) == 0


async def test_a_case_is_made_of_a_conversation_in_one_click(
    owner: Console, core: Core, run_worker: RunWorker
) -> None:
    await know_delivery(owner)
    suite_id = await suite_of(owner)
    talk = await Talk(core, owner).open()
    await talk.customer("привет")
    await talk.bot("Здравствуйте!", skill="greet", intent="greet")
    asked = await talk.customer(ASKED)
    told = await talk.bot("Доставка в Астану стоит 1 500 ₸.", skill="answer", method="extractive", intent="ask_question", sources=[SOURCE])  # fmt: skip
    await talk.customer(UNKNOWN)
    await talk.bot("Не знаю.", skill="answer", method="declined", intent="ask_question")
    called = await talk.event("handoff_requested")
    path = f"/api/assistant/suites/{suite_id}/cases/from-conversation"

    async def take(message_id: ObjectId, **expected: Any) -> Any:
        body = {"conversation_id": str(talk.id), "message_id": str(message_id)}
        return await owner.post(path, body, **({"status": 201} | expected))

    case = await take(told)
    assert case["turns"] == ["привет", ASKED]
    assert case["conversation_id"] == str(talk.id)
    expect = {name: value for name, value in case["expect"].items() if value not in (None, [])}
    assert expect == {
        "language": "ru",
        "declines": False,
        "intent": "ask_question",
        "cites": ["d.md"],
        "contains": ["1 500 ₸"],
    }
    assert (await take(asked))["turns"] == case["turns"]
    unknown = await take(called)
    assert unknown["turns"][-1] == UNKNOWN
    assert (unknown["expect"]["declines"], unknown["expect"]["hands_over"]) == (True, True)
    # The bot answers today as it did then.
    done, _ = await run(owner, run_worker, kind="suite", suite_id=suite_id)
    assert done["passed"] >= 2
    await take(ObjectId(), status=404)
    empty = await Talk(core, owner).open()
    greeting = await empty.operator("Добрый день!")
    body = {"conversation_id": str(empty.id), "message_id": str(greeting)}
    assert (await owner.post(path, body, status=409))["code"] == "nothing_asked"


async def test_a_spreadsheet_is_taken_whole_or_not_at_all(owner: Console) -> None:
    suite_id = await suite_of(owner)
    path = f"/api/assistant/suites/{suite_id}/cases/import"
    good = "Вопрос;Содержит;Отказ\nСколько стоит?;1 500 ₸||тенге;нет\n"
    wrong = good + "Пусто ли;;\n;x;\nКогда?;;может\n"
    refused = await owner.post(path, {"content": wrong})
    assert refused["imported"] == 0
    assert [(error["line"], error["column"], error["code"]) for error in refused["errors"]] == [
        (3, None, "nothing_expected"),
        (4, "question", "too_short"),
        (5, "declines", "yes_or_no"),
    ]
    assert (await owner.get(f"/api/assistant/suites/{suite_id}"))["cases"] == 0
    assert await owner.post(path, {"content": good}) == {"imported": 1, "errors": []}
    [case] = (await owner.get(f"/api/assistant/suites/{suite_id}/cases"))["items"]
    assert case["expect"]["contains"] == ["1 500 ₸", "тенге"]
    assert case["expect"]["declines"] is False
    problem = await owner.post(path, {"content": "a;b\n1;2\n"}, status=422)
    assert problem["errors"][0]["code"] == "csv_columns"
    assert re.search("question, name, contains", problem["errors"][0]["detail"])


async def test_cases_keep_their_order_and_can_be_changed(owner: Console) -> None:
    suite_id = await suite_of(owner)
    base = f"/api/assistant/suites/{suite_id}/cases"
    for number in range(3):
        body = {"turns": [f"q{number}"], "expect": {"declines": True}}
        await owner.post(base, body, status=201)
    items = (await owner.get(base))["items"]
    assert [item["turns"] for item in items] == [["q0"], ["q1"], ["q2"]]
    await owner.delete(f"{base}/{items[0]['id']}")
    changed = await owner.patch(f"{base}/{items[1]['id']}", {"expect": {"language": "kk"}})
    assert (changed["turns"], changed["expect"]["declines"]) == (["q1"], None)
    assert (await owner.get(f"/api/assistant/suites/{suite_id}"))["cases"] == 2
    problem = await owner.post(base, {"turns": ["q"], "expect": {}}, status=422)
    assert problem["errors"][0]["code"] == "nothing_expected"
    again = await owner.post("/api/assistant/suites", {"name": "Main"}, status=409)
    assert again["code"] == "suite_name_taken"
    await owner.delete(f"/api/assistant/suites/{suite_id}")
    assert (await owner.get("/api/assistant/suites"))["items"] == []
