"""What a variable stands for at a moment, in a conversation, said in one of the languages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.prompts.content import LANGUAGES

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS: Final = {
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    "kk": ("дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі", "жексенбі"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT: Final = {
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    "kk": ("дс", "сс", "ср", "бс", "жм", "сб", "жс"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS: Final = {
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "en": "January February March April May June July August September October November December",
}
_DATES: Final = {
    "ru": "{day} {month} {year} г.",
    "kk": "{year} ж. {day} {month}",
    "en": "{day} {month} {year}",
}
_ALWAYS: Final = {"ru": "круглосуточно", "kk": "тәулік бойы", "en": "around the clock"}
_OWN_NAMES: Final = {"ru": "русский", "kk": "қазақ тілі", "en": "English"}
_CHANNELS: Final[Mapping[str, Mapping[str, str]]] = {
    "webchat": {"ru": "чат на сайте", "kk": "сайттағы чат", "en": "the chat on the site"},
    "telegram": dict.fromkeys(LANGUAGES, "Telegram"),
    "whatsapp": dict.fromkeys(LANGUAGES, "WhatsApp"),
    "instagram": dict.fromkeys(LANGUAGES, "Instagram"),
    "email": {"ru": "эл. почта", "kk": "эл. пошта", "en": "e-mail"},
}

type Hours = Mapping[str, Sequence[Sequence[str]]]


def values_of(
    *,
    company: str,
    assistant: str,
    timezone: str,
    business_hours: Hours,
    moment: datetime,
    language: str,
    channel: str,
) -> dict[str, str]:
    """Return each variable's value.

    Args:
        company: the organization's name.
        assistant: the assistant's name.
        timezone: the organization's, an IANA name.
        business_hours: day (mon to sun) -> intervals of "HH:MM"; none at all means always open.
        moment: now, aware.
        language: ru, kk or en: of the values.
        channel: where the conversation is held.
    """
    local = moment.astimezone(ZoneInfo(timezone))
    month = _MONTHS[language].split()[local.month - 1]
    return {
        "company": company,
        "assistant": assistant,
        "today": _DATES[language].format(day=local.day, month=month, year=local.year),
        "weekday": _WEEKDAYS[language][local.weekday()],
        "time": f"{local:%H:%M}",
        "opening_hours": spoken_hours(business_hours, language),
        "language": _OWN_NAMES[language],
        "channel": _CHANNELS.get(channel, {}).get(language, channel),
    }


def spoken_hours(business_hours: Hours, language: str) -> str:
    """Return hours as people write them: `пн–пт 09:00–18:00, сб 10:00–14:00`. Closed days are left out."""
    if not any(business_hours.values()):
        return _ALWAYS[language]
    names = _SHORT[language]
    spans: list[tuple[int, int, str]] = []
    for place, day in enumerate(DAYS):
        intervals = sorted(tuple(interval) for interval in business_hours.get(day) or ())
        said = " ".join(f"{opens}–{closes}" for opens, closes in intervals)
        if not said:
            continue
        if spans and spans[-1][1:] == (place - 1, said):
            spans[-1] = (spans[-1][0], place, said)
        else:
            spans.append((place, place, said))
    return ", ".join(
        f"{names[first]}–{names[last]} {said}" if first != last else f"{names[first]} {said}"
        for first, last, said in spans
    )
