import pytest

from bot.privacy import identifiers


def test_checksums_hold_against_known_numbers() -> None:
    assert identifiers.passes_luhn("4111111111111111")
    assert identifiers.passes_luhn("5555555555554444")
    assert not identifiers.passes_luhn("4111111111111112")
    assert identifiers.is_iban("KZ86125KZT5004100100")
    assert identifiers.is_iban("DE89370400440532013000")
    assert not identifiers.is_iban("KZ86125KZT5004100101")
    # Kaspi Bank and Halyk Bank, from the public register.
    assert identifiers.is_bin("971240001315")
    assert identifiers.is_bin("940140000385")
    assert not identifiers.is_bin("971240001316")


def test_twelve_digits_with_a_checksum_alone_are_not_a_person() -> None:
    assert identifiers.is_iin("900101300017")
    # A date that is none, and a century that is none.
    assert not identifiers.looks_like_iin("901301300017")
    assert not identifiers.looks_like_iin("900101700017")
    assert identifiers.looks_like_iin("000229500017")


@pytest.mark.parametrize("text", ["", "12345678901", "90010130001x", "KZ", "½¼"])
def test_what_is_no_number_is_no_identifier(text: str) -> None:
    assert not identifiers.is_iin(text)
    assert not identifiers.is_bin(text)
    assert not identifiers.is_iban(text)
