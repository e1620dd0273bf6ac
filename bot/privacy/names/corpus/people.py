"""Made-up people: their names in the forms and cases in which chats hold them."""

import random
from dataclasses import dataclass

from bot.privacy.names.corpus.inflection import (
    feminine,
    kazakh,
    kazakh_patronymic,
    russian,
    russian_patronymic,
    vocative,
)
from bot.privacy.names.corpus.romanisation import romanise, without_kazakh_letters
from bot.privacy.names.wordlists import read_words, words

_VOWELS = "аеёиоуыэюяәөұүіaeiouy"
_MORPHEMES_FIRST = words(
    "Ай Ақ Ал Алтын Аман Ар Асыл Бай Бақ Балғын Бек Бибі Бол Гүл Гауһар Дәу Дана Дос Ел Ер Еркін Жан Жас Жұлдыз Жұма Жарқын"
    " Кең Күн Күміс Қара Құндыз Қуат Мақсат Мәди Мейір Мұрат Мырза Назым Нұр Ораз Өмір Сара Сая Сәт Сейіт Сұлу Тан Темір"
    " Тоқ Төле Тұр Ұлы Үміт Шах Шол Ыдыр Ерке Бота Інжу Әсем Әмір"
)
_MORPHEMES_MALE = words(
    "бек бай жан хан ғали мұрат болат тай нұр қан әлі бол ер лан дос тас сұлтан мырза жігіт ғазы"
    " арыс дәулет еке сын мұхамед берген кен ияр темір зат"
)
_MORPHEMES_FEMALE = words(
    "гүл жан нұр сұлу ай зат ке дана зия ша бике жамал сәуле қыз шолпан тай мира ана ым зира бану айым бота нар"
)


@dataclass(frozen=True, slots=True)
class Names:
    """The lists to draw from, by the script and the sex of the bearer as far as it can be told."""

    male: tuple[str, ...]
    female: tuple[str, ...]
    latin: tuple[str, ...]
    surnames: tuple[str, ...]
    latin_surnames: tuple[str, ...]
    kazakh_male: tuple[str, ...]
    kazakh_female: tuple[str, ...]


def load_names() -> Names:
    """Read the lists that the product ships with."""
    first = list(read_words("first-names.txt"))
    rare = list(read_words("rare-first-names.txt"))
    surnames = list(read_words("surnames.txt"))
    cyrillic = [_titled(name) for name in first + rare[::2] if not _is_latin(name)]
    eastern = [name for name in cyrillic if _is_eastern(name)]
    return Names(
        male=tuple(name for name in cyrillic if not _is_female(name)),
        female=tuple(name for name in cyrillic if _is_female(name)),
        latin=tuple(_titled(name) for name in first if _is_latin(name)),
        surnames=tuple(_titled(name) for name in surnames if not _is_latin(name)),
        latin_surnames=tuple(_titled(name) for name in surnames if _is_latin(name)),
        kazakh_male=tuple(name for name in eastern if not _is_female(name)),
        kazakh_female=tuple(name for name in eastern if _is_female(name)),
    )


def _titled(name: str) -> str:
    return name if any(letter.isupper() for letter in name) else name.title()


def _is_latin(name: str) -> bool:
    return all(not "а" <= letter <= "ӿ" for letter in name.lower())


def _is_female(name: str) -> bool:
    low = name.lower()
    return low.endswith(
        (
            "а",
            "я",
            "гүл",
            "гуль",
            "гул",
            "жамал",
            "сұлу",
            "слу",
            "нар",
            "ай",
            "әл",
            "ель",
            "ь",
            "ім",
            "ым",
        )
    )


def _is_eastern(name: str) -> bool:
    low = name.lower()
    return any(letter in "әғқңөұүі" for letter in low) or low.endswith(
        (
            "бек",
            "бай",
            "жан",
            "хан",
            "лан",
            "гүл",
            "гуль",
            "гали",
            "нар",
            "нур",
            "сулу",
            "мир",
            "ай",
            "ым",
            "сар",
            "ат",
            "ан",
            "ия",
        )
    )


class People:
    """Draws people's names. Everything random comes from `rng`."""

    def __init__(self, names: Names, rng: random.Random) -> None:
        self._names = names
        self._rng = rng

    def name(self, case: str, *, language: str, form: str = "") -> str:
        """Return somebody's name in a case of `language` (ru, kk or en), in a given form or a usual one."""
        rng = self._rng
        form = (
            form
            or rng.choices(
                (
                    "first",
                    "first_patronymic",
                    "first_last",
                    "last_first",
                    "last",
                    "full",
                    "initials",
                ),
                (62, 9, 9, 5, 8, 4, 3),
            )[0]
        )
        if language == "en":
            return self._english(form)
        if language == "kk":
            return self._kazakh(case, form)
        return self._russian(case, form)

    def first(self, *, kazakh_style: bool, female: bool) -> str:
        """Return a first name as it stands in the lists, or one of two Kazakh parts."""
        rng, names = self._rng, self._names
        if kazakh_style:
            if rng.random() < 0.22:
                second = _MORPHEMES_FEMALE if female else _MORPHEMES_MALE
                return rng.choice(_MORPHEMES_FIRST) + rng.choice(second)
            return rng.choice(names.kazakh_female if female else names.kazakh_male)
        return rng.choice(names.female if female else names.male)

    def _russian(self, case: str, form: str) -> str:
        rng = self._rng
        female = rng.random() < 0.5
        eastern = rng.random() < 0.5
        first = self.first(kazakh_style=eastern, female=female)
        if case == "voc":
            return (
                vocative(first)
                if form == "first" and rng.random() < 0.3
                else self._russian("nom", form)
            )
        surname = rng.choice(self._names.surnames)
        if female:
            surname = feminine(surname)
        father = self.first(kazakh_style=eastern, female=False)
        patronymic = (
            kazakh_patronymic(father, female=female)
            if eastern and rng.random() < 0.25
            else russian_patronymic(father, female=female)
        )
        parts = {
            "first": russian(first, case, female=female),
            "last": russian(surname, case, female=female, surname=True),
            "patronymic": self._patronymic(patronymic, case, female=female),
        }
        written = self._arranged(parts, form)
        return without_kazakh_letters(written) if rng.random() < 0.75 else written

    @staticmethod
    def _patronymic(patronymic: str, case: str, *, female: bool) -> str:
        if patronymic.endswith(("ұлы", "қызы")):
            return patronymic
        return russian(patronymic, case, female=female)

    def _kazakh(self, case: str, form: str) -> str:
        rng = self._rng
        female = rng.random() < 0.5
        eastern = rng.random() < 0.85
        first = self.first(kazakh_style=eastern, female=female)
        surname = rng.choice(self._names.surnames)
        if female:
            surname = feminine(surname)
        if rng.random() < 0.12:
            surname = self.first(kazakh_style=True, female=False)
        father = self.first(kazakh_style=eastern, female=False)
        patronymic = (
            kazakh_patronymic(father, female=female)
            if rng.random() < 0.7
            else russian_patronymic(father, female=female)
        )
        order = {
            "first_last": ("first", "last"),
            "last_first": ("last", "first"),
            "full": ("last", "first", "patronymic"),
            "first_patronymic": ("first", "patronymic"),
            "last": ("last",),
            "initials": ("last",),
        }.get(form, ("first",))
        parts = {"first": first, "last": surname, "patronymic": patronymic}
        last = order[-1]
        parts[last] = kazakh(
            parts[last], case, possessive=last == "patronymic" and patronymic.endswith(("лы", "зы"))
        )
        written = self._arranged(parts, form)
        return without_kazakh_letters(written) if rng.random() < 0.35 else written

    def _english(self, form: str) -> str:
        rng, names = self._rng, self._names
        if rng.random() < 0.5:
            # Not of the Latin lists: somebody of here, in a passport's letters.
            return romanise(self._russian("nom", form), rng)
        first = rng.choice(names.latin)
        last = rng.choice(names.latin_surnames)
        if form in {"first_last", "full", "last_first"}:
            middle = f" {rng.choice('ABCDEFGHJKLMNPRSTW')}." if rng.random() < 0.1 else ""
            return f"{first}{middle} {last}"
        if form == "initials":
            return f"{first[0]}. {last}" if rng.random() < 0.5 else f"{first} {last[0]}."
        return last if form == "last" else first

    def _arranged(self, parts: dict[str, str], form: str) -> str:
        rng = self._rng
        first, last, patronymic = parts["first"], parts["last"], parts["patronymic"]
        if form == "initials":
            return rng.choice(
                (
                    f"{last} {first[0]}.{patronymic[0]}.",
                    f"{last} {first[0]}. {patronymic[0]}.",
                    f"{first[0]}.{patronymic[0]}. {last}",
                    f"{first[0]}. {patronymic[0]}. {last}",
                    f"{first[0]}. {last}",
                    f"{first[0]}.{last}",
                    f"{last} {first[0]}.",
                    f"{last} {first[0]}",
                    f"{first} {last[0]}.",
                    f"{first} {last[0]}",
                    f"{last} {first[0]}{patronymic[0]}",
                )
            )
        return {
            "first": first,
            "last": last,
            "patronymic": patronymic,
            "first_patronymic": f"{first} {patronymic}",
            "first_last": f"{first} {last}",
            "last_first": f"{last} {first}",
            "full": f"{last} {first} {patronymic}"
            if rng.random() < 0.7
            else f"{first} {patronymic} {last}",
        }[form]
