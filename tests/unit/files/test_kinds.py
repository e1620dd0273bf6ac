"""What a file is shown as."""

import pytest

from crm.contract import Attachment, MessageKind
from crm.core.clock import utc_now
from crm.files.attachments import attachment_read, due_at, inbound_row, kind_of, shown_kind


@pytest.mark.parametrize(
    ("claimed", "mime", "shown"),
    [
        ("image", "image/jpeg", "image"),
        ("image", "application/pdf", "document"),
        ("image", "image/heic", "document"),
        ("image", "video/mp4", "video"),
        ("document", "image/png", "document"),
        ("sticker", "image/webp", "sticker"),
        ("sticker", "application/x-tgsticker", "sticker"),
        ("sticker", "application/zip", "document"),
        ("video", "image/gif", "video"),
        ("video", "audio/ogg", "audio"),
        ("audio", "text/plain", "document"),
        ("unsupported", "image/png", "image"),
    ],
)
def test_a_file_is_shown_as_what_its_content_can_be(claimed: str, mime: str, shown: str) -> None:
    assert shown_kind(claimed, mime) == shown


def test_a_drawing_for_a_workshop_is_no_picture() -> None:
    assert [kind_of(mime) for mime in ("image/png", "image/vnd.dwg", "image/tiff")] == [
        "image",
        "document",
        "document",
    ]


def test_what_a_platform_announces_waits_and_shows_nothing_that_is_its_own() -> None:
    given = Attachment(
        kind=MessageKind.AUDIO, ref={"secret": "1"}, name="../a\x00.ogg", duration=3.5
    )
    row = inbound_row(given)
    now = utc_now()
    assert (row["name"], row["state"], due_at([row], now)) == ("a.ogg", "waiting", now)
    shown = attachment_read({**row, "file_id": "x"})
    assert "ref" not in shown
    assert (shown["file_id"], shown["duration"]) == (None, 3.5)
    refused = inbound_row(Attachment(kind=MessageKind.IMAGE, error={"code": "c", "detail": "d"}))
    assert (refused["state"], due_at([refused], now), due_at([], now)) == ("refused", None, None)
