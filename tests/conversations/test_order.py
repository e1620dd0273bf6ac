"""The order form: details in any order, interruptions, giving up."""

from collections.abc import Callable

import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        (
            ["Хочу заказать", "торт наполеон", "Асель", "8 701 123 45 67"],
            ("торт наполеон", "Асель", "+77011234567"),
        ),
        (
            ["тапсырыс бергім келеді", "екі пицца", "менің атым Ержан", "87021234567"],
            ("екі пицца", "Ержан", "+77021234567"),
        ),
        (
            ["I want to place an order", "a red sofa", "Anna", "+7 777 123 45 67"],
            ("red sofa", "Anna", "+77771234567"),
        ),
        (
            ["tapsyrys bergim keledi", "2 pizza", "Daniyar", "7011234567"],
            ("2 pizza", "Daniyar", "+77011234567"),
        ),
    ],
)
async def test_an_order_step_by_step(
    talk: Start, crm: FakeCrm, lines: list[str], order: tuple[str, str, str]
) -> None:
    customer = talk()
    for line in lines:
        said = await customer.say(line)
    [lead] = crm.written("lead")
    assert (lead["name"], lead["phone"]) == order[1:]
    assert order[0] in lead["product"]
    assert order[0] in said
    assert order[1] in said
    assert lead["source_key"].endswith(":lead")


async def test_everything_in_one_sentence(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say(
        "Хочу заказать две пиццы пепперони, меня зовут Данияр, номер 8 701 123 45 67"
    )
    if customer.intent != "place_order":
        pytest.fail(f"understood as {customer.intent}")
    [lead] = crm.written("lead")
    assert lead["name"] == "Данияр"
    assert lead["phone"] == "+77011234567"
    assert "пицц" in lead["product"]


async def test_details_given_unasked_are_not_asked_for(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт медовик, мой номер 8 701 123 45 67")
    said = await customer.say("Асель")
    assert "заявка принята" in said
    assert crm.written("lead")[0]["phone"] == "+77011234567"


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("Kolsai 2 шатырына тапсырыс бергім келеді", "Kolsai 2 шатыр"),
        ("Burabai 45 рюкзагына тапсырыс бергім келеді", "Burabai 45 рюкзаг"),
        ("Talgar Pro бәтеңкесіне тапсырыс берейін", "Talgar Pro бәтеңке"),
    ],
)
async def test_a_make_before_the_product_is_nobodys_name(
    talk: Start, crm: FakeCrm, text: str, product: str
) -> None:
    customer = talk()
    await customer.say(text)
    await customer.say("Динара")
    await customer.say("8 701 123 45 67")
    [lead] = crm.written("lead")
    assert product in lead["product"]
    assert lead["name"] == "Динара"


async def test_a_known_contact_is_asked_only_for_the_product(talk: Start, crm: FakeCrm) -> None:
    crm.contact = {"name": "Асель", "phone": "+77011234567"}
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert "заявка принята" in await customer.say("торт медовик")


@pytest.mark.parametrize(
    ("start", "product", "question", "answer", "asked_again"),
    [
        ("хочу сделать заказ", "торт", "а доставка есть?", "бесплатная", "Как вас зовут?"),
        ("тапсырыс бергім келеді", "торт", "жеткізу қанша тұрады?", "тегін", "Есіміңіз кім?"),
        ("I want to order", "a cake", "how much is delivery?", "is free", "What is your name?"),
    ],
)
async def test_a_question_in_between_is_answered_and_the_form_goes_on(
    talk: Start,
    crm: FakeCrm,
    start: str,
    product: str,
    question: str,
    answer: str,
    asked_again: str,
) -> None:
    customer = talk()
    await customer.say(start)
    await customer.say(product)
    said = await customer.say(question)
    assert answer in said
    assert said.endswith(asked_again)
    await customer.say("Асель")
    await customer.say("8 701 123 45 67")
    assert crm.written("lead")[0]["product"] in product


@pytest.mark.parametrize(
    ("aside", "reply"),
    [
        ("вы бот?", "ИИ-ассистент"),
        ("расскажи анекдот", "не помощник"),
        ("отпишите меня от рассылки", "рассылок"),
        ("какие данные обо мне вы храните?", "Вы вправе"),
        ("где мой заказ?", "не вижу"),
        ("спасибо", "Пожалуйста"),
        ("🤔", "Не разобрал"),
    ],
)
async def test_other_asides_come_back_to_the_form(talk: Start, aside: str, reply: str) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт")
    said = await customer.say(aside)
    assert reply in said
    assert said.endswith("Как вас зовут?")


async def test_a_language_change_in_between_goes_on_in_the_new_language(talk: Start) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт")
    said = await customer.say("қазақша сөйлейсіз бе")
    assert said.endswith("Есіміңіз кім?")


@pytest.mark.parametrize("phone", ["12345", "8 701 123 45", "+7 701 123 45 67 89 99"])
async def test_a_wrong_phone_is_asked_for_again(talk: Start, crm: FakeCrm, phone: str) -> None:
    customer = talk()
    for line in ("хочу сделать заказ", "торт", "Асель"):
        await customer.say(line)
    said = await customer.say(phone)
    assert "ошибка" in said
    assert "заявка принята" in await customer.say("8(701)123-45-67")
    assert len(crm.written("lead")) == 1


async def test_a_name_must_be_one(talk: Start) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт")
    assert "буквами" in await customer.say("12")
    assert "номеру" in await customer.say("меня зовут Асель Серікқызы")


@pytest.mark.parametrize(
    ("start", "give_up", "reply"),
    [
        ("хочу сделать заказ", "отмена", "отменил"),
        ("тапсырыс бергім келеді", "бас тартамын, тоқтатыңыз", "тоқтаттым"),
        ("I want to order", "cancel", "stopped"),
    ],
)
async def test_an_order_can_be_given_up(
    talk: Start, crm: FakeCrm, start: str, give_up: str, reply: str
) -> None:
    customer = talk()
    await customer.say(start)
    assert reply in await customer.say(give_up)
    await customer.say("Асель")
    assert crm.written("lead") == []
    assert customer.last["skill"] != "order"


async def test_the_cancel_button_gives_up(talk: Start) -> None:
    customer = talk()
    await customer.tap("/place_order")
    assert customer.buttons == ["/cancel"]
    assert "отменил" in await customer.tap("/cancel")


async def test_calling_a_person_ends_the_form_and_keeps_what_was_learnt(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт")
    await customer.say("Асель")
    await customer.say("позовите оператора")
    assert len(crm.written("handoff")) == 1
    await customer.say("спасибо")
    assert customer.last["replies"][-1]["text"] == "Пожалуйста, обращайтесь!"


async def test_an_order_gives_way_to_a_call(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("перезвоните мне лучше завтра в 15:00")
    await customer.say("8 701 123 45 67")
    assert crm.written("tasks")[0]["kind"] == "callback"
    assert crm.written("lead") == []


async def test_a_second_order_starts_with_an_empty_product(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    for line in ("хочу сделать заказ", "торт", "Асель", "8 701 123 45 67"):
        await customer.say(line)
    crm.contact = {"name": "Асель", "phone": "+77011234567"}
    assert "заказать?" in await customer.say("хочу сделать ещё один заказ")
    assert "кофе" in await customer.say("кофе")
    assert [lead["product"] for lead in crm.written("lead")] == ["торт", "кофе"]
