"""What is known of single words from the lists that names are told by: ordinary, a person's name, a place or brand."""

from functools import lru_cache

from bot.privacy.names.folding import fold, single
from bot.privacy.names.lexicon import lexicon


def romanised(word: str) -> str:
    """Return the one rough Latin spelling of a word in Cyrillic or Latin letters."""
    return single(fold(word))


def is_in_dictionary(word: str) -> bool:
    """Tell whether a word is an ordinary one as it stands, in Russian, Kazakh or English."""
    return lexicon().entry(word.lower()).word == "W"


def is_ordinary(word: str) -> bool:
    """Tell whether a word is a form of an ordinary one."""
    return lexicon().entry(word.lower()).word != ""


def is_place_or_brand(word: str) -> bool:
    """Tell whether a word is in the list of places and brands."""
    return lexicon().entry(word.lower()).thing != ""


def is_name(word: str) -> bool:
    """Tell whether somebody may be called so."""
    entry = lexicon().entry(word.lower())
    return bool(entry.names) or entry.patronymic


@lru_cache(maxsize=20_000)
def is_surname(word: str) -> bool:
    """Tell whether a word is a surname, of a list or by its ending."""
    entry = lexicon().entry(word.lower())
    return entry.surname_ending or any(name.startswith("last") for name in entry.names)
