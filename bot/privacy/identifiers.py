"""Which digits and letters make a valid identifier. Pure arithmetic, no searching.

Sources: IIN and BIN: the decree of the Government of Kazakhstan on the national identification numbers (structure and
control digit); cards: ISO/IEC 7812-1 (Luhn); accounts: ISO 13616 (IBAN, modulus 97).
"""

from datetime import date

_IIN_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_IIN_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_IIN_LENGTH = 12
_BIN_KINDS = "456"
_BIN_SIGNS = "0123"
_MAX_CENTURY_AND_SEX = 6
_MONTHS = 12
_MIN_IBAN_LENGTH = 15
_MAX_IBAN_LENGTH = 34


def has_national_checksum(digits: str) -> bool:
    """Tell whether twelve digits carry the control digit that IIN and BIN share."""
    if len(digits) != _IIN_LENGTH or not digits.isdecimal():
        return False
    numbers = [int(digit) for digit in digits]
    for weights in (_IIN_WEIGHTS, _IIN_SECOND_WEIGHTS):
        control = (
            sum(weight * number for weight, number in zip(weights, numbers, strict=False)) % 11
        )
        if control < 10:
            return control == numbers[-1]
    return False


def looks_like_iin(digits: str) -> bool:
    """Tell whether the first seven of twelve digits are a birth date, a century and a sex."""
    if (
        len(digits) != _IIN_LENGTH
        or not digits.isdecimal()
        or int(digits[6]) > _MAX_CENTURY_AND_SEX
    ):
        return False
    try:
        # The century is in the seventh digit; 2000 serves all of them, being a leap year as 1900 is not.
        date(2000 + int(digits[:2]) % 4, int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return True


def looks_like_bin(digits: str) -> bool:
    """Tell whether twelve digits begin as a BIN: year, month, kind of organization (4-6), kind of unit (0-3)."""
    return (
        len(digits) == _IIN_LENGTH
        and digits.isdecimal()
        and 1 <= int(digits[2:4]) <= _MONTHS
        and digits[4] in _BIN_KINDS
        and digits[5] in _BIN_SIGNS
    )


def is_iin(digits: str) -> bool:
    """Tell whether these are the twelve digits of a person's IIN."""
    return looks_like_iin(digits) and has_national_checksum(digits)


def is_bin(digits: str) -> bool:
    """Tell whether these are the twelve digits of an organization's BIN."""
    return looks_like_bin(digits) and has_national_checksum(digits)


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of a payment card's number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value if value < 10 else value - 9
    return total % 10 == 0


def is_iban(letters: str) -> bool:
    """Tell whether this is an IBAN without separators, in any case."""
    letters = letters.upper()
    if not (
        _MIN_IBAN_LENGTH <= len(letters) <= _MAX_IBAN_LENGTH
        and letters.isascii()
        and letters.isalnum()
    ):
        return False
    if not (letters[:2].isalpha() and letters[2:4].isdecimal()):
        return False
    rotated = letters[4:] + letters[:4]
    return int("".join(str(int(letter, 36)) for letter in rotated)) % 97 == 1
