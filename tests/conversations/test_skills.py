"""Every skill, in the three languages, over the real engine and action server."""

from collections.abc import Callable

import pytest

from tests.conversations.support.fake_crm import STAGE, FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]


@pytest.mark.parametrize(
    ("text", "language", "reply"),
    [
        ("Здравствуйте!", "ru", "Здравствуйте! Чем могу помочь?"),
        ("Сәлем", "kk", "Сәлеметсіз бе!"),
        ("hello there", "en", "Hello! How can I help?"),
        ("salem", "kk", "Сәлеметсіз бе!"),
        ("privet", "ru", "Здравствуйте!"),
    ],
)
async def test_a_greeting_is_answered_in_its_language(
    talk: Start, text: str, language: str, reply: str
) -> None:
    customer = talk()
    said = await customer.say(text)
    assert said.startswith(reply)
    assert customer.last["language"] == language
    assert customer.last["skill"] == "greet"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("есть ли доставка в Астану?", "Доставка по Алматы бесплатная."),
        ("жеткізу қанша тұрады?", "Алматы бойынша жеткізу тегін."),
        ("how much is delivery?", "Delivery within Almaty is free."),
        ("dostavka kansha turady", "Алматы бойынша жеткізу тегін."),
    ],
)
async def test_a_question_is_answered_with_source_and_trace_in_one_reply(
    talk: Start, text: str, reply: str
) -> None:
    customer = talk()
    said = await customer.say(text)
    assert said.startswith(reply)
    [only] = customer.last["replies"]
    assert only["text"].endswith("Доставка")
    assert only["custom"]["trace"]["knowledge_version"] == 3
    assert only["custom"]["sources"][0]["document"] == "delivery.md"


@pytest.mark.parametrize(
    ("question", "accept"),
    [
        ("есть ли у вас подарочные сертификаты?", "да"),
        ("сыйлық сертификаттары бар ма сіздерде?", "иә"),
        ("do you sell gift certificates?", "yes please"),
    ],
)
async def test_an_unknown_answer_offers_a_person_and_yes_accepts(
    talk: Start, crm: FakeCrm, question: str, accept: str
) -> None:
    customer = talk()
    await customer.say(question)
    assert customer.buttons == ["/ask_human", "/deny"]
    await customer.say(accept)
    assert customer.last["skill"] == "ask_human"
    [handoff] = crm.written("handoff")
    assert handoff["reason"] == "unanswered"


async def test_no_to_the_offer_of_a_person_hands_nothing_over(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("есть ли у вас подарочные сертификаты?")
    assert "пишите" in await customer.say("нет")
    assert crm.written("handoff") == []


async def test_an_offer_holds_for_the_next_message_only(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("есть ли у вас подарочные сертификаты?")
    await customer.say("спасибо")
    await customer.say("да")
    assert crm.written("handoff") == []


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Позовите человека", "Зову сотрудника"),
        ("оператормен сөйлескім келеді", "Қызметкерді шақырдым"),
        ("let me talk to a human", "I am getting a colleague"),
    ],
)
async def test_a_person_is_called(talk: Start, crm: FakeCrm, text: str, reply: str) -> None:
    said = await talk().say(text)
    assert said.startswith(reply)
    assert crm.written("handoff")[0]["reason"] == "asked"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Позовите оператора", "в понедельник, 23 ноября, в 09:00"),
        ("адам шақырыңызшы", "дүйсенбі, 23 қараша, сағат 09:00"),
        ("call a human operator", "on Monday, 23 November, at 09:00"),
    ],
)
async def test_outside_business_hours_it_says_when_people_are_back(
    talk: Start, crm: FakeCrm, text: str, reply: str
) -> None:
    crm.open_now, crm.opens_at = False, "2026-11-23T04:00:00Z"
    assert reply in await talk().say(text)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("где мой заказ?", "на этапе «В работе»"),
        ("тапсырысым қайда?", "«Орындалуда»"),
        ("where is my order?", 'at the stage "In progress"'),
    ],
)
async def test_status_is_the_stage_of_the_newest_deal(
    talk: Start, crm: FakeCrm, text: str, reply: str
) -> None:
    crm.newest_deal = {
        "id": "d",
        "title": "Торт",
        "stage": {"id": "s", "name": STAGE, "kind": "open"},
    }
    assert reply in await talk().say(text)


async def test_without_a_deal_status_offers_a_person(talk: Start) -> None:
    customer = talk()
    assert "не вижу" in await customer.say("где мой заказ?")
    assert customer.buttons == ["/ask_human", "/deny"]


@pytest.mark.parametrize(
    "text",
    [
        "вы привезли разбитый телевизор, верните деньги, это безобразие",
        "әкелген тауарларыңыз сынық болып шықты, бұл не деген ұятсыздық, ақшамды қайтарыңыз",
        "this is terrible, you delivered a broken lamp and nobody apologised, I want a refund",
    ],
)
async def test_a_complaint_makes_an_urgent_task_and_calls_a_person(
    talk: Start, crm: FakeCrm, text: str
) -> None:
    customer = talk()
    await customer.say(text)
    [task] = crm.written("tasks")
    assert (task["kind"], task["priority"], task["description"]) == ("complaint", "urgent", text)
    [handoff] = crm.written("handoff")
    assert handoff["reason"] == "complaint"


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("отпишите меня от рассылки", False),
        ("маған жарнама жібермеңізші", False),
        ("unsubscribe me from your newsletter", False),
        ("подпишите меня на ваши акции и новости", True),
        ("жаңалықтарға жазылғым келеді", True),
        ("please subscribe me to your newsletter", True),
    ],
)
async def test_consents_are_recorded(
    talk: Start, crm: FakeCrm, text: str, *, granted: bool
) -> None:
    await talk().say(text)
    [consent] = crm.written("consents")
    assert (consent["kind"], consent["granted"]) == ("marketing", granted)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("какие данные обо мне вы храните?", "Вы вправе"),
        ("мен туралы қандай деректер сақтайсыздар?", "құқығыңыз бар"),
        ("what personal data do you store about me?", "You have the right"),
    ],
)
async def test_a_privacy_request_becomes_a_task_and_says_what_happens(
    talk: Start, crm: FakeCrm, text: str, reply: str
) -> None:
    assert reply in await talk().say(text)
    assert crm.written("tasks")[0]["kind"] == "privacy"


@pytest.mark.parametrize(
    ("text", "language", "reply"),
    [
        ("қазақша сөйлейсіз бе", "kk", "қазақша жауап беремін"),
        ("можно по-русски?", "ru", "отвечаю по-русски"),
        ("switch to english please", "en", "answer in English"),
        ("can you speak kazakh?", "kk", "қазақша жауап беремін"),
    ],
)
async def test_a_language_that_is_asked_for_is_kept(
    talk: Start, crm: FakeCrm, text: str, language: str, reply: str
) -> None:
    customer = talk()
    assert reply in await customer.say(text)
    assert crm.written("contact") == [{"language": language}]
    await customer.say("спасибо большое вам за помощь" if language != "ru" else "thank you so much")
    assert customer.last["language"] == language


async def test_a_language_is_offered_when_none_is_named(talk: Start) -> None:
    customer = talk()
    await customer.say("можно сменить язык?")
    if customer.intent == "change_language":
        assert customer.buttons == [
            f"/change_language:{language}" for language in ("kk", "ru", "en")
        ]
    assert "қазақша" in await customer.tap("/change_language:kk")


@pytest.mark.parametrize("text", ["вы бот?", "сіз роботсыз ба?", "are you a real person or a bot?"])
async def test_it_says_honestly_that_it_is_an_assistant(
    talk: Start, crm: FakeCrm, text: str
) -> None:
    customer = talk()
    said = await customer.say(text)
    assert any(word in said for word in ("ИИ-ассистент", "жасанды интеллект", "AI assistant"))
    await customer.say("да" if "ИИ" in said else "иә" if "жасанды" in said else "yes")
    assert len(crm.written("handoff")) == 1


@pytest.mark.parametrize(
    ("praise", "answer", "rating"),
    [
        ("всё очень понравилось, сервис супер", "5", 5),
        ("қызмет көрсетулеріңіз керемет екен, бәрі ұнады", "4", 4),
        ("the service was great, loved everything", "⭐⭐⭐", 3),
    ],
)
async def test_praise_asks_for_a_rating_and_stores_it(
    talk: Start, crm: FakeCrm, praise: str, answer: str, rating: int
) -> None:
    customer = talk()
    await customer.say(praise)
    assert customer.buttons == [f"/give_feedback:{number}" for number in range(1, 6)]
    await customer.say(answer)
    assert [feedback["rating"] for feedback in crm.written("feedback")] == [None, rating]
    assert crm.written("feedback")[0]["comment"] == praise


async def test_a_rating_in_the_message_is_not_asked_for_again(talk: Start, crm: FakeCrm) -> None:
    customer = talk()
    await customer.say("ставлю вам 5 из 5, обслуживание отличное")
    assert crm.written("feedback")[0]["rating"] == 5
    assert customer.buttons == []


async def test_a_low_rating_offers_a_person(talk: Start) -> None:
    customer = talk()
    await customer.tap("/give_feedback:3")
    assert customer.buttons == ["/ask_human", "/deny"]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("меня зовут Асель, мой номер 8 701 123 45 67", {"phone": "+77011234567", "name": "Асель"}),
        ("менің атым Ержан, номерім 87021234567", {"phone": "+77021234567", "name": "Ержан"}),
        ("my email is Anna@Example.com", {"email": "anna@example.com"}),
    ],
)
async def test_own_details_are_stored(
    talk: Start, crm: FakeCrm, text: str, stored: dict[str, str]
) -> None:
    await talk().say(text)
    [change] = crm.written("contact")
    assert change == stored


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("расскажи анекдот", "не помощник"),
        ("ауа райы қандай болады ертең Алматыда", "көмектесе алмаймын"),
        ("who won the football match yesterday", "cannot help with that"),
    ],
)
async def test_foreign_topics_are_declined_politely(talk: Start, text: str, reply: str) -> None:
    assert reply in await talk().say(text)


async def test_two_failures_in_a_row_call_a_person_and_a_success_forgets_them(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    await customer.say("🤔")
    assert customer.last["skill"] == "fallback"
    assert customer.buttons == ["/place_order", "/check_status", "/ask_human"]
    await customer.say("привет")
    await customer.say("🤔")
    assert crm.written("handoff") == []
    assert "Зову сотрудника" in await customer.say("🙄")
    assert crm.written("handoff")[0]["reason"] == "low_confidence"


@pytest.mark.parametrize(
    ("kind", "language", "reply"),
    [
        ("audio", "ru", "слушать я пока не умею"),
        ("image", "kk", "Файлыңызды алдым"),
        ("document", "ru", "сотрудники его увидят"),
        ("location", "en", "the place on the map"),
        ("sticker", "ru", "Я не совсем понял"),
    ],
)
async def test_what_has_no_words_is_told_to_have_come(
    talk: Start, crm: FakeCrm, kind: str, language: str, reply: str
) -> None:
    customer = talk(fallback_language=language)
    assert reply in await customer.say("", kind=kind)
    assert "/ask_human" in customer.buttons
    await customer.say("", kind=kind)
    assert [one["reason"] for one in crm.written("handoff")] == ["low_confidence"]


async def test_the_words_of_a_picture_are_read(talk: Start) -> None:
    assert "Запись получил" not in await talk().say("привет", kind="audio")


async def test_taking_an_order_back_is_passed_to_people(talk: Start, crm: FakeCrm) -> None:
    crm.newest_deal = {
        "id": "d",
        "title": "Торт",
        "stage": {"id": "s", "name": STAGE, "kind": "open"},
    }
    assert "«Торт»" in await talk().say("отмените мой заказ")
    assert crm.written("tasks")[0]["title"] == "Клиент отменяет: Торт"


async def test_there_may_be_nothing_to_cancel(talk: Start, crm: FakeCrm) -> None:
    assert "отменять нечего" in await talk().say("отмените заказ")
    assert crm.written("tasks") == []


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("спасибо", "Пожалуйста"),
        ("рақмет сізге", "Оқасы жоқ"),
        ("bye", "Goodbye"),
        ("сау болыңыз", "Сау болыңыз"),
    ],
)
async def test_small_talk(talk: Start, text: str, reply: str) -> None:
    assert (await talk().say(text)).startswith(reply)


async def test_a_question_beside_a_phone_is_answered_as_well(talk: Start, crm: FakeCrm) -> None:
    said = await talk().say("меня зовут Асель, мой номер 8 701 234 56 78, а доставка есть?")
    assert [change["phone"] for change in crm.written("contact")] == ["+77012345678"]
    assert "записал" in said
    assert "Доставка по Алматы бесплатная." in said
