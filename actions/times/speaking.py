"""A moment in words, as one would say it to a customer."""

from datetime import datetime

_DAYS = {
    "ru": ("сегодня", "завтра"),
    "kk": ("бүгін", "ертең"),
    "en": ("today", "tomorrow"),
}
_WEEKDAYS = {
    "ru": (
        "в понедельник",
        "во вторник",
        "в среду",
        "в четверг",
        "в пятницу",
        "в субботу",
        "в воскресенье",
    ),
    "kk": ("дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі", "жексенбі"),
    "en": (
        "on Monday",
        "on Tuesday",
        "on Wednesday",
        "on Thursday",
        "on Friday",
        "on Saturday",
        "on Sunday",
    ),
}
_MONTHS = {
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
        "декабря",
    ),
    "kk": (
        "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша",
        "желтоқсан",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip


def spoken_time(moment: datetime, now: datetime, language: str) -> str:
    """Return a moment in words: "завтра, 22 ноября, в 15:00", "ертең, 22 қараша, сағат 15:00", "tomorrow, 22 November, at 15:00".

    Both moments are in the organization's time zone. An unknown language is Russian.
    """
    language = language if language in _MONTHS else "ru"
    days = (moment.date() - now.date()).days
    day = _DAYS[language][days] if days in {0, 1} else _WEEKDAYS[language][moment.weekday()]
    date = f"{moment.day} {_MONTHS[language][moment.month - 1]}"
    at = {"ru": "в", "kk": "сағат", "en": "at"}[language]
    return f"{day}, {date}, {at} {moment:%H:%M}"
