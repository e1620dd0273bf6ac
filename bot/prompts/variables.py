"""Variables in what a tenant writes for its assistant: `{company}` in a text stands for the company's name.

Two braces stand for one: `{{company}}` is said as `{company}`. A brace that begins no name is left as it is, so that
an example in JSON needs no thought. Values are put in once and never read again for variables.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.prompts.content import AssistantContent


@dataclass(frozen=True, slots=True)
class Variable:
    """A name to be completed in the editor. `title` and `example` are for people, in ru, kk and en."""

    name: str
    title: Mapping[str, str]
    example: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A name that stands for nothing. `path` is the field, `near` the name that may have been meant."""

    path: str
    name: str
    near: str | None


VARIABLES: Final = (
    Variable(
        "company",
        {"ru": "Название компании", "kk": "Компания атауы", "en": "The company's name"},
        dict.fromkeys(("ru", "kk", "en"), "Tau Demo"),
    ),
    Variable(
        "assistant",
        {"ru": "Имя ассистента", "kk": "Көмекшінің есімі", "en": "The assistant's name"},
        dict.fromkeys(("ru", "kk", "en"), "Aitys"),
    ),
    Variable(
        "today",
        {"ru": "Сегодняшняя дата", "kk": "Бүгінгі күн", "en": "Today's date"},
        {"ru": "22 ноября 2026 г.", "kk": "2026 ж. 22 қараша", "en": "22 November 2026"},
    ),
    Variable(
        "weekday",
        {"ru": "День недели", "kk": "Апта күні", "en": "The day of the week"},
        {"ru": "воскресенье", "kk": "жексенбі", "en": "Sunday"},
    ),
    Variable(
        "time",
        {"ru": "Время у компании", "kk": "Компаниядағы уақыт", "en": "The company's local time"},
        dict.fromkeys(("ru", "kk", "en"), "15:00"),
    ),
    Variable(
        "opening_hours",
        {"ru": "Часы работы", "kk": "Жұмыс уақыты", "en": "Opening hours"},
        {
            "ru": "пн–пт 09:00–18:00",
            "kk": "дс–жм 09:00–18:00",
            "en": "Mon–Fri 09:00–18:00",
        },
    ),
    Variable(
        "language",
        {"ru": "Язык ответа", "kk": "Жауап тілі", "en": "The language of the answer"},
        {"ru": "русский", "kk": "қазақ тілі", "en": "English"},
    ),
    Variable(
        "channel",
        {"ru": "Канал переписки", "kk": "Жазысу арнасы", "en": "The channel written in"},
        dict.fromkeys(("ru", "kk", "en"), "Telegram"),
    ),
)
NAMES: Final = tuple(variable.name for variable in VARIABLES)
_FORMER: Final = {"organization": "company"}
"""Names that older releases taught: still understood, no longer offered."""
_PART: Final = re.compile(r"\{\{|\}\}|\{\s*(?P<name>[^\W\d]\w*)\s*\}")


def render(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with its variables' values. A name without a value stays as it was written."""

    def put(found: re.Match[str]) -> str:
        if found[0] == "{{":
            return "{"
        if found[0] == "}}":
            return "}"
        name = _FORMER.get(found["name"], found["name"])
        return values.get(name, found[0])

    return _PART.sub(put, text)


def used(text: str) -> list[str]:
    """Return the names in `text`, known and unknown, each once and in their order."""
    names = (found["name"] for found in _PART.finditer(text))
    return list(dict.fromkeys(name for name in names if name is not None))


def unknown_variables(content: AssistantContent) -> Iterator[UnknownVariable]:
    """Yield what must be put right before the content may be saved."""
    texts = {
        "instructions": content.instructions,
        **{f"greeting.{name}": text for name, text in content.greeting.model_dump().items()},
        **{f"disclosure.{name}": text for name, text in content.disclosure.model_dump().items()},
    }
    for path, text in texts.items():
        for name in used(text):
            if name not in NAMES and name not in _FORMER:
                near = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.6)
                yield UnknownVariable(path, name, near[0] if near else None)
