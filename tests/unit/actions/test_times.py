"""Times in Russian, Kazakh, English and romanised; now is Wednesday, 18 November 2026, 14:20 in Almaty."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from actions.times.reading import read_time
from actions.times.speaking import spoken_time
from actions.times.spelling import spell

ALMATY = ZoneInfo("Asia/Almaty")
NOW = datetime(2026, 11, 18, 14, 20, tzinfo=ALMATY)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        # Russian
        ("Позвоните мне завтра в 15:00", "11-19 15:00"),
        ("через час", "11-18 15:20"),
        ("через полчаса", "11-18 14:50"),
        ("через полтора часа", "11-18 15:50"),
        ("через пару часов", "11-18 16:20"),
        ("через 15 мин", "11-18 14:35"),
        ("послезавтра в 11 утра", "11-20 11:00"),
        ("в пятницу после обеда", "11-20 15:00"),
        ("в следующий вторник в 17.00", "11-24 17:00"),
        ("в понедельник с утра", "11-23 10:00"),
        ("в три часа дня", "11-18 15:00"),
        ("в половине третьего", "11-18 14:30"),
        ("часов в 6", "11-18 18:00"),
        ("к пяти", "11-18 17:00"),
        ("после 18:00", "11-18 18:00"),
        ("завтра с 10 до 12", "11-19 10:00"),
        ("25 ноября в 14:30", "11-25 14:30"),
        ("25.11 в 10", "11-25 10:00"),
        ("завтра в 9 вечера", "11-19 21:00"),
        ("сегодня в 9", "11-18 21:00"),
        ("вечером", "11-18 18:00"),
        ("сейчас", "11-18 14:25"),
        ("через неделю в 12", "11-25 12:00"),
        ("15", "11-18 15:00"),
        # Kazakh
        ("ертең сағат үште", "11-19 15:00"),
        ("ертең сағат үште звондап қойыңыз", "11-19 15:00"),
        ("ертең сағат 15:00-де", "11-19 15:00"),
        ("бүгін кешке", "11-18 18:00"),
        ("бір сағаттан кейін", "11-18 15:20"),
        ("жарты сағаттан соң", "11-18 14:50"),
        ("30 минуттан кейін", "11-18 14:50"),
        ("жұма күні түстен кейін", "11-20 15:00"),
        ("дүйсенбі таңертең", "11-23 10:00"),
        ("таңертең", "11-19 10:00"),
        ("келесі аптада сейсенбі сағат 10-да", "11-24 10:00"),
        ("бүрсігүні сағат бесте", "11-20 17:00"),
        ("кешкі 7-де", "11-18 19:00"),
        ("сағат он бірде", "11-19 11:00"),
        ("25 қараша сағат 11де", "11-25 11:00"),
        ("ертең түсте", "11-19 13:00"),
        ("қазір хабарласыңызшы", "11-18 14:25"),
        ("сағат 5-тен кейін", "11-18 17:00"),
        # English
        ("next Monday morning", "11-23 10:00"),
        ("in half an hour", "11-18 14:50"),
        ("call me back in an hour", "11-18 15:20"),
        ("in a couple of hours", "11-18 16:20"),
        ("tomorrow at half past two", "11-19 14:30"),
        ("Nov 25 at 4pm", "11-25 16:00"),
        ("on friday afternoon", "11-20 15:00"),
        ("this afternoon", "11-18 15:00"),
        ("at 9 am", "11-19 09:00"),
        ("3pm", "11-18 15:00"),
        ("between 3 and 5 tomorrow", "11-19 15:00"),
        ("on the 25th of November at noon", "11-25 12:00"),
        ("tomorrow evening", "11-19 18:00"),
        # Romanised, and Kazakh with Russian letters
        ("erten sagat ushte", "11-19 15:00"),
        ("zavtra v 3", "11-19 15:00"),
        ("cherez chas", "11-18 15:20"),
        ("zavtra utrom", "11-19 10:00"),
        ("ертен сагат 3те", "11-19 15:00"),
    ],
)
def test_a_clear_time(text: str, due: str) -> None:
    reading = read_time(text, NOW)
    assert reading.due is not None
    assert f"{reading.due:%m-%d %H:%M}" == due
    assert reading.due.utcoffset() == NOW.utcoffset()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("завтра", date(2026, 11, 19)),
        ("в субботу", date(2026, 11, 21)),
        ("на выходных", date(2026, 11, 21)),
        ("ертең", date(2026, 11, 19)),
        ("жұмада", date(2026, 11, 20)),
        ("tomorrow", date(2026, 11, 19)),
        ("екі күннен кейін", date(2026, 11, 20)),
        ("через 3 дня", date(2026, 11, 21)),
    ],
)
def test_a_day_without_an_hour_is_only_a_day(text: str, day: date) -> None:
    assert read_time(text, NOW).day == day
    assert read_time(text, NOW).due is None


@pytest.mark.parametrize(
    "text",
    [
        "перезвоните пожалуйста", "позже", "когда-нибудь", "кейінірек", "later", "", "ок", "в 25 часов", "32 ноября",
        "+7 701 123 45 67", "87011234567", "😀", "\u0000", "а" * 10_000, "9" * 10_000,
    ],
)  # fmt: skip
def test_an_unclear_time_is_not_guessed(text: str) -> None:
    reading = read_time(text, NOW)
    assert reading.due is None
    assert reading.day is None


def test_a_phone_number_is_no_time() -> None:
    reading = read_time("87011234567 завтра в 10", NOW)
    assert reading.due == datetime(2026, 11, 19, 10, tzinfo=ALMATY)


@pytest.mark.parametrize(
    ("now", "text", "due"),
    [
        ("2026-11-18 19:30", "бүгін кешке", "11-18 19:45"),
        ("2026-11-18 22:00", "вечером", "11-19 18:00"),
        ("2026-11-18 16:00", "в 15:00", "11-19 15:00"),
        ("2026-11-18 16:00", "в 3", "11-19 15:00"),
        ("2026-11-18 08:00", "в 9", "11-18 09:00"),
        ("2026-12-31 23:50", "через 20 минут", "01-01 00:10"),
        ("2026-11-18 10:00", "в среду в 12", "11-25 12:00"),
        ("2026-11-18 10:00", "5 января в 11", "01-05 11:00"),
        ("2028-02-29 10:00", "28 февраля в 11", "02-28 11:00"),
    ],
)
def test_past_times_roll_on(now: str, text: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=ALMATY)
    found = read_time(text, moment).due
    assert found is not None
    assert f"{found:%m-%d %H:%M}" == due
    assert found > moment


def test_a_known_day_completes_an_hour() -> None:
    reading = read_time("в три", NOW, day=date(2026, 11, 20))
    assert reading.due == datetime(2026, 11, 20, 15, tzinfo=ALMATY)


def test_the_tenants_zone_counts() -> None:
    aqtau = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    found = read_time("завтра в 15:00", aqtau).due
    assert found is not None
    assert found.isoformat() == "2026-11-19T15:00:00+09:00"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", "завтра, 19 ноября, в 15:00"),
        ("kk", "ертең, 19 қараша, сағат 15:00"),
        ("en", "tomorrow, 19 November, at 15:00"),
        ("xx", "завтра, 19 ноября, в 15:00"),
    ],
)
def test_a_moment_in_words(language: str, words: str) -> None:
    assert spoken_time(datetime(2026, 11, 19, 15, tzinfo=ALMATY), NOW, language) == words


def test_a_day_further_off_is_named_by_its_weekday() -> None:
    assert spoken_time(datetime(2026, 11, 23, 9, tzinfo=ALMATY), NOW, "ru").startswith(
        "в понедельник"
    )
    assert spoken_time(NOW, NOW, "kk").startswith("бүгін")


def test_spelling_is_one_for_all_letters() -> None:
    assert spell("Сағат ҮШТЕ") == spell("сагат уште") == spell("sagat ushte")
