"""Every refusal can be said to people in their language."""

import json
from pathlib import Path

import pytest

from crm.core.errors import DomainError
from crm.files import errors

LOCALES = Path(__file__).parents[3] / "crm/console/src/locales"
OF_FETCHING = {
    "media_gone",
    "media_too_large",
    "media_interrupted",
    "connection_gone",
    "file_gone",
    "malformed_form",
}


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_every_code_has_its_text(language: str) -> None:
    texts = json.loads((LOCALES / f"{language}.json").read_text("utf-8"))["errors"]
    codes = {
        found.default_code
        for found in vars(errors).values()
        if isinstance(found, type)
        and issubclass(found, DomainError)
        and found.__module__ == errors.__name__
    }
    assert len(codes) >= 10
    assert not {code for code in codes | OF_FETCHING if not texts.get(code)}
