"""Signed addresses: good for what they name, until their time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bson import ObjectId
from pydantic import SecretStr

from crm.core.settings import Settings
from crm.files.links import Links

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, secret_key=SecretStr("k" * 20), public_url="https://chat.example.kz"
    )


def token(links: Links, lasts: timedelta, *, thumbnail: bool = False) -> tuple[ObjectId, str]:
    file_id = ObjectId()
    url = links.url(file_id, lasts=lasts, thumbnail=thumbnail)
    prefix = "https://chat.example.kz/files/"
    assert url.startswith(prefix)
    return file_id, url.removeprefix(prefix)


def test_a_link_names_its_file_until_its_time(settings: Settings) -> None:
    now = NOW
    links = Links(settings=settings, now=lambda: now)
    file_id, given = token(links, timedelta(hours=1), thumbnail=True)
    read = links.read(given)
    assert read is not None
    assert (read.file_id, read.thumbnail, read.until) == (file_id, True, NOW + timedelta(hours=1))
    now = NOW + timedelta(minutes=59, seconds=59)
    assert links.read(given) is not None
    now = NOW + timedelta(hours=1)
    assert links.read(given) is None


def test_a_link_that_was_changed_is_none(settings: Settings) -> None:
    links = Links(settings=settings, now=lambda: NOW)
    _, given = token(links, timedelta(hours=1))
    for place in range(len(given)):
        other = "A" if given[place] != "A" else "B"
        changed = given[:place] + other + given[place + 1 :]
        assert links.read(changed) is None, place
    for wrong in (
        "",
        "x",
        given[:-1],
        given + "A",
        given.replace(given[0], "é"),
        "/" * 44,
        "=" * 44,
    ):
        assert links.read(wrong) is None
    other_key = settings.model_copy(update={"secret_key": SecretStr("o" * 20)})
    assert Links(settings=other_key, now=lambda: NOW).read(given) is None
