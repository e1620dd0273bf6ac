"""The settings form, and what it fills in by itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import public_schema
from connectors.email.config import EmailConfig
from connectors.email.providers import PRESETS


def config(**values: Any) -> EmailConfig:
    return EmailConfig.model_validate({"address": "info@gmail.com", "password": "x", **values})


@pytest.mark.parametrize(
    ("address", "imap", "smtp", "port"),
    [
        ("shop@gmail.com", "imap.gmail.com", "smtp.gmail.com", 465),
        ("Shop@Yandex.KZ", "imap.yandex.ru", "smtp.yandex.ru", 465),
        ("shop@bk.ru", "imap.mail.ru", "smtp.mail.ru", 465),
        ("shop@outlook.com", "outlook.office365.com", "smtp-mail.outlook.com", 587),
    ],
)
def test_known_providers_fill_the_servers_in(address: str, imap: str, smtp: str, port: int) -> None:
    found = config(address=address)
    assert (found.imap_host, found.smtp_host, found.smtp_port) == (imap, smtp, port)
    assert found.address == address.lower()
    assert found.login == address.lower()


def test_ones_own_servers_stay() -> None:
    found = config(imap_host="mail.shop.kz", imap_port=143, imap_security="starttls")
    assert (found.imap_host, found.imap_port) == ("mail.shop.kz", 143)
    assert found.smtp_host == "smtp.gmail.com"


def test_a_domain_at_microsoft_is_known_by_its_login() -> None:
    found = EmailConfig.model_validate(
        {
            "address": "info@shop.kz",
            "auth": "microsoft",
            "oauth_client_id": "c",
            "oauth_refresh_token": "r",
        }
    )
    assert (found.imap_host, found.smtp_host) == ("outlook.office365.com", "smtp.office365.com")
    assert found.smtp_security == "starttls"


@pytest.mark.parametrize(
    "values",
    [
        {"address": "nobody"},
        {"address": "a@shop.kz"},
        {"password": None},
        {"password": ""},
        {"auth": "google"},
        {"imap_host": "imap.shop.kz\r\nA1 LOGOUT"},
        {"folder": "INBOX\r\nA1 DELETE INBOX"},
        {"username": "a\r\nb"},
        {"imap_host": "imap.shop.kz", "imap_port": 0},
        {"aliases": ["x"]},
        {"oauth_tenant": "../evil"},
        {"unknown": 1},
    ],
)
def test_what_is_wrong_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**values)


def test_app_passwords_may_have_spaces() -> None:
    found = config(password=" abcd efgh ijkl mnop ")
    assert found.password is not None
    assert found.password.get_secret_value() == "abcdefghijklmnop"
    phrase = config(password="жай құпиясөз")
    assert phrase.password is not None
    assert phrase.password.get_secret_value() == "жай құпиясөз"


def test_cyrillic_domains_and_aliases_are_normalised() -> None:
    found = config(aliases=["Заказ@Пример.РФ", "заказ@пример.рф", " "])
    assert found.aliases == ["заказ@xn--e1afmkfd.xn--p1ai"]
    assert found.own == {"info@gmail.com", "заказ@xn--e1afmkfd.xn--p1ai"}


def test_what_was_saved_is_read_again() -> None:
    found = config()
    assert config(**found.model_dump(mode="json", exclude={"password"})) == found


def test_the_form_speaks_three_languages() -> None:
    schema = public_schema(EmailConfig)
    assert set(schema["x-guide"]) == {"ru", "kk", "en"}
    assert schema["x-presets"]["by_domain"] == PRESETS
    for name, field in schema["properties"].items():
        assert set(field["x-labels"]) == {"ru", "kk", "en"}, name
        assert all(label["title"] and label["description"] for label in field["x-labels"].values())
    assert "password" in schema["properties"]
