"""Case forms of names, as people write them: nearly always right, which is enough to train on."""

from typing import Final

RUSSIAN_CASES: Final = ("nom", "gen", "dat", "acc", "ins", "pre")
KAZAKH_CASES: Final = ("nom", "gen", "dat", "acc", "loc", "abl", "ins")

_HISSING = "жшчщцгкх"
_FRONT = "әеөүіэ"
_BACK = "аоұыуя"
_VOICELESS = "пфктсшщчцхқһ"
_NASAL = "мнң"


def russian(name: str, case: str, *, female: bool, surname: bool = False) -> str:
    """Return a Russian case form of a name given in its first form."""
    if case == "nom" or len(name) < 3:
        return name
    low = name.lower()
    if surname:
        return _surname(name, low, case, female=female)
    if low.endswith("ия"):
        return name[:-1] + {"gen": "и", "dat": "и", "acc": "ю", "ins": "ей", "pre": "и"}[case]
    if low.endswith("я"):
        return name[:-1] + {"gen": "и", "dat": "е", "acc": "ю", "ins": "ей", "pre": "е"}[case]
    if low.endswith("а"):
        hissing = low[-2] in _HISSING
        soft = low[-2] in "жшчщц"
        endings = {"gen": "и" if hissing else "ы", "dat": "е", "acc": "у", "pre": "е"}
        return name[:-1] + {**endings, "ins": "ей" if soft else "ой"}[case]
    if female:
        if low.endswith("ь"):
            return name[:-1] + {"gen": "и", "dat": "и", "acc": "ь", "ins": "ью", "pre": "и"}[case]
        return name
    if low.endswith("ий"):
        return name[:-1] + {"gen": "я", "dat": "ю", "acc": "я", "ins": "ем", "pre": "и"}[case]
    if low[-1] in "йь":
        return name[:-1] + {"gen": "я", "dat": "ю", "acc": "я", "ins": "ем", "pre": "е"}[case]
    if low[-1] in "бвгджзклмнпрстфхцчшщқғң":
        soft = low[-1] in "жшчщц"
        return (
            name
            + {"gen": "а", "dat": "у", "acc": "а", "ins": "ем" if soft else "ом", "pre": "е"}[case]
        )
    return name


def _surname(name: str, low: str, case: str, *, female: bool) -> str:
    if low.endswith(("ова", "ева", "ёва", "ина", "ына")):
        return name[:-1] + {"gen": "ой", "dat": "ой", "acc": "у", "ins": "ой", "pre": "ой"}[case]
    if low.endswith("ая"):
        return name[:-2] + {"gen": "ой", "dat": "ой", "acc": "ую", "ins": "ой", "pre": "ой"}[case]
    if female:
        return name
    if low.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return name + {"gen": "а", "dat": "у", "acc": "а", "ins": "ым", "pre": "е"}[case]
    if low.endswith(("ский", "цкий")):
        return (
            name[:-2] + {"gen": "ого", "dat": "ому", "acc": "ого", "ins": "им", "pre": "ом"}[case]
        )
    if low[-1] in "оеиую" or low.endswith(("ых", "их")):
        return name
    return russian(name, case, female=False)


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
    return (
        name[:-1] + ("ь" if low.endswith("ня") or low.endswith("ля") else "")
        if low[-2] not in "иеауо"
        else name
    )


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
