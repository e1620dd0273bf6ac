"""Names of strangers' files: safe on every system, and honest about the content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.core.file_names import MAX_NAME_BYTES, safe_file_name
from crm.files.names import honest_name, safe_name
from crm.files.types import DOCX


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Прайс 2026.pdf", "Прайс 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\счёт.docx", "счёт.docx"),
        ("a\x00b\r\nc\x7f.txt", "ab c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b\u2066\ufeff.png", "a.png"),
        ("two  \u2028  lines.txt", "two lines.txt"),
        ("..", ""),
        ("...hidden", "hidden"),
        ("ends. . .", "ends"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1 .log", "_com1 .log"),
        ("conference.pdf", "conference.pdf"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("%D0%B0%D0%BA%D1%82.pdf", "акт.pdf"),
        ("100%25.txt", "100%25.txt"),
        ("lone\ud800surrogate.txt", "lonesurrogate.txt"),
    ],
)
def test_what_no_name_should_have_goes(given: str, kept: str) -> None:
    assert safe_file_name(given) == kept


def test_long_names_keep_their_ending_and_whole_letters() -> None:
    name = safe_file_name("договор" * 100 + ".docx")
    assert set(name.removesuffix(".docx")) == set("договор")
    assert MAX_NAME_BYTES - 3 < len(name.encode()) <= MAX_NAME_BYTES
    no_ending = safe_file_name("я" * 300 + "." + "ы" * 300)
    assert 0 < len(no_ending.encode()) <= MAX_NAME_BYTES


@given(st.text(max_size=400))
def test_any_name_becomes_safe_and_stays_so(text: str) -> None:
    name = safe_name(text)
    assert name
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('/\\<>:"|?*\x00\n\r\u202e')
    assert name.strip(". ") == name
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("given", "mime", "kept"),
    [
        ("photo.jpg", "image/png", "photo.png"),
        ("photo.JPEG", "image/jpeg", "photo.JPEG"),
        ("report.docx", "application/zip", "report.docx.zip"),
        ("report.docx", DOCX, "report.docx"),
        ("page.jpg", "application/pdf", "page.jpg.pdf"),
        (None, "image/webp", "file.webp"),
        ("Голос", "audio/ogg", "Голос.ogg"),
        ("v1.2", "application/pdf", "v1.2.pdf"),
        ("notes.log", "text/plain", "notes.log"),
    ],
)
def test_the_ending_tells_the_truth(given: str | None, mime: str, kept: str) -> None:
    assert honest_name(given, mime) == kept
