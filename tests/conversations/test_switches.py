"""What the assistant's version switches off is not done, is not offered, and is said."""

from collections.abc import Callable

import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]


@pytest.mark.parametrize(
    ("skill", "text", "refusal"),
    [
        ("order", "хочу заказать торт", "Заказы я здесь не принимаю. Могу ответить на вопросы, "),
        ("order", "тапсырыс бергім келеді", "Мұнда тапсырыс қабылдамаймын. Қолымнан келетіні:"),
        ("order", "I want to place an order", "I do not take orders here. I can answer"),
        ("callback", "перезвоните мне завтра в 15:00", "На звонок я здесь не записываю."),
        ("status", "где мой заказ?", "Где заказ, я здесь не вижу."),
        ("complaint", "вы привезли разбитый телевизор, верните деньги, это безобразие", "Жалобы"),
        ("feedback", "ставлю вам 5 из 5, обслуживание отличное", "Записать его я здесь не могу."),
        ("answer", "есть ли доставка в Астану?", "На вопросы я здесь не отвечаю."),
    ],
)
async def test_a_skill_that_is_off_is_refused_in_words_and_does_nothing(
    talk: Start, crm: FakeCrm, skill: str, text: str, refusal: str
) -> None:
    crm.content = {"skills": {skill: False}}
    customer = talk()
    assert refusal in await customer.say(text)
    assert crm.writes == []
    assert "/ask_human" in customer.buttons
    # No form is left open: the next message is understood by itself.
    assert (await customer.say("спасибо")).count("\n") == 0


@pytest.mark.parametrize(
    ("skill", "text", "answer", "refusal"),
    [
        ("callback", "перезвоните мне насчёт доставки", "Доставка по Алматы бесплатная.", "На звонок я здесь не записываю."),
        ("order", "хочу заказать доставку торта", "Доставка по Алматы бесплатная.", "Заказы я здесь не принимаю."),
        ("status", "где мой заказ, когда его доставят?", "Доставка по Алматы бесплатная.", "Где заказ, я здесь не вижу."),
    ],
)  # fmt: skip
async def test_what_the_documents_know_is_told_before_a_refusal(
    talk: Start, crm: FakeCrm, skill: str, text: str, answer: str, refusal: str
) -> None:
    crm.content = {"skills": {skill: False}}
    customer = talk()
    said = await customer.say(text)
    assert said.startswith(answer)
    assert said.endswith(refusal)
    assert crm.writes == []
    assert customer.last["replies"][0]["custom"]["trace"]["sources"]
    assert customer.last["replies"][1]["custom"]["trace"]["refused"] is True
    assert "/ask_human" in customer.buttons
    assert (await customer.say("спасибо")).count("\n") == 0


async def test_a_doubtful_answer_is_no_better_than_a_refusal(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"skills": {"callback": False}}
    said = await talk().say("перезвоните мне, наверное, насчёт доставки")
    assert said.startswith("На звонок я здесь не записываю. Могу ответить на вопросы,")


async def test_the_documents_are_not_asked_where_answering_is_off_too(
    talk: Start, crm: FakeCrm
) -> None:
    crm.content = {"skills": {"callback": False, "answer": False}}
    assert "бесплатная" not in await talk().say("перезвоните мне насчёт доставки")


async def test_an_answer_to_a_form_is_no_question_for_the_documents(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    crm.content = {"skills": {"order": False}}
    customer.content = crm.content
    said = await customer.say("торт с доставкой")
    assert "не принимаю" in said
    assert "бесплатная" not in said


async def test_a_skill_switched_off_during_its_form_ends_it(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    crm.content = {"skills": {"order": False}}
    customer.content = crm.content
    assert "не принимаю" in await customer.say("торт")
    assert crm.writes == []


async def test_what_is_off_is_offered_by_no_button(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"skills": {"order": False, "status": False}}
    customer = talk()
    await customer.say("привет")
    assert customer.buttons == ["/ask_human"]
    await customer.say("🤔")
    assert customer.buttons == ["/ask_human"]


async def test_a_fallback_does_not_answer_where_answering_is_off(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"skills": {"answer": False}}
    assert "бесплатная" not in await talk().say("доставк")


@pytest.mark.parametrize(
    ("ask", "invitation", "message", "done"),
    [
        ("позовите оператора", "Напишите одним сообщением", "Верните деньги за палатку, 87011234567", "передал"),
        ("оператормен сөйлескім келеді", "бір хабарламамен", "Шатыр жыртық келді, хабарласыңыздар", "жеткіздім"),
        ("let me talk to a human", "in one message", "Where can I send my CV?", "passed your message"),
    ],
)  # fmt: skip
async def test_without_people_a_message_is_taken(
    talk: Start, crm: FakeCrm, ask: str, invitation: str, message: str, done: str
) -> None:
    crm.content = {"skills": {"human": False}}
    customer = talk()
    assert invitation in await customer.say(ask)
    assert done in await customer.say(message)
    [task] = crm.written("tasks")
    assert (task["kind"], task["description"]) == ("other", message)
    assert crm.written("handoff") == []


async def test_no_message_is_left_by_who_says_no(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"skills": {"human": False}}
    customer = talk()
    await customer.say("позовите оператора")
    assert "пишите" in await customer.say("нет, не надо")
    assert crm.writes == []


async def test_without_people_an_unknown_answer_offers_to_pass_the_question_on(
    talk: Start, crm: FakeCrm
) -> None:
    crm.content = {"skills": {"human": False}}
    customer = talk()
    said = await customer.say("есть ли у вас подарочные сертификаты?")
    assert "Передать ваш вопрос сотрудникам?" in said
    assert "Напишите одним сообщением" in await customer.say("да")


async def test_only_the_tenants_languages_are_spoken(talk: Start, crm: FakeCrm) -> None:
    crm.content = {"languages": ["kk"], "default_language": "kk"}
    customer = talk()
    assert "Сәлеметсіз бе" in await customer.say("привет")
    await customer.say("можно по-русски?")
    assert customer.last["language"] == "kk"
    assert customer.buttons == ["/change_language:kk"]


@pytest.mark.parametrize(
    ("number", "skill"), [("1", "order"), ("2.", "check_status"), ("3)", "ask_human")]
)
async def test_a_typed_number_chooses_a_button(
    talk: Start, crm: FakeCrm, number: str, skill: str
) -> None:
    customer = talk()
    await customer.say("🤔")
    await customer.say(number)
    assert customer.last["skill"] == skill


async def test_a_number_beyond_the_buttons_is_no_choice(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("🤔")
    await customer.say("4")
    assert customer.last["skill"] not in {"order", "check_status", "ask_human"}
