import signal
from pathlib import Path

import pytest

from crm.cli.mongod_faults import explain_loader, explain_server

FOLDER = Path("/data/db")


def line(message: str, severity: str = "E") -> str:
    return f'{{"t":{{}},"s":"{severity}","c":"STORAGE","msg":"{message}"}}'


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("DBPathInUse: Unable to lock the lock file", "in use by another MongoDB"),
        ("No space left on device", "disk of /data/db is full"),
        ("Permission denied", "belongs to another user"),
        ("Attempted to create a lock file on a read-only directory", "read-only"),
        ("UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion", "another version"),
        ("Failed to set up listener: SocketException: Address already in use", "port"),
        ("WiredTiger error message: read checksum error", "mv /data/db /data/db.damaged"),
        ("WT_TRY_SALVAGE: database corruption detected", "restore the folder from a backup"),
    ],
)
def test_says_what_is_wrong_and_the_way_out(message: str, words: str) -> None:
    assert words in (explain_server(1, [line(message)], FOLDER) or "")


def test_what_went_by_without_harm_is_no_cause() -> None:
    lines = [line("checksum error", severity="W"), line("Permission denied", severity="I")]
    assert explain_server(1, lines, FOLDER) is None


def test_a_fatal_assertion_means_damage() -> None:
    assert "is damaged" in (explain_server(14, [], FOLDER) or "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_who_was_ended_has_no_fault(number: int) -> None:
    assert explain_server(-number, [line("checksum error")], FOLDER) is None


def test_a_missing_library_is_named_with_its_package() -> None:
    text = (
        "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    )
    sentence = explain_loader(127, text, "mongod")
    assert "libcurl.so.4" in sentence
    assert "apt-get install libcurl4" in sentence


def test_an_old_processor_is_told() -> None:
    assert "AVX" in (explain_server(-signal.SIGILL, [], FOLDER) or "")
