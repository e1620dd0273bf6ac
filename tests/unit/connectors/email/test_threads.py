"""Which conversation a mail belongs to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.email import threads
from connectors.email.threads import (
    address_of,
    bare_subject,
    chat_id_of,
    chat_of,
    our_message_id,
    our_token,
    signed,
    tagged,
    tagged_token,
    token_of,
    topic_of,
)
from crm.contract import Connection, InboundMessage, Sender
from tests.contract.inbox import InboxDouble
from tests.unit.connectors.email.conftest import CONNECTION, CUSTOMER, OURS

OTHER = "berik@customer.test"
NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("Re: Велосипед", "велосипед"),
        ("RE: Отв: FW: [ext] Re[2]:  Ёлка ", "елка"),
        ("Жауап: Қж: Тапсырыс", "тапсырыс"),
        ("На: Заказ", "заказ"),
        ("Fwd: Пересл.: x", "пересл.: x"),
        ("Реклама: скидки", "реклама: скидки"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_subjects_are_compared_without_prefixes(subject: str, topic: str) -> None:
    assert topic_of(subject) == topic
    assert bare_subject(subject).lower().replace("ё", "е") == topic


def test_ids_of_ours_are_known_and_cannot_be_made_up() -> None:
    chat = chat_id_of("a" * 16, CUSTOMER)
    one = our_message_id(CONNECTION, "6a1b2c3d4e5f60718293a4c1", 0, chat, "shop.test")
    assert our_token(CONNECTION, one) == "a" * 16
    assert our_token(CONNECTION, one.upper()) == "a" * 16
    assert our_token(CONNECTION, one.replace("a" * 16, "b" * 16)) is None
    assert our_token(replace(CONNECTION, webhook_secret="another"), one) is None
    assert our_token(CONNECTION, "m1@customer.test") is None
    address = tagged(CONNECTION, OURS, chat)
    assert tagged_token(CONNECTION, [address], {OURS}) == "a" * 16
    assert tagged_token(CONNECTION, [address], {"sales@shop.test"}) is None
    assert (
        tagged_token(CONNECTION, [f"info+{signed(CONNECTION, 'b' * 16)[:-1]}a@shop.test"], {OURS})
        is None
    )
    assert (token_of(chat), address_of(chat)) == ("a" * 16, CUSTOMER)


async def _chat(inbox: InboxDouble, **given: object) -> str:
    values: dict[str, object] = {
        "address": CUSTOMER,
        "external_id": "new",
        "topic": "",
        "references": (),
        "tag": None,
        "now": NOW,
        **given,
    }
    return await chat_of(inbox, CONNECTION, **values)  # type: ignore[arg-type]


@pytest.fixture
async def inbox() -> InboxDouble:
    """Two chats of a customer, and one of somebody else."""
    found = InboxDouble(CONNECTION)
    for number, (address, topic) in enumerate(
        [(CUSTOMER, "велосипед"), (CUSTOMER, "шатыр"), (OTHER, "велосипед")], 1
    ):
        message = InboundMessage(
            external_id=f"e{number}",
            platform_id=f"m{number}@customer.test",
            chat_id=chat_id_of(f"{'abc'[number - 1]}" * 16, address),
            sender=Sender(external_id=address),
            data={"topic": topic},
        )
        await found.receive(CONNECTION, [message])
    return found


async def test_our_token_comes_first(inbox: InboxDouble) -> None:
    ours = our_message_id(CONNECTION, "1", 0, chat_id_of("d" * 16, CUSTOMER), "shop.test")
    references = ("m1@customer.test", ours)
    assert await _chat(inbox, references=references, topic="шатыр") == f"{'d' * 16}:{CUSTOMER}"
    assert await _chat(inbox, references=references, tag="e" * 16) == f"{'e' * 16}:{CUSTOMER}"


async def test_then_what_is_answered_the_newest_first(inbox: InboxDouble) -> None:
    references = ("unknown@x", "m2@customer.test", "m1@customer.test")
    assert await _chat(inbox, references=references, topic="велосипед") == f"{'b' * 16}:{CUSTOMER}"


async def test_then_the_subject_of_the_same_person(inbox: InboxDouble) -> None:
    assert await _chat(inbox, topic="велосипед") == f"{'a' * 16}:{CUSTOMER}"
    later = NOW + timedelta(days=threads.TOPIC_DAYS + 1)
    assert await _chat(inbox, topic="велосипед", now=later) != f"{'a' * 16}:{CUSTOMER}"


async def test_else_it_is_a_new_one_and_the_same_each_time(inbox: InboxDouble) -> None:
    first = await _chat(inbox, topic="каяк")
    assert first == await _chat(inbox, topic="каяк")
    assert first != await _chat(inbox, topic="каяк", external_id="other")
    assert first.endswith(f":{CUSTOMER}")


async def test_nobody_gets_into_another_ones_chat(inbox: InboxDouble) -> None:
    ours = our_message_id(CONNECTION, "1", 0, chat_id_of("d" * 16, CUSTOMER), "shop.test")
    stranger = "evil@elsewhere.test"
    for given in (
        {"references": (ours,)},
        {"references": ("m1@customer.test",)},
        {"topic": "велосипед"},
        {"tag": "a" * 16},
    ):
        chat = await _chat(inbox, address=stranger, **given)
        assert address_of(chat) == stranger, given


def test_connections_have_tokens_of_their_own() -> None:
    other: Connection = replace(CONNECTION, id="6a1b2c3d4e5f60718293a4b6")
    assert threads.new_token(CONNECTION, "e") != threads.new_token(other, "e")
