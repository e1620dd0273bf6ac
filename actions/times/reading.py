"""When does the customer want the call? The moment, or only the day, or nothing that can be relied on."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import dateparser

from actions.times import words
from actions.times.spelling import spell

MAX_TEXT = 500
# An hour without "утра" or "вечера" is within these: nobody means three at night.
FIRST_OFFICE_HOUR = 8
NOW_PAUSE = timedelta(minutes=5)
_PHONE = re.compile(r"\+?\d[\d\s()-]{7,}\d")
_UNIT = "|".join(words.UNITS)
_COUNT = rf"(?P<count>\d+(?:[.,]5)?|{words.NUMBER})"
_AFTER_A_WHILE = (
    # "через полтора часа", "через час", "cherez 20 minut"
    re.compile(rf"\bcherez\s+(?:{_COUNT}\s*)?(?P<unit>{_UNIT})\b"),
    re.compile(r"\bcherez\s+(?P<half>pol)\s?(?P<unit>chasa|chasika)\b"),
    # "бір сағаттан кейін", "жарты сағаттан соң", "20 минуттан кейін"
    re.compile(rf"\b(?:{_COUNT}\s*)(?P<unit>{_UNIT})\s+(?:keiin\w*|kein|son)\b"),
    re.compile(r"\b(?P<unit>sagatan|aptadan)\s+(?:keiin\w*|kein|son)\b"),
    # "in half an hour", "in 20 minutes", "in an hour", "an hour from now"
    re.compile(rf"\bin\s+(?:about\s+)?(?:{_COUNT}\s+)(?:an?\s+|of\s+)?(?P<unit>{_UNIT})\b"),
    re.compile(rf"\b(?:{_COUNT}\s+)(?P<unit>{_UNIT})\s+(?:from nov|later)\b"),
)
_CLOCK = re.compile(
    r"(?<![\d.])(?P<hour>[01]?\d|2[0-3])\s?[:.-]\s?(?P<minute>[0-5]\d)(?![\d.])(?:\s?(?P<half>am|pm))?"
)
_HALF_PAST_RU = re.compile(
    r"\b(?:v\s+)?pol(?:ovin\w+)?\s?(?P<next>pervogo|vtorogo|tretego|chetvertogo|piatogo|shestogo|sedmogo|vosmogo|deviatogo|desiatogo|odinadcatogo|dvenadcatogo)\b"
)
_ORDINALS = ("pervogo", "vtorogo", "tretego", "chetvertogo", "piatogo", "shestogo", "sedmogo", "vosmogo", "deviatogo", "desiatogo", "odinadcatogo", "dvenadcatogo")  # fmt: skip
_HALF_PAST_EN = re.compile(
    rf"\b(?P<part>half|quarter)\s+past\s+(?P<hour>\d{{1,2}}|{words.HOUR_NUMBER})\b"
)
_HALF_PAST_KK = re.compile(rf"\b(?P<hour>\d{{1,2}}|{words.HOUR_NUMBER}|on)\s+jarim(?:da|ga)?\b")
_HOUR_WORD = rf"(?P<hour>\d{{1,2}}|{words.HOUR_NUMBER}|on)"
_CASE = r"(?:-?(?:de|da|te|ta|ge|ga|ke|ka|ne|no|ler\w*|lar\w*|tin|tan|ten|den|dan)\b)?"
_HOURS = (
    # "сағат үште", "сағат 3-те", "сағат бестен кейін"
    re.compile(rf"\bsagat\s+{_HOUR_WORD}{_CASE}"),
    # "3 часа", "в три часа", "к 5 часам", "часов в 6", "часам к трем"
    re.compile(
        rf"\b(?:v|k|posle|do|okolo|na|s|ot)\s+{_HOUR_WORD}(?:-?(?:ti|mi|h))?\s*(?:chas\w*|ch\b)"
    ),
    re.compile(rf"\bchas(?:ov|am|ikov|ika)\s+(?:v|k|na)\s+{_HOUR_WORD}"),
    # "в 3", "после 6", "к пяти", "at 3", "after six", "by 5", "around 4"
    re.compile(
        rf"\b(?:v|k|posle|do|okolo|at|after|by|before|around|from|s|mejdu|betven)\s+{_HOUR_WORD}(?!\s*(?:min|nedel|dn|den|apta))\b(?![.:]\d)"
    ),
    # "3 pm", "9 утра", "кешкі 7-де", "түскі 2"
    re.compile(rf"\b{_HOUR_WORD}\s*(?:am|pm|a\.m|p\.m|utra|dnia|vechera|o'?clock|oclock)\b"),
    re.compile(rf"\b(?:tangi|tuski|keshki|keshke|tanerten)\s+(?:sagat\s+)?{_HOUR_WORD}{_CASE}"),
    # "3-те", "үште", "он бірде", "15те"
    re.compile(rf"\b{_HOUR_WORD}-?(?:de|da|te|ta)\b"),
    # "час дня", "в час"
    re.compile(r"\bv?\s*(?P<one>chas)\s+dnia\b|\bv\s+(?P<one_more>chas)\b"),
)
_BARE_HOUR = re.compile(rf"^\W*(?P<hour>\d{{1,2}}|{words.HOUR_NUMBER}|on)\W*$")
_MONTH = "|".join(sorted(words.MONTHS, key=len, reverse=True))
_DAY_MONTH = re.compile(
    rf"\b(?P<day>[0-3]?\d)(?:st|nd|rd|th|-?go|-?sh?i|-?nshi)?\s+(?:of\s+)?(?P<month>{_MONTH})\w{{0,3}}(?:\s+(?P<year>20\d\d))?\b"
    rf"|\b(?P<month_first>{_MONTH})\s+(?P<day_second>[0-3]?\d)(?:st|nd|rd|th)?(?!\s?[:.]\d)\b"
)
_NUMERIC_DATE = re.compile(
    r"(?<![\d:.])(?P<day>[0-3]?\d)[./](?P<month>0[1-9]|1[0-2])(?:[./](?P<year>20\d\d|\d\d))?(?![\d:])"
)


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        due: the moment, aware, never in the past; `None` when it is not clear.
        day: the day, when only the day is clear.
        vague: whether a time was meant that nobody can keep: "later", "some day".
    """

    due: datetime | None = None
    day: date | None = None
    vague: bool = False


def read_time(text: str, now: datetime, *, day: date | None = None) -> Reading:
    """Read the time a customer asks for.

    An hour alone is its next occurrence; an hour of one to seven is in the afternoon unless said otherwise; a part of the
    day is its usual hour ("вечером" 18:00). A day without an hour is only a day. Anything vaguer is not clear.

    Args:
        text: the customer's words.
        now: the present moment in the organization's time zone.
        day: a day known from an earlier message, for an answer like "в три".
    """
    said = spell(_PHONE.sub(" ", text[:MAX_TEXT]))
    later = _after_a_while(said, now)
    if later is not None:
        return later
    dated, rest = _day(said, now)
    wanted = dated or day
    clock = _clock(rest)
    if clock is None:
        clock = _bare_hour(rest)
    if clock is not None:
        return Reading(due=_moment(clock, wanted, now, exact_day=dated is not None))
    part = _part(rest)
    if part is not None:
        return _part_of_day(part, wanted, now)
    if words.NOW.search(said) and wanted in {None, now.date()}:
        return Reading(due=now + NOW_PAUSE)
    if words.LATER.search(said):
        return Reading(vague=True)
    return Reading(day=dated)


def _after_a_while(said: str, now: datetime) -> Reading | None:
    for pattern in _AFTER_A_WHILE:
        match = pattern.search(said)
        if match is None:
            continue
        found = match.groupdict()
        unit = next(
            minutes for name, minutes in words.UNITS.items() if re.fullmatch(name, found["unit"])
        )
        count = 0.5 if found.get("half") else _number(found.get("count") or "1")
        if unit >= words.DAY:
            # "in three days" names a day; at what hour is still open.
            wanted = now.date() + timedelta(days=round(count * unit / words.DAY))
            clock = _clock(said[: match.start()] + said[match.end() :])
            return Reading(day=wanted) if clock is None else Reading(due=_at(wanted, clock[0], now))
        return Reading(due=now + timedelta(minutes=count * unit))
    return None


def _day(said: str, now: datetime) -> tuple[date | None, str]:
    """Return the day that is named and the text without its name."""
    today = now.date()
    for pattern, days in ((words.AFTER_TOMORROW, 2), (words.TOMORROW, 1), (words.TODAY, 0)):
        match = pattern.search(said)
        # "таңертең" (in the morning) ends in "ертең" (tomorrow); spelled apart it is still the morning.
        if match and not (days == 1 and re.search(r"\btan\s*$", said[: match.start()])):
            # "tonight" and "this evening" also say which part of the day.
            return today + timedelta(days=days), _without(said, match) if days else said
    match = _DAY_MONTH.search(said) or _NUMERIC_DATE.search(said)
    dated = _calendar_date(match, now) if match else None
    if match and dated is not None:
        return dated, _without(said, match)
    for weekday, pattern in enumerate(words.WEEKDAYS):
        match = pattern.search(said)
        if match:
            return _weekday(weekday, said, today), _without(said, match)
    match = words.WEEKEND.search(said)
    if match:
        return today + timedelta(days=(5 - today.weekday()) % 7 or 7), _without(said, match)
    return None, said


def _weekday(weekday: int, said: str, today: date) -> date:
    ahead = (weekday - today.weekday()) % 7
    if words.NEXT_WEEK.search(said) and words.WEEK_WORD.search(said):
        # "в среду на следующей неделе" is in the next calendar week.
        return today + timedelta(days=7 - today.weekday() + weekday)
    return today + timedelta(days=ahead or 7)


def _calendar_date(match: re.Match[str], now: datetime) -> date | None:
    found = match.groupdict()
    day = found.get("day") or found.get("day_second")
    month = found.get("month") or found.get("month_first") or ""
    named = words.MONTHS.get(month, month)
    year = found.get("year")
    written = (
        f"{day} {named} {year or now.year}"
        if named.isalpha()
        else f"{day}.{month}.{year or now.year}"
    )
    parsed = dateparser.parse(written, languages=["en"], settings={"DATE_ORDER": "DMY"})
    if parsed is None:
        return None
    if parsed.date() < now.date() and year is None:
        return _next_year(parsed.date())
    return parsed.date() if parsed.date() >= now.date() else None


def _next_year(day: date) -> date | None:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return None


Clock = tuple[time, str | None]
"""A time of day, and which half of the day was said: "am", "pm", "24" for a 24-hour clock, or nothing."""


def _clock(said: str) -> Clock | None:
    """Return the time of day that is named."""
    half = (
        "pm" if words.AFTER_NOON.search(said) else "am" if words.BEFORE_NOON.search(said) else None
    )
    for pattern, reading in (
        (_HALF_PAST_RU, _half_past_ru),
        (_HALF_PAST_EN, _half_past_en),
        (_HALF_PAST_KK, _half_past_kk),
    ):
        match = pattern.search(said)
        if match:
            return reading(match), half
    match = _CLOCK.search(said)
    if match:
        hour, minute = int(match["hour"]), int(match["minute"])
        said_half = match["half"] or half
        # "15:00" and "09:30" are exact, "3:30" is not.
        exact = hour > 12 or match["hour"].startswith("0")
        return time(hour, minute), "24" if exact else said_half
    for pattern in _HOURS:
        match = pattern.search(said)
        if match is None:
            continue
        found = match.groupdict()
        hour = 1 if found.get("one") or found.get("one_more") else int(_number(found["hour"]))
        if hour > 24:
            continue
        return time(hour % 24), "24" if hour > 12 else half
    return None


def _bare_hour(said: str) -> Clock | None:
    """Read a message of one number, "15" or "үш", as an hour."""
    match = _BARE_HOUR.match(said)
    if match is None or not 0 < _number(match["hour"]) < 24:
        return None
    hour = int(_number(match["hour"]))
    return time(hour), "24" if hour > 12 else None


def _half_past_ru(match: re.Match[str]) -> time:
    return time((_ORDINALS.index(match["next"]) or 12) % 24, 30)


def _half_past_en(match: re.Match[str]) -> time:
    return time(int(_number(match["hour"])) % 24, 30 if match["part"] == "half" else 15)


def _half_past_kk(match: re.Match[str]) -> time:
    return time(int(_number(match["hour"])) % 24, 30)


def _moment(clock: Clock, day: date | None, now: datetime, *, exact_day: bool) -> datetime:
    """Return the first moment from now on that the clock can mean."""
    at, half = clock
    hours = _possible_hours(at.hour, half)
    if day is not None and (day != now.date() or exact_day):
        moments = [_at(day, at.replace(hour=hour), now) for hour in hours]
        ahead = [moment for moment in moments if moment > now]
        if ahead:
            return ahead[0]
        # "сегодня в 9" said in the afternoon can mean nine in the evening; if that is past, the next day.
        evening = _at(day, at.replace(hour=(at.hour + 12) % 24), now)
        return evening if evening > now and at.hour < 12 else moments[0] + timedelta(days=1)
    moments = [_at(now.date(), at.replace(hour=hour), now) for hour in hours]
    ahead = [moment for moment in moments if moment > now]
    return (
        ahead[0] if ahead else _at(now.date() + timedelta(days=1), at.replace(hour=hours[0]), now)
    )


def _possible_hours(hour: int, half: str | None) -> list[int]:
    if half == "24" or hour > 12:
        return [hour]
    if half == "pm":
        return [hour % 12 + 12]
    if half == "am":
        return [hour % 12]
    return [hour] if hour >= FIRST_OFFICE_HOUR else [hour + 12]


def _at(day: date, at: time, now: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=now.tzinfo)


def _part(said: str) -> tuple[float, float] | None:
    for pattern, middle, end in words.PARTS:
        if pattern.search(said):
            return middle, end
    return None


def _part_of_day(part: tuple[float, float], day: date | None, now: datetime) -> Reading:
    middle, end = part
    wanted = day or now.date()
    due = _at(wanted, time(int(middle)), now)
    if due > now:
        return Reading(due=due)
    if now < _at(wanted, time(int(end)), now):
        return Reading(due=now + timedelta(minutes=15))
    # The evening is over: the same part of the next day.
    return Reading(due=due + timedelta(days=1))


def _number(word: str) -> float:
    plain = word.strip().replace(",", ".")
    return words.NUMBERS[plain] if plain in words.NUMBERS else float(plain)


def _without(said: str, match: re.Match[str]) -> str:
    return f"{said[: match.start()]} {said[match.end() :]}"
