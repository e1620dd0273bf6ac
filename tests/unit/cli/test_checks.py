import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm.cli import checks
from crm.cli.checks import (
    examine_installation,
    examine_machine,
    examine_model,
    examine_port,
)
from crm.cli.installation import Installation
from crm.cli.locks import data_folder_lock, holder_of
from crm.cli.processes import StartError
from crm.cli.programs import child_environment, web_url
from crm.core.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", mongodb_uri=SecretStr("mongodb://127.0.0.1:1"))


def test_what_is_not_set_up_is_told(tmp_path: Path) -> None:
    bare = Installation(
        root=tmp_path,
        python=tmp_path / "python",
        engine_python=tmp_path / "engine",
        models=tmp_path / "models",
        console=tmp_path / "dist",
    )
    troubles = [finding.trouble for finding in examine_installation(bare)]
    assert len(troubles) == 3
    assert all("make setup" in trouble for trouble in troubles)
    (tmp_path / "engine").touch()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.tar.gz").touch()
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").touch()
    assert not any(finding.trouble for finding in examine_installation(bare))


def test_a_taken_port_is_told_with_another_one(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        trouble = examine_port(settings.model_copy(update={"port": port})).trouble
    assert f"Port {port} on 127.0.0.1 is taken" in trouble
    assert f"AITYS_PORT={port + 1}" in trouble
    assert not examine_port(settings.model_copy(update={"port": port})).trouble


def test_too_little_disk_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "NEEDED_BYTES", 2**60)
    troubles = [finding.trouble for finding in examine_machine(settings) if finding.trouble]
    assert len(troubles) == 1
    assert "Too little disk space" in troubles[0]


def test_a_folder_that_is_a_file_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = settings.model_copy(update={"data_dir": tmp_path / "file" / "data"})
    troubles = [finding.trouble for finding in examine_machine(wrong) if finding.trouble]
    assert "cannot be written to" in troubles[0]
    with pytest.raises(StartError, match="AITYS_DATA_DIR"), data_folder_lock(wrong.data_dir):
        pass


def test_what_the_installations_model_may_cost_is_told(settings: Settings) -> None:
    assert "none" in examine_model(settings).note
    own = settings.model_copy(update={"llm_model": "openai:m"})
    assert "without a spending limit" in examine_model(own).note
    limit = {"llm_price": "0.40/1.60 USD", "llm_monthly_limit": 10.0}
    note = examine_model(own.model_copy(update=limit)).note
    assert note == "openai:m, at most 10 USD a month for each tenant"


def test_one_run_a_data_folder(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with data_folder_lock(tmp_path):
        assert holder_of(tmp_path) is not None
        with pytest.raises(StartError, match="running already"), data_folder_lock(tmp_path):
            pass
    assert holder_of(tmp_path) is None


def test_children_are_told_every_setting(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITYS_ENGINE_HOST", "10.0.0.7")  # a setting of the engine alone
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    settings = Settings(
        data_dir=settings.data_dir,
        mongodb_uri=settings.mongodb_uri,
        host="192.168.1.7",
        port=8099,
        demo=False,
    )
    environment = child_environment(settings)
    assert environment["AITYS_MONGODB_URI"] == "mongodb://127.0.0.1:1"
    assert environment["AITYS_DATA_DIR"] == str(settings.data_dir.absolute())
    assert environment["AITYS_DEMO"] == "false"
    assert environment["AITYS_ENGINE_TOKEN"] == settings.engine_token.get_secret_value()
    assert environment["AITYS_INTERNAL_URL"] == "http://192.168.1.7:8099"
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert environment["AITYS_ENGINE_HOST"] == "10.0.0.7"
    assert not {"AITYS_LLM_MODEL", "PYTHONPATH"} & environment.keys()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("192.168.1.7", "http://192.168.1.7:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_web_process_is_reached_where_it_listens(
    settings: Settings, host: str, url: str
) -> None:
    assert web_url(settings.model_copy(update={"host": host})) == url
