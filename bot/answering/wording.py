"""The few words around an answer, in the customer's language."""

from collections.abc import Sequence

_SOURCE = {"ru": "Источник", "kk": "Дереккөз", "en": "Source"}
_SOURCES = {"ru": "Источники", "kk": "Дереккөздер", "en": "Sources"}
_SOURCE_LABELS = {*_SOURCE.values(), *_SOURCES.values()}
_DECLINED = {
    "ru": "К сожалению, в документах компании я не нашёл ответа на этот вопрос. Могу позвать сотрудника.",
    "kk": "Өкінішке қарай, компания құжаттарынан бұл сұраққа жауап таппадым. Қызметкерді шақыра аламын.",
    "en": "Sorry, the company's documents do not tell me the answer to that. I can call a person for you.",
}
_OTHER_LANGUAGE = {
    ("ru", "kk"): "В документах это есть на казахском языке:",
    ("ru", "en"): "В документах это есть на английском языке:",
    ("kk", "ru"): "Бұл туралы құжаттарда орыс тілінде жазылған:",
    ("kk", "en"): "Бұл туралы құжаттарда ағылшын тілінде жазылған:",
    ("en", "ru"): "Our documents say this in Russian:",
    ("en", "kk"): "Our documents say this in Kazakh:",
}
LANGUAGE_NAMES = {"ru": "Russian", "kk": "Kazakh (Cyrillic script)", "en": "English"}


def source_line(titles: Sequence[str], language: str) -> str:
    """Return `Источник: Доставка`, each title once."""
    distinct = list(dict.fromkeys(titles))
    names = _SOURCE if len(distinct) == 1 else _SOURCES
    return f"{names[language]}: {', '.join(distinct)}"


def without_sources(text: str) -> str:
    """Return an answer without its last line where that names its sources."""
    told, _, last = text.rstrip().rpartition("\n")
    label, colon, _ = last.partition(": ")
    return told.rstrip() if colon and label in _SOURCE_LABELS else text


def declined(language: str) -> str:
    """Return what is said when the documents are silent."""
    return _DECLINED[language]


def introduction(language: str, quoted: str) -> str:
    """Return what is said before a quote in another language than the customer's; nothing in the same."""
    return _OTHER_LANGUAGE.get((language, quoted), "")
