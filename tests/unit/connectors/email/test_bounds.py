"""Mails that are made to be dear are shown, and not taken apart."""

from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from connectors.email import bounds
from connectors.email.bounds import is_too_complex
from connectors.email.mail import read_mail
from tests.support.growth import assert_gentle_growth
from tests.unit.connectors.email.conftest import CUSTOMER, MAILS, OURS, raw_mail

HEAD = f"From: Aigul <{CUSTOMER}>\r\nTo: {OURS}\r\nSubject: Deep\r\nMessage-ID: <d@customer.test>\r\n".encode()


def nested(depth: int, parameter: str = 'boundary="{0}"', *, lines: int = 100) -> bytes:
    """Parts within parts; the parser looks at each line once for each of them."""
    head = "".join(
        f"Content-Type: multipart/mixed; {parameter.format(f'b{n}')}\r\n\r\n--b{n}\r\n"
        for n in range(depth)
    )
    return HEAD + head.encode() + b"Content-Type: text/plain\r\n\r\n" + b"-\r\n" * lines


def messages(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\nhello\r\n"


def parts(count: int) -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * count


DEAR = {
    "parts within parts": nested(300),
    "a parameter in pieces": nested(300, "boundary*0={0}; x=y"),
    "an encoded parameter": nested(300, "BOUNDARY*=us-ascii''{0}"),
    "a folded parameter": nested(300, "boundary\r\n =\r\n {0}"),
    "mails within mails": messages(300),
    "folded mails within mails": messages(300).replace(b"Type: m", b"Type:\r\n m"),
    "many parts": parts(30_000),
    "many parts on old Macs' lines": parts(30_000).replace(b"\r\n", b"\r"),
    "many parts within parts of many lines": nested(90, lines=300_000),
    "many lines": HEAD + b"\r\n" + b"\n" * (bounds.MAX_LINES + 10),
    "many of old Macs' lines": HEAD + b"\r\n" + b"\r" * (bounds.MAX_LINES + 10),
}


@pytest.mark.parametrize("shape", sorted(DEAR))
def test_such_a_mail_is_shown_with_all_that_it_is(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = BytesParser.parsebytes

    def headers_only(self: BytesParser, text: bytes, headersonly: bool = False) -> object:
        assert headersonly
        return parse(self, text, headersonly=True)

    monkeypatch.setattr(BytesParser, "parsebytes", headers_only)
    raw = DEAR[shape]
    mail = read_mail(raw, own={OURS})
    assert mail.unsupported == ("too_complex",)
    assert mail.automatic == "unreadable"
    (file,) = mail.files
    assert (file.name, file.content, file.cut) == ("message.eml", raw, False)
    if HEAD in raw:
        assert (mail.text, mail.subject) == ("Deep", "Deep")
        assert mail.sender is not None
        assert (mail.sender.value, mail.message_id) == (CUSTOMER, "d@customer.test")


def test_of_a_part_of_such_a_mail_it_is_said_that_it_is_cut() -> None:
    mail = read_mail(nested(300), own={OURS}, partial=True)
    assert [file.cut for file in mail.files] == [True]


@pytest.mark.parametrize("name", sorted(path.stem for path in MAILS.glob("*.eml")))
def test_mails_as_programs_write_them_are_taken_apart(name: str) -> None:
    assert not is_too_complex(raw_mail(name))


def test_many_forwarded_mails_are_taken_apart() -> None:
    bundle = EmailMessage()
    bundle["From"], bundle["To"], bundle["Subject"] = CUSTOMER, OURS, "Fwd: 30"
    bundle.set_content("Міне")
    for number in range(30):
        one = EmailMessage()
        one["Subject"] = str(number)
        one.set_content("Сәлем -- boundary, message/rfc822\n--\n")
        one.add_alternative("<p>Сәлем</p>", subtype="html")
        bundle.add_attachment(one)
    mail = read_mail(bundle.as_bytes(), own={OURS})
    assert len(mail.files) == 30
    assert mail.text == "Міне"


def test_looking_costs_little() -> None:
    assert_gentle_growth(is_too_complex, lambda n: HEAD + b"boundary \r\n" * n, 200_000)
    assert_gentle_growth(is_too_complex, lambda n: HEAD + b"boundary" + b" " * n, 2_000_000)
    assert_gentle_growth(is_too_complex, lambda n: HEAD + b"content-type:" * n, 200_000)


def test_the_deepest_mail_that_is_read_costs_its_depth_and_no_more() -> None:
    deepest = bounds.MAX_BOUNDARIES
    assert not is_too_complex(nested(deepest))
    assert_gentle_growth(read_mail, lambda lines: nested(deepest, lines=lines), 4_000)
