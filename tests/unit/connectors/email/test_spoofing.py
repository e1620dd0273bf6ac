"""Mails that are not from whom they say: answers to a customer go to that customer only."""

from typing import Any

import pytest

from connectors.email.config import EmailConfig
from connectors.email.mail import read_mail
from connectors.email.outbound import render
from connectors.email.reception import take_in
from connectors.email.threads import address_of, chat_id_of
from crm.contract import InboundMessage, OutboundMessage, Sender
from tests.contract.inbox import InboxDouble
from tests.unit.connectors.email.conftest import CONNECTION, CUSTOMER, OUR_ID, OURS

THIEF = "thief@evil.test"
CHAT = chat_id_of("a" * 16, CUSTOMER)
"""Where ``OUR_ID`` was sent to; the customer has written there, too."""
FAILED = "mx.shop.test; spf=fail smtp.mailfrom=evil.test; dkim=none; dmarc=fail (p=none) header.from=customer.test"


def raw(text: str = "Мекенжайым қандай?", **headers: str) -> bytes:
    fields = {
        "From": f"Aigul <{CUSTOMER}>",
        "To": OURS,
        "Subject": "Re: Velosiped",
        "Message-ID": "<q1@evil.test>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


@pytest.fixture
async def inbox() -> InboxDouble:
    """A customer has a chat with us."""
    found = InboxDouble(CONNECTION)
    message = InboundMessage(
        external_id="e1",
        platform_id="m1@customer.test",
        chat_id=CHAT,
        sender=Sender(external_id=CUSTOMER),
        data={"topic": "velosiped"},
    )
    await found.receive(CONNECTION, [message])
    return found


async def taken_in(inbox: InboxDouble, mail: bytes) -> InboundMessage:
    config = EmailConfig.model_validate(dict(CONNECTION.config))
    await take_in(
        mail,
        inbox=inbox,
        connection=CONNECTION,
        config=config,
        size=len(mail),
        received_at=None,
    )
    return inbox.received[-1]


def recipient_of(message: InboundMessage, **more: Any) -> str:
    config = EmailConfig.model_validate(dict(CONNECTION.config))
    answer = OutboundMessage(
        id="m1",
        chat_id=message.chat_id,
        text="Мекенжайыңыз: …",
        author_kind="operator",
        thread=message.data["thread"] | more,
    )
    return render(CONNECTION, config, answer)[0].recipient


async def test_the_customers_own_mail_joins_their_chat(inbox: InboxDouble) -> None:
    message = await taken_in(inbox, raw())
    assert message.chat_id == CHAT
    assert message.answerable
    assert recipient_of(message) == CUSTOMER
    same = await taken_in(inbox, raw(Message_ID="<q2@x>", Reply_To=f"A <{CUSTOMER.upper()}>"))
    assert same.chat_id == CHAT


async def test_answers_are_not_led_elsewhere(inbox: InboxDouble) -> None:
    message = await taken_in(inbox, raw(Reply_To=f"<{THIEF}>"))
    assert message.chat_id != CHAT
    assert address_of(message.chat_id) == THIEF == recipient_of(message)
    assert message.sender.external_id not in {CUSTOMER, THIEF}, "it is neither's own"
    assert message.sender.email == THIEF
    assert message.data["writer"] == f"Aigul <{CUSTOMER}>"


async def test_a_chat_keeps_its_address_whatever_its_mails_say(inbox: InboxDouble) -> None:
    message = await taken_in(inbox, raw())
    assert recipient_of(message, to=THIEF) == CUSTOMER


@pytest.mark.parametrize("field", ["In_Reply_To", "References"])
async def test_a_message_id_that_others_know_is_no_proof(inbox: InboxDouble, field: str) -> None:
    given = {field: "<m1@customer.test>"}
    assert (await taken_in(inbox, raw(**given, Reply_To=THIEF))).chat_id != CHAT
    refuted = raw(**given, Message_ID="<q2@x>", Authentication_Results=FAILED)
    assert (await taken_in(inbox, refuted)).chat_id != CHAT
    assert (await taken_in(inbox, raw(**given, Message_ID="<q3@x>"))).chat_id == CHAT


async def test_our_token_is_a_proof_and_keeps_the_answers_address(inbox: InboxDouble) -> None:
    """They have got our mail, and want answers elsewhere: in a chat of that address."""
    mail = raw(In_Reply_To=f"<{OUR_ID}>", Reply_To="work@customer.test")
    message = await taken_in(inbox, mail)
    assert message.chat_id == chat_id_of("a" * 16, "work@customer.test")
    back = raw(In_Reply_To=f"<{OUR_ID}>", Message_ID="<q2@x>", Authentication_Results=FAILED)
    assert (await taken_in(inbox, back)).chat_id == CHAT


async def test_a_mail_that_is_refuted_is_not_answered_and_says_so(inbox: InboxDouble) -> None:
    message = await taken_in(inbox, raw(Authentication_Results=FAILED))
    assert not message.answerable
    assert message.data["automatic"] == "not_proven"
    assert message.chat_id != CHAT, "the subject is no proof"


@pytest.mark.parametrize(
    "told",
    [
        FAILED,
        # https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo
        "spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=evil.test; dkim=none (message not signed) header.d=none;dmarc=fail action=none header.from=customer.test;reason=000",
        "mx.google.com;\r\n       spf=fail smtp.mailfrom=x@evil.test;\r\n       DMARC=FAIL (p=REJECT) header.from=c.test",
    ],
)
def test_servers_say_it_in_their_ways(told: str) -> None:
    assert read_mail(raw(Authentication_Results=told), own={OURS}).refuted


@pytest.mark.parametrize(
    "told",
    [
        "",
        "mx.shop.test; dmarc=pass (p=none) header.from=customer.test",
        "mx.shop.test; dmarc=none; spf=fail smtp.mailfrom=customer.test",
        "mx.shop.test; arc=pass (i=1 spf=pass dmarc=fail) ; dmarc=pass",
        # the topmost is our server's; the one below came with the mail
        f"mx.shop.test; dmarc=pass\r\nAuthentication-Results: {FAILED}",
    ],
)
def test_what_others_say_below_is_not_believed(told: str) -> None:
    assert not read_mail(raw(Authentication_Results=told), own={OURS}).refuted


async def test_a_form_of_our_own_names_the_customer(inbox: InboxDouble) -> None:
    mail = raw(From=f"Site <{OURS}>", Reply_To=f"Aigul <{CUSTOMER}>", Subject="Form")
    message = await taken_in(inbox, mail)
    assert message.sender.external_id == CUSTOMER
    assert address_of(message.chat_id) == CUSTOMER
    assert message.answerable
    again = mail.replace(b"q1@", b"q2@")
    assert (await taken_in(inbox, again)).chat_id != message.chat_id


async def test_a_robot_is_one_whatever_address_it_wants_answers_at(inbox: InboxDouble) -> None:
    message = await taken_in(inbox, raw(From="no-reply@forms.test", Reply_To=CUSTOMER))
    assert message.data["automatic"] == "robot"
