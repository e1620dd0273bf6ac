"""Making chat messages, with names marked, out of people, carriers and real utterances."""

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.privacy.names.corpus import roles
from bot.privacy.names.corpus.inflection import KAZAKH_CASES, RUSSIAN_CASES
from bot.privacy.names.corpus.people import People, load_names
from bot.privacy.names.corpus.romanisation import romanise
from bot.privacy.names.corpus.segments import Message, Segment, disturbed
from bot.privacy.names.corpus.utterances import ROOT, read_utterances
from bot.privacy.names.lexicon import lexicon
from bot.privacy.names.wordlists import read_nouns, read_things, read_words

_TEXTS = Path(__file__).parent / "texts"
_SLOT = re.compile(r"\{(?P<case>\w+)(?::(?P<form>\w+))?\}|\[(?P<kind>\w+)(?::\w+)?\]")
_DOCUMENTS = ROOT / "crm" / "demo" / "knowledge"
_LANGUAGES = ("ru", "kk", "en")
_WORD = re.compile(r"[^\W\d_]+")
_VENUES = (
    "салон {}", "кафе {}", "ресторан {}", "магазин {}", "ТОО {}", "ИП {}", "ТОО «{}»", "салон «{}»", "кафе «{}»", "отель {}",
    "гостиница {}", "аптека {}", "клиника {}", "садик {}", "школа {}", "ТД {}", "бутик {}", "студия {}", "мкр {}", "ЖК {}",
    "ЖШС {}", "ЖШС «{}»", "{} дүкені", "{} кафесі", "{} мейрамханасы", "«{}» дүкені", "{} салоны", "{} LLP", "{} cafe", "cafe {}",
    "{} hotel", "{} restaurant", "{} shop", 'салон "{}"', 'магазин "{}"', "диван {}", "торт {}", "модель {}", "кровать {}",
    "серия {}", "оптика {}", "аптека {}", "клиника доктора {}", "сорт {}", "марка {}", "коллекция {}", "памятник {}", "фонтан {}",
    "центр {}", "ресторан «{}»", "барбершоп {}", "фирма {}", "компания {}", "сеть {}", "спектакль {}", "фильм {}", "книга {}",
    "роман «{}»", "опера {}", "балет {}", "кукла {}", "духи {}", "карта {}", "«{}» балабақшасы", "«{}» кафесі", "{} даңғылы",
    "{} орталығы", "{} шоколады", "{} brand", "{} store", "{} jeans", "{} perfume", "the {} collection", "{} school", "комплект {}", "{} ауылы", "ауыл {}", "село {}", "станция {}",
)  # fmt: skip
_STREETS = (
    "ул. {}", "улица {}", "ул {}", "на улице {}", "пр. {}", "проспект {}", "пр {} 12", "на {} 45", "{} 45", "{} 12 кв 7", "{}, 101",
    "угол {} и {}", "по {} вверх", "{} - {}", "ниже {}", "{} уг {}", "адрес {} 5", "площадь {}", "переулок {}", "мектеп {}",
    "школа имени {}", "театр {}", "парк {}", "музей {}", "метро {}", "остановка {}",
)  # fmt: skip
_KAZAKH_STREETS = (
    "{} көшесі",
    "{} көшесі 12",
    "{} даңғылы",
    "{} 45 үй",
    "{} пен {} қиылысы",
    "{} атындағы мектеп",
    "{} ауданы",
    "{} street",
    "{} ave 5",
)


class Sentences:
    """Draws messages. Everything random comes from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names = load_names()
        self._people = People(self._names, rng)
        self._utterances, products = read_utterances()
        self._plain = [message for message in self._utterances if not any(p.name for p in message)]
        self._marked = [message for message in self._utterances if any(p.name for p in message)]
        self._documents = _document_sentences()
        self._things = _things()
        nouns = read_nouns()
        self._things |= {
            "role": nouns["role.ru"],
            "krole": nouns["role.kk"],
            "erole": nouns["role.en"],
        }
        self._things["prod"] = nouns["product"] + products
        self._kinds = nouns["product"] + nouns["venue.ru"]
        self._kinds_after = nouns["venue.kk"] + nouns["venue.en"]
        self._not_people = list(read_things())
        self._things["thing"] = self._not_people
        self._words = [
            word
            for message in self._plain
            for word in _WORD.findall(message[0].text)
            if len(word) > 3 and not lexicon().entry(word.lower()).names
        ]
        self._ambiguous = [
            name
            for name in read_words("first-names.txt")
            if lexicon().entry(name.lower()).word == "W"
        ]
        self._carriers = {lang: _lines(f"with-names.{lang}.txt") for lang in _LANGUAGES}
        self._ordinary = {lang: _lines(f"without-names.{lang}.txt") for lang in _LANGUAGES}
        self._by_role = [
            (message, place)
            for message in self._plain
            if len(message) == 1
            for place in _role_places(message[0].text)
        ]

    def draw(self) -> Message:
        """Return one message as it might come in."""
        makers: Sequence[tuple[Callable[[], Message], int]] = (
            (self._carried, 30),
            (self._with_role, 12),
            (self._addressed, 10),
            (self._marked_utterance, 6),
            (self._anywhere, 24),
            (self._thing_anywhere, 10),
            (self._name_as_word, 5),
            (self._composed, 8),
            (self._plain_utterance, 22),
            (self._ordinary_line, 16),
            (self._place, 9),
            (self._sentence, 4),
            (self._two_plain, 4),
        )
        make = self._rng.choices([maker for maker, _ in makers], [weight for _, weight in makers])[
            0
        ]
        return disturbed(tuple(piece for piece in make() if piece.text), self._rng)

    def every_plain(self) -> list[Message]:
        """Return each utterance and each ordinary line once, undisturbed."""
        lines = [self._filled(line, lang) for lang in _LANGUAGES for line in self._ordinary[lang]]
        return [*self._utterances, *lines, *((Segment(text),) for text in self._documents)]

    def _name(self, case: str, *, language: str, form: str) -> Segment:
        """Return somebody's name, now and then in Latin letters whatever stands around it."""
        name = self._people.name(case, language=language, form=form)
        return Segment(romanise(name, self._rng) if self._rng.random() < 0.05 else name, name=True)

    def _language(self) -> str:
        return self._rng.choices(_LANGUAGES, (42, 33, 25))[0]

    def _carried(self) -> Message:
        language = self._language()
        return self._filled(self._rng.choice(self._carriers[language]), language)

    def _ordinary_line(self) -> Message:
        language = self._language()
        return self._filled(self._rng.choice(self._ordinary[language]), language)

    def _plain_utterance(self) -> Message:
        return self._rng.choice(self._plain)

    def _two_plain(self) -> Message:
        rng = self._rng
        return (*rng.choice(self._plain), self._joint(), *rng.choice(self._plain))

    def _sentence(self) -> Message:
        return (Segment(self._rng.choice(self._documents)),)

    def _joint(self) -> Segment:
        return Segment(self._rng.choice((", ", ". ", " ", "\n", "! ", " - ", "? ", " ")))

    def _composed(self) -> Message:
        """Return a carrier with a real utterance before or after it, or two carriers."""
        rng = self._rng
        pieces = [
            self._carried(),
            rng.choice(self._plain) if rng.random() < 0.75 else self._carried(),
        ]
        rng.shuffle(pieces)
        return (*pieces[0], self._joint(), *pieces[1])

    def _addressed(self) -> Message:
        """Return a real utterance that begins with somebody's name, or is signed."""
        rng = self._rng
        message = rng.choice(self._plain)
        language = _guess(message)
        form = rng.choice(("first", "first", "first", "first_patronymic", ""))
        name = self._name("nom", language=language, form=form)
        if rng.random() < 0.5:
            return (name, Segment(rng.choice((", ", " ", "! ", ". ", "\n"))), *message)
        return (*message, Segment(rng.choice((", ", " ", ". ", "\n", "\n— "))), name)

    def _with_role(self) -> Message:
        """Return a real utterance in which a name stands beside or instead of a word for a person."""
        rng = self._rng
        message, (start, end, case, language, kind) = rng.choice(self._by_role)
        text = message[0].text
        form = rng.choices(
            ("first", "first_patronymic", "last", "first_last", "full"), (70, 10, 8, 9, 3)
        )[0]
        name = self._name(case, language=language, form=form)
        word = text[start:end]
        if kind == "instead" or (kind != "after" and rng.random() < 0.3):
            return (Segment(text[:start]), name, Segment(text[end:]))
        if kind == "after":
            return (Segment(text[:start]), name, Segment(f" {word}{text[end:]}"))
        joint = rng.choice((" ", " ", " ", " ", ", "))
        return (Segment(text[:start] + word + joint), name, Segment(text[end:]))

    def _anywhere(self) -> Message:
        """Return a real utterance with an unmistakable name put in at any place, or instead of a word."""
        rng = self._rng
        message = rng.choice(self._plain)
        language = _guess(message)
        text = "".join(piece.text for piece in message)
        words = list(_WORD.finditer(text))
        if not words:
            return message
        cases = {"ru": RUSSIAN_CASES, "kk": KAZAKH_CASES, "en": ("nom",)}[language]
        form = rng.choices(("first", "first_patronymic", "last", "first_last"), (75, 8, 10, 7))[0]
        name = ""
        while not name or lexicon().entry(name.split(maxsplit=1)[0]).word:
            name = self._people.name(rng.choice(cases), language=language, form=form)
        word = rng.choice(words)
        if rng.random() < 0.6:
            return (
                Segment(text[: word.start()]),
                Segment(name, name=True),
                Segment(text[word.end() :]),
            )
        return (
            Segment(text[: word.start()]),
            Segment(name, name=True),
            Segment(" " + text[word.start() :]),
        )

    def _thing_anywhere(self) -> Message:
        """Return a real utterance with a place or a brand put in at any place, or such a thing alone."""
        rng = self._rng
        text = "".join(piece.text for piece in rng.choice(self._plain))
        thing = rng.choice(self._not_people)
        if rng.random() < 0.3:
            thing = f"{thing} {rng.choice(('', 'и', 'или', 'мен', 'or', 'and', ',', '/'))} {rng.choice(self._not_people)}"
        words = list(_WORD.finditer(text))
        if not words or rng.random() < 0.1:
            return (Segment(thing),)
        word = rng.choice(words)
        end = word.end() if rng.random() < 0.6 else word.start()
        return (
            Segment(
                f"{text[: word.start()]}{thing}{' ' if end == word.start() else ''}{text[end:]}"
            ),
        )

    def _name_as_word(self) -> Message:
        """Return a real utterance with an ordinary word in it that is a name as well, in small letters."""
        rng = self._rng
        text = "".join(piece.text for piece in rng.choice(self._plain))
        words = list(_WORD.finditer(text))
        if not words:
            return (Segment(text),)
        word = rng.choice(words)
        ordinary = rng.choice(self._ambiguous).lower()
        return (Segment(f"{text[: word.start()]}{ordinary}{text[word.end() :]}"),)

    def _marked_utterance(self) -> Message:
        """Return an utterance with its own name or, if that stands in its first form, another one."""
        rng = self._rng
        message = rng.choice(self._marked)
        if rng.random() < 0.4:
            return message
        language = _guess(message)
        return tuple(
            Segment(
                self._people.name(
                    "nom",
                    language=language,
                    form="first" if " " not in piece.text else "first_last",
                ),
                name=True,
            )
            if piece.name and not _looks_inflected(piece.text)
            else piece
            for piece in message
        )

    def _place(self) -> Message:
        """Return a place, a street or a company that bears somebody's name, alone or with an utterance: no person."""
        rng, names = self._rng, self._names
        kind = rng.random()
        if kind < 0.55:
            name = rng.choice(names.female if rng.random() < 0.6 else names.male)
            draw = rng.random()
            if draw < 0.4:
                text = rng.choice(_VENUES)
            elif draw < 0.75:
                text = f"{rng.choice(self._kinds)} {{}}"
            else:
                text = f"{{}} {rng.choice(self._kinds_after)}"
            if rng.random() < 0.3:
                name = rng.choice(self._words).title()
            text = text.replace("{}", name)
        elif kind < 0.85:
            text = rng.choice(_STREETS)
            text = text.format(*(self._street() for _ in range(2)))
        else:
            eastern = rng.choice(names.kazakh_male)
            text = rng.choice(_KAZAKH_STREETS).format(eastern, rng.choice(names.kazakh_male))
        draw = rng.random()
        if draw < 0.35:
            return (Segment(text),)
        if draw < 0.7:
            return (*rng.choice(self._plain), self._joint(), Segment(text))
        return (Segment(text), self._joint(), *rng.choice(self._plain))

    def _street(self) -> str:
        """Return a street's name: a surname or a hero's name in the genitive."""
        return self._people.name(
            "gen", language="ru", form=self._rng.choice(("last", "last", "first"))
        )

    def _filled(self, line: str, language: str) -> Message:
        pieces: list[Segment] = []
        end = 0
        for match in _SLOT.finditer(line):
            pieces.append(Segment(line[end : match.start()]))
            if match["kind"] == "want":
                pieces += self._rng.choice(self._plain)
            elif match["kind"]:
                pieces.append(Segment(self._rng.choice(self._things[match["kind"]])))
            else:
                style = (
                    language
                    if self._rng.random() < 0.9 or language == "en"
                    else ("kk" if language == "ru" else "ru")
                )
                case = match["case"] if style == language else "nom"
                pieces.append(self._name(case, language=style, form=match["form"] or ""))
            end = match.end()
        pieces.append(Segment(line[end:]))
        return tuple(piece for piece in pieces if piece.text)


def _lines(name: str) -> list[str]:
    lines = (_TEXTS / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("#")]


def _things() -> dict[str, list[str]]:
    things = {}
    for line in _lines("things.txt"):
        kind, values = line.split(": ", 1)
        things[kind] = values.split("; ")
    return things


def _document_sentences() -> list[str]:
    sentences: list[str] = []
    for file in sorted(_DOCUMENTS.glob("*.md")):
        for line in file.read_text(encoding="utf-8").splitlines():
            cleaned = line.strip("#*-| ").replace("|", " ")
            sentences += [part for part in re.split(r"(?<=[.!?])\s+", cleaned) if len(part) > 3]
    return sentences


def _guess(message: Message) -> str:
    """Return the language whose people a message may speak of, by its letters."""
    text = "".join(piece.text for piece in message).lower()
    if re.search("[әғқңөұүһі]", text):
        return "kk"
    return "ru" if re.search("[а-я]", text) else "en"


def _looks_inflected(name: str) -> bool:
    return name.lower().endswith(
        (
            "у",
            "ю",
            "ну",
            "ны",
            "ой",
            "ей",
            "ом",
            "ем",
            "ға",
            "ге",
            "ның",
            "нің",
            "мын",
            "мін",
            "пін",
            "пын",
        )
    )


_KINDS: tuple[tuple[dict[str, str], str, str], ...] = (
    (roles.RUSSIAN, "ru", "beside"),
    (roles.RUSSIAN_PRONOUNS, "ru", "instead"),
    (roles.KAZAKH, "kk", "beside"),
    (roles.KAZAKH_PRONOUNS, "kk", "instead"),
    (roles.ENGLISH, "en", "beside"),
    (roles.ENGLISH_PRONOUNS, "en", "instead"),
)


def _role_places(text: str) -> list[tuple[int, int, str, str, str]]:
    places = []
    for match in _WORD.finditer(text):
        word = match.group().lower()
        for words, language, kind in _KINDS:
            if word in words:
                where = "after" if word in roles.KAZAKH_AFTER else kind
                places.append((*match.span(), words[word], language, where))
                break
    return places
