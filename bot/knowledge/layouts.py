"""Messages typed with the keyboard switched to the other letters: `ghbdtn` -> `привет`, `руддщ` -> `hello`."""

from collections.abc import Callable

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>&"
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ?"
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)


def as_meant(text: str, known: Callable[[str], int]) -> str:
    """Return the text in the letters it was meant in; as it is unless the other letters make more sense.

    Args:
        text: a message.
        known: counts the words of a text that are known.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        return text
    latin = sum(letter.isascii() for letter in letters)
    # A message in both alphabets was typed by somebody who saw what he typed.
    if 0 < latin < len(letters):
        return text
    other = text.translate(_TO_RUSSIAN if latin else _TO_LATIN)
    count = len(other.split())
    found = known(other)
    return other if found > known(text) and found * 2 >= count else text
