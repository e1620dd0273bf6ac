"""Words for people in real utterances, beside or instead of which a name may stand."""

from bot.privacy.names.wordlists import words

# Word as written -> the case in which a name beside or instead of it stands.
_RUSSIAN_STEMS = {
    "менеджер": "",
    "курьер": "",
    "оператор": "",
    "мастер": "",
    "администратор": "",
    "врач": "",
    "доктор": "",
    "директор": "",
    "тренер": "",
    "консультант": "",
    "сотрудник": "",
    "бухгалтер": "",
    "продавец": "продавц",
    "муж": "",
    "сын": "",
    "брат": "",
    "сосед": "",
    "друг": "",
    "специалист": "",
    "юрист": "",
    "повар": "",
}
_MALE_ENDINGS = {"а": "acc", "у": "dat", "ом": "ins", "ем": "ins", "е": "pre"}
_FEMALE_STEMS = (
    "мам",
    "пап",
    "жен",
    "сестр",
    "дочк",
    "сестрёнк",
    "подруг",
    "сотрудниц",
    "бабушк",
    "дедушк",
    "соседк",
    "девушк",
    "хозяйк",
)
_FEMALE_ENDINGS = {
    "а": "nom",
    "ы": "gen",
    "и": "gen",
    "е": "dat",
    "у": "acc",
    "ой": "ins",
    "ей": "ins",
}


def _russian() -> dict[str, str]:
    words = {}
    for word, oblique in _RUSSIAN_STEMS.items():
        words[word] = "nom"
        for ending, case in _MALE_ENDINGS.items():
            words[(oblique or word) + ending] = case
    for stem in _FEMALE_STEMS:
        for ending, case in _FEMALE_ENDINGS.items():
            words[stem + ending] = case
    return words


RUSSIAN = _russian()
RUSSIAN_PRONOUNS = {"он": "nom", "она": "nom", "ему": "dat", "ей": "dat", "ним": "ins"}
KAZAKH = dict.fromkeys(
    words(
        """\n    менеджер менеджеріңіз оператор курьер курьеріңіз шебер дәрігер мұғалім директор бухгалтер жаттықтырушы консультант\n    анам әкем балам қызым ұлым әжем атам ағам інім апам сіңлім қарындасым күйеуім жолдасым әйелім досым құрбым көршім бауырым\n    апай аға ағай тәте көке ханым мырза қыз жігіт дәрігеріңіз сатушы әкімші қызметкер жүргізуші\n    """
    ),
    "nom",
) | {
    "менеджерге": "dat",
    "операторға": "dat",
    "курьерге": "dat",
    "шеберге": "dat",
    "дәрігерге": "dat",
    "директорға": "dat",
    "анама": "dat",
    "әкеме": "dat",
    "балама": "dat",
    "қызыма": "dat",
    "ұлыма": "dat",
    "әжеме": "dat",
    "досыма": "dat",
    "менеджермен": "ins",
    "оператормен": "ins",
    "курьермен": "ins",
    "шебермен": "ins",
    "менеджерді": "acc",
    "операторды": "acc",
    "курьерді": "acc",
    "шеберді": "acc",
    "менеджердің": "gen",
    "курьердің": "gen",
    "баламның": "gen",
    "анамның": "gen",
    "әкемнің": "gen",
}
KAZAKH_AFTER = frozenset(words("апай аға ағай тәте көке ханым мырза қыз жігіт"))
"""These stand after a name; the others before it."""
KAZAKH_PRONOUNS = {"ол": "nom", "оған": "dat", "онымен": "ins", "оны": "acc", "оның": "gen"}
ENGLISH = dict.fromkeys(
    words(
        """\n    manager courier driver operator doctor trainer teacher receptionist agent husband wife son daughter mother father mom dad\n    brother sister friend colleague boss nurse guide waiter cashier technician\n    """
    ),
    "nom",
)
ENGLISH_PRONOUNS = {"he": "nom", "she": "nom", "him": "nom"}
