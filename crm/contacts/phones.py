"""Telephone numbers as people write them."""

from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

DEFAULT_REGION = "KZ"


def normalise_phone(text: str, region: str = DEFAULT_REGION) -> str | None:
    """Return a number in E.164, or None when it is not one.

    Numbers without a country code are read as Kazakh ones, so "8 701 ..." and "701 ..." are both +7 701.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone(value: str) -> str:
    normalised = normalise_phone(value)
    if normalised is None:
        raise PydanticCustomError("phone_invalid", "This is not a telephone number.")
    return normalised


Phone = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_phone),
    Field(examples=["+77011234567"]),
]
"""A telephone number a client gives; E.164 afterwards."""
