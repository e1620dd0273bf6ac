import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.privacy import logs
from bot.privacy.logs import install_log_masking, mask_identifiers

SECRETS = ("87011234567", "701 123 45 67", "asel@mail.ru", "900101300017", "Абая 10")


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """Give a logger of a process whose logs are masked, and what it writes."""
    before = logging.getLogRecordFactory(), sys.excepthook, threading.excepthook
    install_log_masking()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("tests.masked")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield logger, written
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before[0])
        sys.excepthook, threading.excepthook = before[1:]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to 8 701 123 45 67", "to <PHONE>"),
        ("from asel@mail.ru", "from <EMAIL>"),
        ("IIN 900101300017", "IIN <IIN>"),
        ("card 4111 1111 1111 1111", "card <CARD>"),
        ("доставка: ул. Абая 10, кв 5", "доставка: <ADDRESS>"),
        ("address 10 Abay ave apt 5", "address <ADDRESS>"),
        ("tel 250-00-00", "tel <PHONE>"),
        ("passport N12345678", "passport <PASSPORT>"),
        ("+77011234567, +77012223344", "<PHONE>, <PHONE>"),
    ],
)
def test_identifiers_are_masked(text: str, shown: str) -> None:
    assert mask_identifiers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Listening on http://127.0.0.1:8080",
        "turn aborted: conversation=6743f8a1b2c3d4e5f6789012 reason=timeout",
        "at 2026-11-22T02:30:26.123456+00:00 took 0.123456 s",
        "job 550e8400-e29b-41d4-a716-446655440000 is done",
        "job 550e8400-e29b-41d4-a716-900101300017 is done",
        "1763778626.123456 events, 200000 rows, pid 12345",
        "192.168.100.215:27017 does not answer",
        "version 3.13.0, 64 bits",
        "GET /api/contacts?limit=50 200 1553 0.0092",
        "Ожидание 30 с, попытка 2 из 5",
        "",
    ],
)
def test_our_own_numbers_stay(text: str) -> None:
    assert mask_identifiers(text) == text


def test_a_number_that_only_begins_like_one_of_ours_is_masked() -> None:
    for number in ("8701.1234567", "8.701.123.45.67", "701.1234567", "8701-12-34-567"):
        assert "123" not in mask_identifiers(f"тел {number}")


def test_messages_arguments_and_traces_are_masked(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    logger.warning("sent to %s and %r", "8 701 123 45 67", {"mail": "asel@mail.ru"})
    logger.error("no place %d", "87011234567")
    try:
        try:
            raise KeyError("900101300017")
        except KeyError as error:
            raise ValueError("asel@mail.ru, ул. Абая 10") from error
    except ValueError:
        logger.exception("failed for 87011234567", stack_info=True)
    shown = written.getvalue()
    assert not [secret for secret in SECRETS if secret in shown]
    assert "sent to <PHONE> and {'mail': '<EMAIL>'}" in shown
    assert "ValueError: <EMAIL>, <ADDRESS>" in shown
    assert "KeyError: '<IIN>'" in shown
    assert "Stack (most recent call last)" in shown


def test_an_object_that_cannot_be_shown_breaks_nothing(
    log: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError("87011234567")

    logger, written = log
    logger.error("%s", Rude())
    monkeypatch.setattr(logs, "without_overlaps", None)
    logger.error("к 87011234567")
    assert "87011234567" not in written.getvalue()
    assert logs.FAILED in written.getvalue()


def test_a_long_message_is_cut_and_nothing_of_its_end_is_shown() -> None:
    shown = mask_identifiers("a" * 50_000 + " 87011234567")
    assert "8701" not in shown
    assert len(shown) < 30_000


def test_an_innocent_line_is_searched_for_nothing_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_FINDERS", {"PHONE": None})
    assert mask_identifiers("87011234567") == logs.FAILED
    innocent = "Delivered message 12 of conversation 6743f8a1b2c3d4e5f6789012 in 0.2 s"
    assert mask_identifiers(innocent) == innocent


PROGRAM = """
import sys, threading
import {module} as process

def fail(*args, **kwargs):
    import logging
    logging.getLogger("library").error("customer wrote %s", "8 701 123 45 67")
    thread = threading.Thread(target=lambda: int("asel@mail.ru"))
    thread.start()
    thread.join()
    raise RuntimeError("no such customer: 87011234567, ул. Абая 10")

{patch}
{call}
"""


@pytest.mark.parametrize(
    ("module", "patch", "call"),
    [
        ("crm.web", "process.run = fail", "process.main()"),
        (
            "crm.worker.__main__",
            "process.work = fail",
            "import asyncio; asyncio.run(process.main())",
        ),
        ("actions.server", "process.make_app = fail", "process.main()"),
    ],
)
def test_no_process_of_ours_shows_what_it_failed_on(
    module: str, patch: str, call: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module, patch=patch, call=call)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            "PATH": "/usr/bin:/bin",
            "AITYS_DATA_DIR": str(tmp_path),
            "AITYS_MONGODB_URI": "mongodb://127.0.0.1:1",
            "AITYS_INTERNAL_TOKEN": "x" * 40,
            "AITYS_SECRET_KEY": "x" * 44,
        },
    )
    output = done.stdout + done.stderr
    assert "customer wrote <PHONE>" in output, output
    assert "RuntimeError: no such customer: <PHONE>, <ADDRESS>" in output, output
    assert "invalid literal for int() with base 10: '<EMAIL>'" in output, output
    assert not [secret for secret in SECRETS if secret in output]


@pytest.mark.usefixtures("log")
def test_the_addresses_that_are_asked_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = httpx.MockTransport(lambda _: httpx.Response(204))
        with httpx.Client(transport=answers) as client:
            client.get("http://user:topsecret@127.0.0.1/v1?key=sk-123")
    assert not caplog.records
