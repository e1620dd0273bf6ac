"""Settings: from the environment, wrong ones told in one sentence."""

import threading
from pathlib import Path

import pytest

from crm.core.settings import SECRET_KEY_FILE, Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AITYS_DATA_DIR", str(tmp_path / "data"))


def test_defaults_fit_one_machine() -> None:
    settings = load_settings(None)
    assert settings.port == 8080
    assert settings.public_url == "http://localhost:8080"
    assert settings.internal_url == "http://127.0.0.1:8080"
    assert settings.mongodb_uri is None


def test_addresses_follow_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITYS_PORT", "9000")
    assert load_settings(None).public_url == "http://localhost:9000"
    monkeypatch.setenv("AITYS_PUBLIC_URL", "https://chat.example.kz/")
    settings = load_settings(None)
    assert settings.public_url == "https://chat.example.kz"


@pytest.mark.parametrize(
    ("host", "said", "allowed"),
    [
        ("", "", True),
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("::1", "", True),
        ("0.0.0.0", "", False),
        ("10.1.2.3", "", False),
        ("chat.example.kz", "", False),
        ("0.0.0.0", "true", True),
        ("127.0.0.1", "false", False),
    ],
)
def test_private_addresses_are_for_those_at_the_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, said: str, allowed: bool
) -> None:
    monkeypatch.setenv("AITYS_HOST", host)
    monkeypatch.setenv("AITYS_ALLOW_PRIVATE_ADDRESSES", said)
    assert load_settings(None).allow_private_addresses is allowed


def test_the_env_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("AITYS_PORT=9001\nAITYS_LLM_MODEL=openai:gpt-4.1-mini\nOTHER=1\n")
    assert load_settings(env_file).port == 9001
    monkeypatch.setenv("AITYS_PORT", "9002")
    settings = load_settings(env_file)
    assert (settings.port, settings.llm_model) == (9002, "openai:gpt-4.1-mini")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AITYS_PORT", "http", "valid integer"),
        ("AITYS_PORT", "70000", "65535"),
        ("AITYS_MONGODB_URI", "postgres://x", "mongodb://"),
        ("AITYS_BROKER_URL", "redis://x", "amqp://"),
        ("AITYS_PUBLIC_URL", "chat.example.kz", "http://127.0.0.1:8080"),
        ("AITYS_TELEGRAM_API_URL", "ftp://x", "http"),
        ("AITYS_LLM_MODEL", "gpt-4", "provider:model"),
        ("AITYS_LLM_PRICE", "0.4", "0.40/1.60 USD"),
        ("AITYS_LLM_MONTHLY_LIMIT", "-1", "greater than or equal to 0"),
        ("AITYS_LLM_MONTHLY_LIMIT", "inf", "finite"),
        ("AITYS_SECRET_KEY", "short", "16 characters"),
        ("AITYS_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings(None)
    text = str(raised.value)
    assert text.startswith(f"{name} is wrong: ")
    assert words in text
    assert "\n" not in text
    assert text.endswith(".")


def test_a_limit_needs_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITYS_LLM_MONTHLY_LIMIT", "10")
    with pytest.raises(SettingsError) as raised:
        load_settings(None)
    assert str(raised.value) == "AITYS_LLM_MONTHLY_LIMIT needs AITYS_LLM_PRICE to count with."
    monkeypatch.setenv("AITYS_LLM_PRICE", "0.40/1.60 USD")
    settings = load_settings(None)
    assert settings.llm_prices == {"input": 0.4, "output": 1.6, "currency": "USD"}


def test_a_secret_is_not_repeated_in_the_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITYS_MONGODB_URI", "http://user:hunter2@db")
    with pytest.raises(SettingsError) as raised:
        load_settings(None)
    assert "hunter2" not in str(raised.value)


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = load_settings(None)
    path = tmp_path / "data" / SECRET_KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_settings(None).secret_key == first.secret_key
    assert first.engine_token.get_secret_value() != first.internal_token.get_secret_value()
    assert first.secret_key.get_secret_value() not in repr(first)
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree_on_one_key() -> None:
    keys = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        keys.append(Settings(_env_file=None).secret_key.get_secret_value())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_damaged_key_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / SECRET_KEY_FILE).write_text("")
    with pytest.raises(SettingsError, match="damaged"):
        load_settings(None)


def test_a_data_folder_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AITYS_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(SettingsError, match="AITYS_DATA_DIR cannot be used"):
        load_settings(None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("clamd://127.0.0.1:3310", None),
        ("clamd:///run/clamav/clamd.sock", None),
        ("cat -", None),
        ("clamd://127.0.0.1", "AITYS_VIRUS_SCAN is wrong: must look like clamd://127.0.0.1:3310"),
        ("clamd://", "AITYS_VIRUS_SCAN is wrong: must look like clamd://127.0.0.1:3310"),
        ("no-such-scanner -", "AITYS_VIRUS_SCAN is wrong: must be clamd://host:port, or a command"),
        ("'unclosed", "AITYS_VIRUS_SCAN is wrong: must be clamd://host:port, or a command"),
    ],
)
def test_a_virus_scanner_is_an_address_or_a_command_that_is_there(
    monkeypatch: pytest.MonkeyPatch, given: str, said: str | None
) -> None:
    monkeypatch.setenv("AITYS_VIRUS_SCAN", given)
    if said is None:
        assert load_settings(None).virus_scan == given
        return
    with pytest.raises(SettingsError) as wrong:
        load_settings(None)
    assert str(wrong.value).startswith(said)
