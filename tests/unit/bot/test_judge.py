"""Where a language model is in place it judges too, and its verdict is obeyed; a translated question finds more."""

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.answering import Answer, Answerer
from bot.answering import answerer as answerer_module
from bot.answering.evaluation import read_folder
from crm.cli.installation import Installation
from tests.fakes.ledger import FakeLedger
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.support.patience import until

type Ask = Callable[..., Awaitable[Answer]]

COMPANY = Installation.here().root / "tests/evaluation/knowledge/heldout/repair"
DEADLINE_SECONDS = 240
JUDGE = "You judge whether"
TRANSLATE = "Translate the customer's last message"
ASTANA = "Доставка в Астану стоит 1 500 ₸ [1]."


@pytest.fixture
async def ask(
    snapshot: dict[str, Any],
    context_with: Callable[..., dict[str, Any]],
    ledger: FakeLedger,
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    # A verdict that comes is waited for, however slow the machine.
    monkeypatch.setattr(answerer_module, "JUDGE_SECONDS", DEADLINE_SECONDS)
    answerer = Answerer(http_deadline_seconds=DEADLINE_SECONDS)
    await answerer.warm()

    async def load(_: int) -> dict[str, Any]:
        return snapshot

    async def run(
        question: str = "сколько стоит доставка в Астану?",
        *,
        provider: FakeOpenAI,
        language: str = "ru",
        answerer: Answerer = answerer,
        **values: Any,
    ) -> Answer:
        return await answerer.answer(
            question=question,
            language=language,
            history=[],
            context=context_with(provider, **{"judge": True, **values}),
            load_snapshot=load,
            ledger=ledger,
        )

    return run


def verdict(text: str, **values: Any) -> FakeReply:
    return FakeReply(text=text, when=JUDGE, **values)


@pytest.mark.parametrize("word", ["YES", "yes.", "**YES**", "<think>no, wait</think>Yes"])
async def test_yes_lets_the_answer_through(ask: Ask, provider: FakeOpenAI, word: str) -> None:
    provider.reply(verdict(word), ASTANA)
    answer = await ask(provider=provider)
    assert answer.text.startswith("Доставка в Астану стоит 1 500 ₸.")
    assert answer.trace["judge"] == {"verdict": "yes"}
    assert {"name": "judge", "passed": True, "detail": "yes"} in answer.trace["checks"]
    assert len(answer.trace["call_ids"]) == 2


@pytest.mark.parametrize("word", ["NO", "No.", "\nNO\n"])
async def test_no_is_obeyed_however_sure_the_rest_is(
    ask: Ask, provider: FakeOpenAI, ledger: FakeLedger, word: str
) -> None:
    provider.reply(verdict(word), ASTANA)
    answer = await ask(provider=provider)
    assert not answer.answered
    assert answer.confidence > 0.5
    assert answer.trace["method"] == "declined"
    assert answer.trace["judge"] == {"verdict": "no"}
    # Whatever was under way is written down as well, and closed.
    assert ledger.closed.keys() == ledger.opened.keys()


async def test_no_ends_an_answer_under_way(ask: Ask, provider: FakeOpenAI) -> None:
    provider.reply(verdict("NO"), FakeReply(text=ASTANA, delay=600))
    answer = await ask(provider=provider)
    assert not answer.answered
    assert answer.trace["judge"] == {"verdict": "no"}
    await until(lambda: provider.cut_off == 1)


@pytest.mark.parametrize(
    "reply", [verdict("перhaps"), verdict("", status=500), verdict("YES", delay=600), verdict("")]
)
@pytest.mark.parametrize(
    ("question", "answered"),
    [("сколько стоит доставка в Астану?", True), ("вы чините стиральные машины?", False)],
)
async def test_without_a_verdict_the_built_in_confidence_decides(
    ask: Ask,
    provider: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    reply: FakeReply,
    question: str,
    answered: bool,
) -> None:
    monkeypatch.setattr(answerer_module, "JUDGE_SECONDS", 0.5)
    provider.reply(reply, ASTANA)
    began = time.monotonic()
    answer = await ask(question, provider=provider)
    assert time.monotonic() - began < DEADLINE_SECONDS / 2
    assert answer.trace["judge"] in ({"verdict": "none"}, None)
    assert answer.answered is answered


async def test_yes_quotes_the_documents_where_the_answer_is_of_no_use(
    ask: Ask, provider: FakeOpenAI
) -> None:
    provider.reply(verdict("YES"), "Доставка в Астану стоит 9 999 ₸ [1].")
    answer = await ask(provider=provider)
    assert answer.trace["method"] == "extractive"
    assert answer.trace["provider_error"] == "ungrounded"
    assert "1 500 ₸" in answer.text


async def test_a_version_may_do_without_a_judge(ask: Ask, provider: FakeOpenAI) -> None:
    provider.reply(verdict("NO"), ASTANA)
    answer = await ask(provider=provider, judge=False)
    assert answer.answered
    assert answer.trace["judge"] is None
    assert len(provider.seen) == 1


async def test_the_judges_prompt_is_masked_too(ask: Ask, provider: FakeOpenAI) -> None:
    provider.reply(verdict("YES"), ASTANA)
    await ask("доставка в Астану? звоните 87011234567", provider=provider)
    (judged,) = [seen.raw for seen in provider.seen if JUDGE in seen.raw]
    assert "<PHONE_1>" in judged
    assert "7011234567" not in provider.everything


async def test_a_translated_question_finds_what_the_customers_words_do_not(
    ask: Ask, provider: FakeOpenAI
) -> None:
    """Most documents are Russian, and the question comes in words that no glossary knows."""
    provider.reply(
        FakeReply(text="Какая цена доставки в Астану, <EMAIL_1>?", when=TRANSLATE),
        verdict("YES"),
        "Delivery to Astana costs 1 500 ₸ [1].",
    )
    answer = await ask(
        "what is the damage for bringing things up north, mail asel.k@mail.ru",
        provider=provider,
        language="en",
    )
    assert answer.trace["translated"] == "Какая цена доставки в Астану, <EMAIL_1>?"
    assert "1 500 ₸" in answer.text
    assert answer.trace["method"] == "llm"
    assert "asel.k" not in provider.everything


async def test_where_the_question_is_found_nothing_is_translated(
    ask: Ask, provider: FakeOpenAI
) -> None:
    provider.reply(verdict("YES"), ASTANA)
    answer = await ask(provider=provider)
    assert answer.trace["translated"] is None
    assert not any(TRANSLATE in seen.raw for seen in provider.seen)


async def test_over_a_whole_company_the_verdict_is_obeyed(
    provider: FakeOpenAI, context_with: Callable[..., dict[str, Any]], ledger: FakeLedger
) -> None:
    """Each question of a set is judged as a table says, and answered or declined accordingly."""
    lines = (COMPANY / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line.strip()]
    table = {question["text"]: bool(question["evidence"]) for question in questions}
    assert 5 < sum(not answerable for answerable in table.values()) < len(table)

    asked = ""

    def judged(_: list[dict[str, str]]) -> str:
        # Not looked up by what arrives: that is masked.
        return "YES" if table[asked] else "NO"

    def written(messages: list[dict[str, str]]) -> str:
        first = messages[-1]["content"].partition("[1] ")[2].partition("\n\n[2]")[0]
        return f"{first.partition(chr(10))[2]} [1]"

    provider.reply(
        FakeReply(text=judged, when=JUDGE),
        FakeReply(text="-", when=TRANSLATE),
        FakeReply(text=written),
    )
    index = read_folder(Path(COMPANY / "documents"))
    snapshot = {"version": 7, "passages": [passage.to_mapping() for passage in index.passages]}

    async def load(_: int) -> dict[str, Any]:
        return snapshot

    answerer = Answerer(http_deadline_seconds=DEADLINE_SECONDS)
    wrong = []
    for question in questions:
        turns = [
            {"role": "customer" if turn["role"] == "user" else "bot", "text": turn["text"]}
            for turn in question.get("history", [])
        ]
        asked = question["text"]
        answer = await answerer.answer(
            question=asked,
            language=question["lang"],
            history=turns,
            context=context_with(provider, judge=True),
            load_snapshot=load,
            ledger=ledger,
        )
        if answer.answered != table[asked]:
            wrong.append((asked, answer.trace["method"], answer.trace["judge"]))
    assert wrong == []


async def test_why_nothing_was_written_is_noted_whatever_the_judge_says(
    ask: Ask, provider: FakeOpenAI
) -> None:
    provider.reply(FakeReply(status=401))
    answer = await ask("есть доставка дроном в Павлодар?", provider=provider)
    assert answer.trace["method"] == "declined"
    assert answer.trace["provider_error"] == "provider_rejected_key"
