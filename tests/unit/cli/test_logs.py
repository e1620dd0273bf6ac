from pathlib import Path

import pytest

from crm.cli import logs
from crm.cli.logs import LogFile


def test_remembers_the_last_lines(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log")
    for number in range(300):
        log.write(f"line {number}\n".encode())
    assert log.last_lines[-1] == "line 299"
    assert len(log.last_lines) == logs.REMEMBERED_LINES
    log.forget()
    assert log.last_lines == []
    assert (tmp_path / "web.log").read_text().startswith("line 0\n")


def test_stays_within_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 100)
    log = LogFile(tmp_path / "web.log")
    for number in range(200):
        log.write(f"{number:09d}\n".encode())
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2"]
    assert all(path.stat().st_size <= 120 for path in tmp_path.iterdir())
    assert (tmp_path / "web.log").read_text().endswith("000000199\n")


def test_goes_on_with_the_file_of_the_last_time(tmp_path: Path) -> None:
    for word in (b"first\n", b"second\n"):
        log = LogFile(tmp_path / "web.log")
        log.write(word)
        log.close()
    assert (tmp_path / "web.log").read_text() == "first\nsecond\n"


def test_what_people_wrote_is_masked_whoever_printed_it(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "engine.log")
    log.write(b"Traceback: no slot for 8 701 123 45 67\n")
    log.write(b"broken \xff bytes, asel@mail.ru\n")
    log.close()
    written = (tmp_path / "engine.log").read_text()
    assert written == "Traceback: no slot for <PHONE>\nbroken \\xff bytes, <EMAIL>\n"
    assert log.last_lines[0] == "Traceback: no slot for <PHONE>"
