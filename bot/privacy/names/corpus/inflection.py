"""Case forms of names, as people write them: nearly always right, which is enough to train on."""

from typing import Final

RUSSIAN_CASES: Final = ("nom", "gen", "dat", "acc", "ins", "pre")
KAZAKH_CASES: Final = ("nom", "gen", "dat", "acc", "loc", "abl", "ins")

_SHORTEST = 3
_FRONT = "әеөүіэ"
_BACK = "аоұыуя"
_VOICELESS = "пфктсшщчцхқһ"
_NASAL = "мнң"


def _forms(endings: str) -> dict[str, str]:
    """Read the endings of the cases after the first, "-" for none."""
    return {
        case: "" if ending == "-" else ending
        for case, ending in zip(RUSSIAN_CASES[1:], endings.split(), strict=True)
    }


# What a name ends with (the longer endings first), how many of its letters go, and what takes their place.
_FEMALE_OR_SHORT = (
    ("ия", 1, _forms("и и ю ей и")),
    ("я", 1, _forms("и е ю ей е")),
    *((f"{letter}а", 1, _forms("и е у ей е")) for letter in "жшчщ"),
    ("ца", 1, _forms("ы е у ей е")),
    *((f"{letter}а", 1, _forms("и е у ой е")) for letter in "гкх"),
    ("а", 1, _forms("ы е у ой е")),
)
_FEMALE = (*_FEMALE_OR_SHORT, ("ь", 1, _forms("и и ь ью и")))
_MALE = (
    *_FEMALE_OR_SHORT,
    ("ий", 1, _forms("я ю я ем и")),
    ("й", 1, _forms("я ю я ем е")),
    ("ь", 1, _forms("я ю я ем е")),
    *((letter, 0, _forms("а у а ем е")) for letter in "жшчщц"),
    *((letter, 0, _forms("а у а ом е")) for letter in "бвгдзклмнпрстфхқғң"),
)
_FEMALE_SURNAME = (
    *((ending, 1, _forms("ой ой у ой ой")) for ending in ("ова", "ева", "ёва", "ина", "ына")),
    ("ая", 2, _forms("ой ой ую ой ой")),
)
_MALE_SURNAME = (
    *((ending, 0, _forms("а у а ым е")) for ending in ("ов", "ев", "ёв", "ин", "ын")),
    *((ending, 2, _forms("ого ому ого им ом")) for ending in ("ский", "цкий")),
    *((ending, 0, _forms("- - - - -")) for ending in ("о", "е", "и", "у", "ю", "ых", "их")),
    *_MALE,
)


def russian(name: str, case: str, *, female: bool, surname: bool = False) -> str:
    """Return a Russian case form of a name given in its first form."""
    if case == "nom" or len(name) < _SHORTEST:
        return name
    if surname:
        patterns = _FEMALE_SURNAME if female else _MALE_SURNAME
    else:
        patterns = _FEMALE if female else _MALE
    low = name.lower()
    for ending, cut, forms in patterns:
        if low.endswith(ending):
            return name[: len(name) - cut] + forms[case]
    return name


def feminine(surname: str) -> str:
    """Return the feminine form of a masculine surname."""
    low = surname.lower()
    if low.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return surname + "а"
    if low.endswith(("ский", "цкий")):
        return surname[:-2] + "ая"
    return surname


def vocative(name: str) -> str:
    """Return how a short name is called out: Саш, Наташ, Жень."""
    low = name.lower()
    if len(name) < 4 or not low.endswith(("а", "я")):
        return name
    if low[-2] in "иеауо":
        return name
    return name[:-1] + ("ь" if low.endswith(("ня", "ля")) else "")


def russian_patronymic(name: str, *, female: bool) -> str:
    """Return a patronymic in the Russian manner."""
    low = name.lower()
    if low.endswith("ий"):
        return name[:-2] + ("ьевна" if female else "ьевич")
    if low[-1] in "йь":
        return name[:-1] + ("евна" if female else "евич")
    if low[-1] in "ая":
        return name[:-1] + ("ична" if female else "ич")
    if low[-1] in "еиоуыіәэ":
        return name + ("евна" if female else "евич")
    return name + ("овна" if female else "ович")


def kazakh(word: str, case: str, *, possessive: bool = False) -> str:
    """Return a Kazakh case form. `possessive`: after the ending of the third person (қызы, ұлы)."""
    if case == "nom":
        return word
    low = word.lower()
    vowels = [letter for letter in low if letter in _FRONT + _BACK + "иё"]
    front = next((letter in _FRONT for letter in reversed(vowels) if letter != "и"), False)
    last = low[-1]
    voiceless = last in _VOICELESS or last in "бвгд"
    open_end = last in _FRONT + _BACK + "иё"
    if possessive and case in {"dat", "acc", "loc", "abl"}:
        return (
            word
            + {
                "dat": "не" if front else "на",
                "acc": "н",
                "loc": "нде" if front else "нда",
                "abl": "нен" if front else "нан",
            }[case]
        )
    first = {
        "gen": "н" if open_end or last in _NASAL else "т" if voiceless else "д",
        "acc": "н" if open_end else "т" if voiceless else "д",
        "dat": ("к" if front else "қ") if voiceless else ("г" if front else "ғ"),
        "loc": "т" if voiceless else "д",
        "abl": "н" if last in _NASAL else "т" if voiceless else "д",
        "ins": "п" if voiceless else "б" if last in "зж" else "м",
    }[case]
    rest = {
        "gen": "ің" if front else "ың",
        "acc": "і" if front else "ы",
        "dat": "е" if front else "а",
        "loc": "е" if front else "а",
        "abl": "ен" if front else "ан",
        "ins": "ен",
    }[case]
    return word + first + rest


def kazakh_patronymic(name: str, *, female: bool) -> str:
    """Return a patronymic in the Kazakh manner."""
    return name + ("қызы" if female else "ұлы")
