"""A rendered mail as bytes: text and HTML of the same words, files, and the header. Pure."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from connectors.base.marks import Mark, bare, read_marks
from connectors.email.headers import decoded_words
from connectors.email.outbound import Part

_POLICY: Final = SMTP.clone(cte_type="7bit")
_LINK: Final = re.compile(r"https?://[^\s<>\"]{1,2000}[^\s<>\".,;:!?)\]»]")
_FOLDED_ID: Final = re.compile(rb"(?im)^((?:message-id|in-reply-to|references):)\r\n[ \t]")
_TAGS: Final = {"bold": "strong", "italic": "em", "code": "code"}
_STYLE: Final = (
    "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;color:#1f2328"
)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file to attach, with its bytes."""

    name: str
    mime: str
    content: bytes = field(repr=False)


def composed(part: Part, files: Sequence[ReadFile], *, now: datetime) -> bytes:
    """The mail as SMTP takes it: lines end with CRLF, and every byte is ASCII."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(part.sender, part.sender_name)
    mail["To"] = _address(part.recipient)
    mail["Subject"] = _line(part.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{part.message_id}>"
    if part.in_reply_to and _is_id(part.in_reply_to):
        mail["In-Reply-To"] = f"<{part.in_reply_to}>"
    if references := [one for one in part.references if _is_id(one)]:
        mail["References"] = " ".join(f"<{one}>" for one in references)
    if part.reply_to:
        mail["Reply-To"] = _address(part.reply_to, part.sender_name)
    if part.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"  # Exchange and Outlook do not know RFC 3834
    if part.text or not files:
        marked = read_marks(_letters(part.text))
        plain, signature = marked.shown(bare), _letters(part.signature).strip()
        mail.set_content(
            plain + (f"\n\n-- \n{signature}" if signature else "") + "\n", cte=_transfer(plain)
        )
        shown = html_of(marked.shown(_html_piece), signature)
        mail.add_alternative(shown, subtype="html", cte=_transfer(shown))
    for file in files:
        main, _, sub = _mime(file).partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=_line(file.name))
    head, blank, body = mail.as_bytes(policy=_POLICY).partition(b"\r\n\r\n")
    # Some mail programs do not see an id that stands on the line after its field's name.
    return _FOLDED_ID.sub(rb"\1 ", head) + blank + body


def html_of(body: str, signature: str) -> str:
    """A whole HTML text; ``body`` is escaped and marked already."""
    paragraphs = [block for block in re.split(r"\n{2,}", body) if block.strip()]
    blocks = [f'<p style="margin:0 0 1em">{_broken(block)}</p>' for block in paragraphs]
    if signature:
        blocks.append(
            f'<p style="margin:1.5em 0 0;color:#656d76">-- <br>{_broken(html.escape(signature))}</p>'
        )
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head>'
        f'<body><div style="{_STYLE}">{"".join(blocks)}</div></body></html>\n'
    )


def _html_piece(piece: str, mark: Mark | None) -> str:
    if mark is None:
        return _linked(piece)
    if mark.url is not None:
        return f'<a href="{html.escape(mark.url)}">{html.escape(piece)}</a>'
    tag = _TAGS[mark.kind]
    return f"<{tag}>{html.escape(piece)}</{tag}>"


def _linked(piece: str) -> str:
    """Escaped, with addresses as links."""
    found: list[str] = []
    place = 0
    for match in _LINK.finditer(piece):
        url = html.escape(match[0])
        found += [html.escape(piece[place : match.start()]), f'<a href="{url}">{url}</a>']
        place = match.end()
    found.append(html.escape(piece[place:]))
    return "".join(found)


def _broken(text: str) -> str:
    """Line breaks as HTML has them, each also in the source: SMTP limits the length of lines."""
    return text.strip("\n").replace("\n", "<br>\n")


def _transfer(text: str) -> str:
    """Quoted-printable where most letters are Latin: readable raw, and smaller; else base64."""
    foreign = sum(letter > "\x7f" for letter in text)
    return "base64" if foreign * 4 > len(text) else "quoted-printable"


def _mime(file: ReadFile) -> str:
    if re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", file.mime) and not file.mime.startswith(
        ("multipart/", "message/")
    ):
        return file.mime
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _address(value: str, name: str = "") -> Address:
    local, _, domain = value.rpartition("@")
    return Address(_line(name), username=local, domain=domain)


def _line(text: str) -> str:
    """One line: nothing that could begin another field, also not once it is decoded."""
    return " ".join(_letters(decoded_words(text)).split())


def _letters(text: str) -> str:
    """Without null bytes and lone surrogates, which no mail can carry."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _is_id(value: str) -> bool:
    return re.fullmatch(r"[!-;=?-~]{1,900}", value) is not None
