"""What a file is, by its content; what is refused, whatever it is called."""

import io
import zipfile

import openpyxl
import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crm.files.errors import FileNotAllowed
from crm.files.sniffing import HEAD_BYTES, type_of
from crm.files.types import DOCX, ENDINGS, REFUSED_ENDINGS, TYPE_OF_ENDING, XLSX


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, "<x/>" * 10)
    return made.getvalue()


def odt() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        file.writestr("content.xml", "<x/>")
    return made.getvalue()


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, kind)
    return made.getvalue()


def written(document: object) -> bytes:
    made = io.BytesIO()
    document.save(made)  # type: ignore[attr-defined]
    return made.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "mime"),
    [
        (picture("JPEG"), "a.jpg", "image/jpeg"),
        (picture("PNG"), "a.jpg", "image/png"),
        (picture("GIF"), "a", "image/gif"),
        (picture("WEBP"), "a", "image/webp"),
        (picture("BMP"), "a", "image/bmp"),
        (picture("TIFF"), "a", "image/tiff"),
        (written(Document()), "a.docx", DOCX),
        (written(openpyxl.Workbook()), "a.xlsx", XLSX),
        (written(Document()), "a.pdf", DOCX),
        (odt(), "a.odt", "application/vnd.oasis.opendocument.text"),
        (archive("a.txt", "b/c.txt"), "a.docx", "application/zip"),
        (b"%PDF-1.7\n%\xe2\xe3", "a", "application/pdf"),
        (b"{\\rtf1\\ansi", "a.rtf", "application/rtf"),
        (b"OggS\0\x02" + bytes(20) + b"OpusHead", "voice", "audio/ogg"),
        (b"ID3\x04\0\0" + bytes(20), "a.mp3", "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(20), "a", "audio/mpeg"),
        (b"\xff\xf1\x50\x80" + bytes(20), "a", "audio/aac"),
        (b"#!AMR\n\x3c", "a.amr", "audio/amr"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0", "a", "video/mp4"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "IMG_1.HEIC", "image/heic"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "a.mov", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "a", "video/webm"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a", "audio/wav"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "sticker.tgs", "application/x-tgsticker"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a.gz", "application/gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "a.doc", "application/msword"),
        ("имя;цена\nвелосипед;1".encode("cp1251"), "прайс.csv", "text/csv"),
        ("Список покупок".encode(), "a.txt", "text/plain"),
        ("Список".encode("utf-16"), "a.txt", "text/plain"),
        (b"BEGIN:VCARD\nFN:A", "a.vcf", "text/vcard"),
        (b'<?xml version="1.0"?><order/>', "a.xml", "application/xml"),
        ("Текст, начатый буквой".encode()[: HEAD_BYTES - 1] + b"\xd0", "a.txt", "text/plain"),
        ("а < b и <b>жирный</b>".encode(), "a.txt", "text/plain"),
        (b"\x30\x82\x0b\xf9\x06\x09\x2a", "act.p7s", "application/pkcs7-mime"),
    ],
)
def test_content_tells_the_type(head: bytes, name: str, mime: str) -> None:
    assert type_of(head[:HEAD_BYTES], name=name) == mime


def test_what_the_sender_says_decides_only_between_sound_and_picture() -> None:
    container = b"\0\0\0\x20ftypmp42\0\0\x02\0"
    assert type_of(container, name="a", claimed="audio/mp4") == "audio/mp4"
    assert type_of(container, name="a", claimed="text/html") == "video/mp4"
    assert type_of(picture("PNG"), name="a", claimed="application/pdf") == "image/png"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "photo.jpg"),
        (b"\n\t <HTML>", "a.txt"),
        (b"<!-- a --> <!-- b -->\n<script>", "a.csv"),
        (b"\xef\xbb\xbf<svg onload=alert(1)>", "logo.png"),
        (
            b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
            "a.xml",
        ),
        (b'<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><a/>', "a.xml"),
        ("<html>".encode("utf-16"), "a.txt"),
        (b"<svg/>", "logo.svg"),
        (b"plain words", "page.html"),
        (b"alert(1)", "a.js"),
        (b"MZ\x90\0\x03\0\0\0", "photo.jpg"),
        (b"\x7fELF\x02\x01\x01\0", "a.pdf"),
        (b"#!/bin/sh\nrm -rf ~", "a.txt"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "a.doc"),
        (b"L\0\0\0\x01\x14\x02\0", "a.txt"),
        (b"\0asm\x01\0\0\0", "a.txt"),
        (bytes(range(256)), "a.bin"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "setup.bin"),
        (archive("META-INF/MANIFEST.MF", "a.class"), "a.zip"),
        (archive("res/a", "AndroidManifest.xml"), "game.zip"),
        (written(Document()), "letter.docm"),
        (picture("PNG"), "photo.png.exe"),
        (picture("PNG"), "photo.SCR"),
    ],
)
def test_what_could_be_run_is_refused(head: bytes, name: str) -> None:
    with pytest.raises(FileNotAllowed):
        type_of(head, name=name)


def test_nothing_that_is_refused_stands_in_the_table() -> None:
    assert not set(TYPE_OF_ENDING) & REFUSED_ENDINGS
    assert {"text/html", "image/svg+xml", "application/xhtml+xml"}.isdisjoint(ENDINGS)


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"RIFF", b"\xff", b"<!--"]))
def test_any_content_is_of_a_known_type_or_refused(content: bytes, start: bytes) -> None:
    try:
        assert type_of(start + content, name="a") in ENDINGS
    except FileNotAllowed:
        return
