"""What goes out to WhatsApp: rendering, cutting, files, templates, pace, windows, refusals."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.whatsapp import templates as templates_module
from connectors.whatsapp.errors import MEANINGS, failure_of
from connectors.whatsapp.formatting import length, shown_parts
from connectors.whatsapp.outbound import render
from connectors.whatsapp.sending import PartSender
from connectors.whatsapp.templates import as_template
from crm.contract import (
    AuthenticationFailedError,
    Button,
    ChatState,
    ConnectorError,
    MessageKind,
    OutboundFile,
    OutboundMessage,
    RejectedError,
    RetryableError,
    TemplateUse,
)
from tests.contract.conftest import WhatsApp, make_whatsapp
from tests.contract.whatsapp_bodies import USER_ID
from tests.fakes.whatsapp_api import ACCOUNT_ID, TOKEN

PHONE = "77010000501"


def outbound(text: str, *buttons: Button, chat_id: str = USER_ID, **more: Any) -> OutboundMessage:
    return OutboundMessage(
        id="m1", chat_id=chat_id, text=text, author_kind="bot", buttons=buttons, **more
    )


def choice(title: str, payload: str | None = None, **more: Any) -> Button:
    return Button(title=title, payload=payload or f"/{title}", **more)


async def send_all(whatsapp: WhatsApp, message: OutboundMessage) -> list[dict[str, Any]]:
    """Every part, as the CRM sends them. Returns what the number has sent."""
    connector, connection = whatsapp.connector, whatsapp.connection
    for part in connector.render(connection, message):
        result = await connector.send(connection, message, part)
        assert result.platform_id == whatsapp.server.number.sent[-1]["id"]
        assert result.state == "sent"
    return whatsapp.server.number.sent


async def test_a_short_text(whatsapp: WhatsApp) -> None:
    (sent,) = await send_all(whatsapp, outbound("Сәлем", reply_to="wamid.Q"))
    assert sent["text"] == {"body": "Сәлем", "preview_url": False}
    assert sent["context"] == {"message_id": "wamid.Q"}


@pytest.mark.parametrize(
    ("chat_id", "address"),
    [
        (USER_ID, {"recipient": USER_ID, "recipient_type": "individual"}),
        ("KZ.ENT.118157", {"recipient": "KZ.ENT.118157", "recipient_type": "individual"}),
        (PHONE, {"to": PHONE, "recipient_type": "individual"}),
        ("group:Y2FwaV9n", {"to": "Y2FwaV9n", "recipient_type": "group"}),
    ],
)
async def test_a_message_finds_its_addressee(
    whatsapp: WhatsApp, chat_id: str, address: dict[str, str]
) -> None:
    (sent,) = await send_all(whatsapp, outbound("x", chat_id=chat_id))
    assert {n: sent[n] for n in ("to", "recipient", "recipient_type") if n in sent} == address


async def test_marks_become_whatsapps_own_and_an_address_gets_its_preview(
    whatsapp: WhatsApp,
) -> None:
    text = "**Сәлем**, _қош_ `код` [сайт](https://tau.kz)"
    (sent,) = await send_all(whatsapp, outbound(text))
    assert sent["text"] == {
        "body": "*Сәлем*, _қош_ `код` сайт (https://tau.kz)",
        "preview_url": True,
    }


def test_a_long_text_is_cut_between_sentences() -> None:
    parts = render(outbound("Жеткізу Астана бойынша екі күн алады. " * 200))
    assert len(parts) == 2
    assert all(part.content["body"].endswith("алады.") for part in parts)


def test_the_answered_message_stands_above_the_first_part() -> None:
    parts = render(outbound("Сөз. " * 1500, reply_to="wamid.Q"))
    assert [part.reply_to for part in parts] == ["wamid.Q", None]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("аб 😀ғ.\n*_`"), min_size=1, max_size=9000))
def test_no_letter_is_lost(text: str) -> None:
    parts = shown_parts(text, 4096, last=1024)
    assert all(0 < length(part) <= 4096 for part in parts)
    assert not parts or length(parts[-1]) <= 1024

    def letters(value: str) -> str:
        return "".join(letter for letter in value if letter not in " \n*_`")

    assert letters("".join(parts)) == letters(text)


def test_what_marks_add_fits_too() -> None:
    bold = "**сөз** " * 1000  # 4 bare letters become 6
    assert all(length(part) <= 4096 for part in shown_parts(bold, 4096))
    address = f"[a](https://a.kz/{'x' * 1500}) " * 5
    assert all(length(part) <= 1024 for part in shown_parts(address, 1024))


async def test_three_choices_are_buttons(whatsapp: WhatsApp) -> None:
    buttons = [choice("Иә", "/affirm"), choice("Жоқ", "/deny"), choice("Адам керек")]
    (sent,) = await send_all(whatsapp, outbound("Растайсыз ба?", *buttons))
    assert sent["interactive"]["type"] == "button"
    assert sent["interactive"]["body"] == {"text": "Растайсыз ба?"}
    replies = [button["reply"] for button in sent["interactive"]["action"]["buttons"]]
    assert replies[0] == {"id": "/affirm", "title": "Иә"}
    told = await whatsapp.server.tap(sent, "Жоқ")
    assert told
    (received,) = whatsapp.inbox.received
    assert (received.payload, received.reply_to) == ("/deny", sent["id"])


@pytest.mark.parametrize(
    ("language", "label"), [("kk", "Таңдау"), ("en", "Choose"), (None, "Выбрать")]
)
async def test_ten_choices_are_a_list(whatsapp: WhatsApp, language: str | None, label: str) -> None:
    long = "Қалалар арасындағы жедел жеткізу"
    buttons = [choice(long, "/0"), choice("Б", description="ертең"), *map(choice, "ВГДЕЁЖЗИ")]
    (sent,) = await send_all(whatsapp, outbound("Қайсысы?", *buttons, language=language))
    action = sent["interactive"]["action"]
    assert action["button"] == label
    rows = action["sections"][0]["rows"]
    assert rows[0] == {"id": "/0", "title": "Қалалар арасындағы жеде…", "description": long}
    assert rows[1]["description"] == "ертең"
    assert "description" not in rows[2]
    await whatsapp.server.tap(sent, "Ё")
    assert whatsapp.inbox.received[0].payload == "/Ё"


@pytest.mark.parametrize(
    "buttons",
    [
        [choice(str(number)) for number in range(11)],
        [choice("Иә", "x" * 257)],
        [choice("Иә", "/1"), choice("Иә", "/2")],
        [choice("Иә", "/1"), choice("Жоқ", "/1")],
        [choice(" ", "/1"), choice("Жоқ", "/2")],
    ],
)
async def test_what_is_no_menu_becomes_a_numbered_list(
    whatsapp: WhatsApp, buttons: list[Button]
) -> None:
    (sent,) = await send_all(whatsapp, outbound("Қайсысы?", *buttons))
    lines = sent["text"]["body"].split("\n")
    assert lines[:2] == ["Қайсысы?", ""]
    assert len(lines) == len(buttons) + 2
    assert lines[2].startswith("1. ")


async def test_a_long_title_makes_a_list_of_few(whatsapp: WhatsApp) -> None:
    (sent,) = await send_all(whatsapp, outbound("?", choice("Маман қоңырау шалсын, иә")))
    assert sent["interactive"]["type"] == "list"


async def test_what_is_said_of_a_choice_makes_a_list_of_few(whatsapp: WhatsApp) -> None:
    (sent,) = await send_all(whatsapp, outbound("?", choice("А", description="ертең"), choice("Б")))
    assert sent["interactive"]["type"] == "list"


@pytest.mark.parametrize("text", ["", "[ ](https://a.kz)"])
async def test_choices_without_words_are_the_words(whatsapp: WhatsApp, text: str) -> None:
    (sent,) = await send_all(whatsapp, outbound(text, choice("Иә"), choice("Жоқ")))
    assert sent["text"]["body"].endswith("1. Иә\n2. Жоқ")


async def test_an_address_opens_from_its_button(whatsapp: WhatsApp) -> None:
    shop = Button(title="Біздің дүкенді қарап шығыңыз", url="https://tau.kz/shop")
    (sent,) = await send_all(whatsapp, outbound("Міне", shop))
    assert sent["interactive"]["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Біздің дүкенді қара…", "url": "https://tau.kz/shop"},
    }


async def test_addresses_beside_choices_are_written_out(whatsapp: WhatsApp) -> None:
    shop = Button(title="Сайт", url="https://tau.kz")
    (sent,) = await send_all(whatsapp, outbound("Міне", choice("Иә"), shop))
    assert sent["interactive"]["body"]["text"] == "Міне\n\nСайт: https://tau.kz"
    assert len(sent["interactive"]["action"]["buttons"]) == 1


async def test_the_place_and_the_number_are_asked_for(whatsapp: WhatsApp) -> None:
    place, number = Button(title="Орным", share="location"), Button(title="Нөмірім", share="phone")
    await send_all(whatsapp, outbound("Қайда?", place))
    await send_all(whatsapp, outbound("Нөміріңіз?", number, choice("Кейін"), choice("Жоқ")))
    first, second = (sent["interactive"] for sent in whatsapp.server.number.sent)
    assert first["type"] == "location_request_message"
    assert second["type"] == "request_contact_info"
    assert second["body"]["text"] == "Нөміріңіз?\n\n1. Кейін\n2. Жоқ"


async def test_a_body_with_buttons_is_short(whatsapp: WhatsApp) -> None:
    sent = await send_all(whatsapp, outbound("Бір сөз. " * 600, choice("Иә")))
    assert [one["type"] for one in sent] == ["text", "text", "interactive"]
    assert length(sent[-1]["interactive"]["body"]["text"]) <= 1024


def file(
    kind: MessageKind,
    mime: str,
    content: bytes = b"bytes",
    *,
    id: str = "f1",  # noqa: A002
    size: int | None = None,
) -> OutboundFile:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return OutboundFile(
        id=id,
        kind=kind,
        name="шот.bin",
        mime=mime,
        size=len(content) if size is None else size,
        url="https://aitys.example.kz/files/token",
        link="https://aitys.example.kz/files/lasting",
        open=chunks,
    )


PICTURE = file(MessageKind.IMAGE, "image/jpeg")


@pytest.mark.parametrize(
    ("kind", "mime", "size", "sent_as", "content"),
    [
        (MessageKind.IMAGE, "image/png", 1, "image", {"caption": "Міне"}),
        (MessageKind.VIDEO, "video/mp4", 1, "video", {"caption": "Міне"}),
        (
            MessageKind.DOCUMENT,
            "application/pdf",
            1,
            "document",
            {"caption": "Міне", "filename": "шот.bin"},
        ),
        (MessageKind.AUDIO, "audio/ogg", 1, "audio", {"voice": True}),
        (MessageKind.AUDIO, "audio/mpeg", 1, "audio", {}),
        (MessageKind.STICKER, "image/webp", 1, "sticker", {}),
        (MessageKind.VIDEO, "video/webm", 1, None, {}),
        (MessageKind.IMAGE, "image/jpeg", 6_000_000, None, {}),
        (MessageKind.DOCUMENT, "application/zip", 1, None, {}),
        (MessageKind.DOCUMENT, "application/pdf", 105_000_000, None, {}),
    ],
)
async def test_files_arrive_as_what_they_are(
    whatsapp: WhatsApp,
    kind: MessageKind,
    mime: str,
    size: int,
    sent_as: str | None,
    content: dict[str, Any],
) -> None:
    attached = file(kind, mime, size=size)
    sent = await send_all(whatsapp, outbound("Міне", attachments=[attached]))
    if sent_as is None:
        bodies = sorted(one["text"]["body"] for one in sent)
        assert bodies == sorted(["Міне", f"шот.bin: {attached.link}"])
        return
    ((media_id, uploaded),) = whatsapp.server.graph.uploads.items()
    assert uploaded == (b"bytes", mime, "шот.bin")
    assert sent[0][sent_as] == {**content, "id": media_id}
    assert len(sent) == (1 if "caption" in content else 2)


async def test_a_picture_stands_above_the_buttons(whatsapp: WhatsApp) -> None:
    message = outbound("Осы ма?", choice("Иә"), attachments=[PICTURE])
    (sent,) = await send_all(whatsapp, message)
    (media_id,) = whatsapp.server.graph.uploads
    assert sent["interactive"]["header"] == {"type": "image", "image": {"id": media_id}}


async def test_a_list_has_no_picture_above_it(whatsapp: WhatsApp) -> None:
    message = outbound("Қайсысы?", *map(choice, "АБВГ"), attachments=[PICTURE])
    first, second = await send_all(whatsapp, message)
    assert "caption" not in first["image"]
    assert second["interactive"]["type"] == "list"


async def test_several_files_go_first_and_in_order(whatsapp: WhatsApp) -> None:
    voice = file(MessageKind.AUDIO, "audio/ogg", b"voice", id="f2")
    message = outbound("Сөз. " * 300, attachments=[PICTURE, voice])
    sent = await send_all(whatsapp, message)
    assert [one["type"] for one in sent] == ["image", "audio", "text"]


async def test_a_large_file_is_streamed_through(whatsapp: WhatsApp) -> None:
    content = bytes(range(256)) * 20_000
    pdf = file(MessageKind.DOCUMENT, "application/pdf", content)
    await send_all(whatsapp, outbound("", attachments=[pdf]))
    assert next(iter(whatsapp.server.graph.uploads.values()))[0] == content


async def test_a_repeated_try_uploads_nothing_again(whatsapp: WhatsApp) -> None:
    message = outbound("Міне", attachments=[PICTURE])
    whatsapp.server.graph.fail("messages", 500, 131016)
    with pytest.raises(RetryableError):
        await send_all(whatsapp, message)
    await send_all(whatsapp, message)
    assert len(whatsapp.server.graph.uploads) == 1
    whatsapp.server.graph.fail("messages", 400, 131053)
    with pytest.raises(RejectedError):
        await send_all(whatsapp, message)
    await send_all(whatsapp, message)  # it may be the upload that was refused
    assert len(whatsapp.server.graph.uploads) == 2


async def test_a_file_that_is_not_taken(whatsapp: WhatsApp) -> None:
    whatsapp.server.graph.fail("media", 400, 131053, "Media upload error")
    with pytest.raises(RejectedError) as refused:
        await send_all(whatsapp, outbound("Міне", attachments=[PICTURE]))
    assert refused.value.code == "media_refused"
    assert whatsapp.server.number.sent == []


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_send(text: str) -> None:
    with pytest.raises(RejectedError) as refused:
        render(outbound(text))
    assert refused.value.code == "empty_message"


# Refusals

CALLS = [
    (429, {"code": 130429}, RetryableError, "rate_limited", 5),
    (429, {"code": 80007, "headers": {"Retry-After": "37"}}, RetryableError, "rate_limited", 37),
    (
        400,
        {
            "code": 80007,
            "headers": {
                "X-Business-Use-Case-Usage": '{"102290129340398": [{"type": "whatsapp", '
                '"call_count": 100, "estimated_time_to_regain_access": 3}]}'
            },
        },
        RetryableError,
        "rate_limited",
        180,
    ),
    (400, {"code": 131056}, RetryableError, "rate_limited", 6),
    (429, {"text": "slow down"}, RetryableError, "rate_limited", 5),
    (400, {"code": 4, "headers": {"Retry-After": "soon"}}, RetryableError, "rate_limited", 60),
    (400, {"code": 131047}, RejectedError, "window_closed", None),
    (400, {"code": 131026}, RejectedError, "customer_unreachable", None),
    (400, {"code": 131050}, RejectedError, "opted_out", None),
    (400, {"code": 131062}, RejectedError, "number_needed", None),
    (400, {"code": 131009, "details": "Bad id"}, RejectedError, "bad_request", None),
    (400, {"code": 987654}, RejectedError, "bad_request", None),
    (400, {"code": 132001}, RejectedError, "template_missing", None),
    (400, {"code": 132015}, RejectedError, "template_paused", None),
    (401, {"code": 190}, AuthenticationFailedError, "token_rejected", None),
    (401, {"code": 190, "subcode": 463}, AuthenticationFailedError, "token_expired", None),
    (403, {"code": 3}, RejectedError, "permission_missing", None),
    (403, {"code": 10}, RejectedError, "permission_missing", None),
    (403, {"code": 200}, RejectedError, "permission_missing", None),
    (403, {"code": 299}, RejectedError, "permission_missing", None),
    (403, {"code": 131005}, RejectedError, "permission_missing", None),
    (401, {"code": 0}, AuthenticationFailedError, "token_rejected", None),
    (400, {"code": 100, "subcode": 33}, AuthenticationFailedError, "number_not_found", None),
    (400, {"code": 368}, AuthenticationFailedError, "account_restricted", None),
    (400, {"code": 133010}, AuthenticationFailedError, "number_not_registered", None),
    (500, {"code": 1}, RetryableError, "platform_unavailable", None),
    (503, {"code": 2}, RetryableError, "platform_unavailable", None),
    (500, {"code": 131000}, RetryableError, "platform_unavailable", None),
    (500, {"code": 987654}, RetryableError, "platform_unavailable", None),
    (500, {"code": 131009}, RetryableError, "platform_unavailable", None),
    (502, {"text": "<html>Bad Gateway</html>"}, RetryableError, "platform_unavailable", None),
    (200, {"text": "<html>ok</html>"}, RetryableError, "platform_unavailable", None),
    (
        400,
        {"text": '{"error": {"message": "no code"}}'},
        RetryableError,
        "platform_unavailable",
        None,
    ),
    (0, {}, RetryableError, "platform_unavailable", None),
]


@pytest.mark.parametrize(("http_status", "fails", "kind", "code", "retry_after"), CALLS)
async def test_errors(
    whatsapp: WhatsApp,
    http_status: int,
    fails: dict[str, Any],
    kind: type[ConnectorError],
    code: str,
    retry_after: float | None,
) -> None:
    whatsapp.server.graph.fail("messages", http_status, **fails)
    with pytest.raises(kind) as caught:
        await send_all(whatsapp, outbound("Сәлем"))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert getattr(caught.value, "retry_after", None) == retry_after
    assert caught.value.detail
    assert TOKEN not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "account_wide"),
    [(130429, True), (80007, True), (4, True), (131057, True), (131056, False), (80008, False)],
)
async def test_whose_limit_it_is(whatsapp: WhatsApp, code: int, account_wide: bool) -> None:
    whatsapp.server.graph.fail("messages", 429, code=code)
    with pytest.raises(RetryableError) as limited:
        await send_all(whatsapp, outbound("Сәлем"))
    assert limited.value.account_wide is account_wide


async def test_an_answer_that_is_lost_is_no_answer(whatsapp: WhatsApp) -> None:
    whatsapp.server.graph.fail("messages", 0, after_doing=True)
    with pytest.raises(RetryableError):
        await send_all(whatsapp, outbound("Сәлем"))
    assert len(whatsapp.server.number.sent) == 1


def test_every_code_of_the_issue_has_a_meaning() -> None:
    for code in (
        *(1, 2, 190, 368, 80007, 130429, 131000, 131016, 131026, 131047, 131051, 131053, 131056),
        *(132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018),
        *(133000, 133004, 133005, 133006, 133008, 133009, 133010, 133015, 133016),
    ):
        assert code in MEANINGS
        known, words = failure_of({"code": code, "title": "Generic error"})
        assert known == MEANINGS[code].code
        assert words.endswith((".", "error"))


# When, and how fast

NOW = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
WINDOW = timedelta(hours=24)
"""Messages without a template go so long after the customer's last one: the platform's rule."""


@pytest.mark.parametrize(
    ("ago", "is_open"),
    [
        (None, False),
        (timedelta(0), True),
        (WINDOW - timedelta(seconds=1), True),
        (WINDOW, False),
        (timedelta(days=3), False),
    ],
)
@pytest.mark.parametrize("author_kind", ["bot", "operator"])
def test_the_window(
    whatsapp: WhatsApp, ago: timedelta | None, is_open: bool, author_kind: str
) -> None:
    last = NOW - ago if ago is not None else None
    chat = ChatState(chat_id=USER_ID, last_inbound_at=last)
    found = whatsapp.connector.reach(whatsapp.connection, chat, author_kind=author_kind, now=NOW)
    assert found.open is is_open
    assert found.code == (None if is_open else "window_closed")
    assert found.until == (last + WINDOW if is_open and last is not None else None)
    assert found.templates
    assert found.tag is None


@pytest.mark.parametrize(("throughput", "a_second"), [(None, 80), (20, 20), (1000, 1000)])
def test_paces(whatsapp: WhatsApp, throughput: int | None, a_second: int) -> None:
    connection = make_whatsapp()
    if throughput is not None:
        account = connection.account
        assert account is not None
        connection = replace(connection, account=replace(account, data={"throughput": throughput}))
    number, pair = whatsapp.connector.paces(connection, USER_ID)
    other = whatsapp.connector.paces(connection, PHONE)[1]
    assert (number.interval, number.burst) == (1 / a_second, max(1, a_second // 8))
    assert (pair.interval, pair.burst) == (6.0, 45)
    assert connection.id in number.key
    assert len({number.key, pair.key, other.key}) == 3


# Templates: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview


def template(name: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "name": name,
        "language": "kk",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": list(components),
        **more,
    }


ORDER = template(
    "order",
    {"type": "HEADER", "format": "TEXT", "text": "{{1}} тапсырысы"},
    {"type": "BODY", "text": "{{2}}, тапсырысыңыз {{1}} күні келеді. {{2}}!"},
    {"type": "FOOTER", "text": "Tau Demo"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Рақмет"},
            {"type": "URL", "text": "Қарау", "url": "https://tau.kz/o/{{1}}", "example": ["x"]},
            {"type": "PHONE_NUMBER", "text": "Қоңырау", "phone_number": "+77273555010"},
        ],
    },
)
NAMED = template(
    "visit",
    {"type": "BODY", "text": "{{name}}, сізді {{ day }} күтеміз. {{name}}!"},
    parameter_format="NAMED",
)
PHOTO = template(
    "sale", {"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Жеңілдік"}
)
CODE = template(
    "code",
    {"type": "BODY", "text": "*{{1}}* — сіздің кодыңыз."},
    {
        "type": "BUTTONS",
        "buttons": [
            {
                "type": "URL",
                "text": "Көшіру",
                "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
            }
        ],
    },
    category="AUTHENTICATION",
)
COUPON = template(
    "coupon",
    {"type": "BODY", "text": "Сізге купон"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "COPY_CODE", "text": "Көшіру", "example": ["TAU7"]},
            {"type": "FLOW", "text": "Толтыру", "flow_id": "7"},
        ],
    },
)


@pytest.fixture
def catalogue(whatsapp: WhatsApp) -> list[dict[str, Any]]:
    known = whatsapp.server.graph.accounts[ACCOUNT_ID].templates
    known += [ORDER, NAMED, PHOTO, CODE, COUPON]
    return known


def using(name: str, **more: Any) -> OutboundMessage:
    use = TemplateUse(name=name, language="kk", **more)
    return outbound("", template=use, chat_id=PHONE)


def text(value: str, **more: str) -> dict[str, str]:
    return {"type": "text", **more, "text": value}


async def test_a_template_with_positional_variables(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    message = using(
        "order",
        header=["№7"],
        body=["сейсенбі", " Айгүл\nханым\t "],
        buttons={0: "/thanks", 1: "o7"},
    )
    (sent,) = await send_all(whatsapp, message)
    assert sent["template"] == {
        "name": "order",
        "language": {"code": "kk"},
        "components": [
            {"type": "header", "parameters": [text("№7")]},
            {"type": "body", "parameters": [text("сейсенбі"), text("Айгүл ханым")]},
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "/thanks"}],
            },
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("o7")]},
        ],
    }


async def test_a_template_with_named_variables(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    (sent,) = await send_all(whatsapp, using("visit", body=["Айгүл", "ертең"]))
    assert sent["template"]["components"] == [
        {
            "type": "body",
            "parameters": [
                text("Айгүл", parameter_name="name"),
                text("ертең", parameter_name="day"),
            ],
        }
    ]


async def test_a_template_with_a_picture(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    (sent,) = await send_all(whatsapp, replace(using("sale"), attachments=[PICTURE]))
    (media_id,) = whatsapp.server.graph.uploads
    image = {"type": "image", "image": {"id": media_id}}
    assert sent["template"]["components"] == [{"type": "header", "parameters": [image]}]
    await send_all(whatsapp, using("sale", header=["https://tau.kz/a.jpg"]))
    (header,) = whatsapp.server.number.sent[1]["template"]["components"]
    assert header["parameters"][0]["image"] == {"link": "https://tau.kz/a.jpg"}


async def test_a_code_is_copied_by_its_button(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    (sent,) = await send_all(whatsapp, using("code", body=["482915"]))
    button = {"type": "button", "sub_type": "url", "index": "0", "parameters": [text("482915")]}
    assert sent["template"]["components"][1] == button
    await send_all(whatsapp, using("coupon", buttons={0: "TAU7"}))
    coupon, flow = whatsapp.server.number.sent[1]["template"]["components"]
    assert coupon["parameters"] == [{"type": "coupon_code", "coupon_code": "TAU7"}]
    assert (flow["sub_type"], flow["index"]) == ("flow", "1")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (using("nothing"), "template_missing"),
        (using("order", body=["a", "b"], buttons={1: "x"}), "template_variables"),
        (using("order", header=["a"], body=["a"], buttons={1: "x"}), "template_variables"),
        (using("order", header=["a"], body=["a", " "], buttons={1: "x"}), "template_variables"),
        (using("order", header=["a"], body=["a", "b"]), "template_variables"),
        (using("sale"), "template_variables"),
        (using("sale", header=["http://tau.kz/a.jpg"]), "template_variables"),
        (using("coupon"), "template_variables"),
    ],
)
async def test_a_template_that_cannot_go(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]], message: OutboundMessage, code: str
) -> None:
    with pytest.raises(RejectedError) as refused:
        await send_all(whatsapp, message)
    assert refused.value.code == code
    assert whatsapp.server.number.sent == []


@pytest.mark.parametrize("refusal", [{"code": 100, "subcode": 33}, {"code": 200}, {"code": 10}])
async def test_templates_that_may_not_be_read_are_no_fault_of_the_number(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]], refusal: dict[str, Any]
) -> None:
    whatsapp.server.graph.fail("message_templates", 400, **refusal)
    with pytest.raises(RejectedError) as refused:
        await send_all(whatsapp, using("order", header=["a"], body=["a", "b"], buttons={1: "x"}))
    assert refused.value.code == "permission_missing"
    await send_all(whatsapp, outbound("Сәлем"))


async def test_a_template_is_looked_up_once_and_again_after_a_refusal(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    for _ in range(3):
        await send_all(whatsapp, using("visit", body=["a", "b"]))
    lookups = [call for call, _ in whatsapp.server.graph.calls if "message_templates" in call]
    assert len(lookups) == 1
    catalogue[1] = {**NAMED, "status": "PAUSED"}
    with pytest.raises(RejectedError) as refused:
        await send_all(whatsapp, using("visit", body=["a", "b"]))
    assert refused.value.code == "template_paused"
    with pytest.raises(RejectedError):
        await send_all(whatsapp, using("visit", body=["a", "b"]))
    lookups = [call for call, _ in whatsapp.server.graph.calls if "message_templates" in call]
    assert len(lookups) == 2


async def test_templates_are_read_anew_after_some_minutes(
    whatsapp: WhatsApp, catalogue: list[dict[str, Any]]
) -> None:
    moment = [0.0]
    sender = PartSender(whatsapp.connector._graphs, clock=lambda: moment[0])
    config = whatsapp.connector.config_model.model_validate(whatsapp.connection.config)
    message = using("visit", body=["a", "b"])
    for seconds in (0.0, 599.0, 601.0):
        moment[0] = seconds
        await sender.send(config, message, render(message)[0])  # type: ignore[arg-type]
    lookups = [call for call, _ in whatsapp.server.graph.calls if "message_templates" in call]
    assert len(lookups) == 2


async def test_all_templates_are_synced_in_all_languages(
    whatsapp: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates_module, "_A_PAGE", 2)
    known = whatsapp.server.graph.accounts[ACCOUNT_ID].templates
    known += [ORDER, {**ORDER, "language": "ru"}, NAMED, CODE, PHOTO]
    found = await whatsapp.connector.templates(whatsapp.connection)
    assert [(one.name, one.language) for one in found] == [
        ("order", "kk"),
        ("order", "ru"),
        ("visit", "kk"),
        ("code", "kk"),
        ("sale", "kk"),
    ]


def test_what_a_template_is_shown_as() -> None:
    shown = as_template(ORDER)
    assert shown is not None
    assert (shown.status, shown.category) == ("approved", "utility")
    assert (shown.header, shown.header_kind, shown.footer) == (
        "{{1}} тапсырысы",
        "text",
        "Tau Demo",
    )
    assert shown.variables == ["1", "2"]
    assert [(b["type"], b["variable"]) for b in shown.buttons] == [
        ("quick_reply", False),
        ("url", True),
        ("phone_number", False),
    ]
    named = as_template(NAMED)
    assert named is not None
    assert named.variables == ["name", "day"]
    photo = as_template(PHOTO)
    assert photo is not None
    assert (photo.header, photo.header_kind) == (None, "image")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("APPROVED", "approved"),
        ("PENDING", "pending"),
        ("IN_APPEAL", "pending"),
        ("PAUSED", "paused"),
        ("REJECTED", "rejected"),
        ("DISABLED", "rejected"),
        (None, "rejected"),
    ],
)
def test_the_state_of_a_template(told: str | None, status: str) -> None:
    shown = as_template({**ORDER, "status": told, "rejected_reason": "INVALID_FORMAT"})
    assert shown is not None
    assert shown.status == status
    assert shown.reason == "INVALID_FORMAT"
    assert as_template({**ORDER, "name": None}) is None
    fine = as_template({**ORDER, "rejected_reason": "NONE"})
    assert fine is not None
    assert fine.reason is None
