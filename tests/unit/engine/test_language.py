import pytest

from bot.engine.language import answer_language, detect, requested_language, without_names


@pytest.mark.parametrize(
    ("text", "language", "romanised"),
    [
        ("Сәлем, доставка қанша тұрады?", "kk", False),
        ("калай тапсырыс берем", "kk", False),
        ("рахмет", "kk", False),
        ("salem, dostavka bar ma", "kk", True),
        ("magan 2 pizza kerek", "kk", True),
        ("tapsyrys bergim keledi", "kk", True),
        ("адаммен сөйлескім келеді", "kk", False),
        ("привет", "ru", False),
        ("есть ли доставка в Астану?", "ru", False),
        ("privet, skolko stoit dostavka", "ru", True),
        ("kogda privezete moi zakaz", "ru", True),
        ("how much is delivery?", "en", False),
        ("where is my parcel", "en", False),
        ("next Monday morning", "en", False),
    ],
)
def test_the_language_of_a_message(text: str, language: str, *, romanised: bool) -> None:
    guess = detect(text)
    assert (guess.language, guess.romanised) == (language, romanised)


@pytest.mark.parametrize("text", ["", "😀", "12345", "???", "\u0000", "שלום", "你好"])
def test_nothing_is_guessed_from_nothing(text: str) -> None:
    assert detect(text).language in {None, "en"}
    assert detect(text).margin < 1


def test_a_very_long_text_is_no_trouble() -> None:
    assert detect("қалай " * 10_000).language == "kk"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("қазақша сөйлейсіз бе", "kk"),
        ("kazaksha bola ma", "kk"),
        ("can you speak kazakh", "kk"),
        ("можно на русском?", "ru"),
        ("орысша жазыңызшы", "ru"),
        ("switch to english please", "en"),
        ("по-английски можно", "en"),
        ("ағылшынша", "en"),
        ("I don't understand Kazakh, Russian please", "ru"),
        ("орысша түсінбеймін, қазақша жазыңыз", "kk"),
        ("давайте на русском, а не на казахском", "ru"),
        ("можно другой язык", None),
    ],
)
def test_the_language_that_is_asked_for(text: str, language: str | None) -> None:
    assert requested_language(text) == language


def answer(text: str, **known: object) -> str:
    values = {
        "current": None,
        "pinned": False,
        "requested": None,
        "hint": None,
        "fallback": "ru",
        **known,
    }
    return answer_language(text, **values)  # type: ignore[arg-type]


def test_the_first_message_decides() -> None:
    assert answer("Сәлем") == "kk"
    assert answer("hello") == "en"


def test_without_a_hint_the_organisations_language_is_taken() -> None:
    assert answer("👍", fallback="kk") == "kk"
    assert answer("👍", fallback=None) == "ru"
    assert answer("👍", hint="en", fallback="kk") == "en"


@pytest.mark.parametrize("text", ["рахмет", "ok", "👍", "87011234567", "Асель", "hello"])
def test_short_messages_keep_the_conversations_language(text: str) -> None:
    assert answer(text, current="ru") == "ru"


def test_a_clear_message_changes_it() -> None:
    assert answer("маған тапсырыс беру керек еді", current="ru") == "kk"
    assert answer("how much does it cost?", current="ru") == "en"


def test_an_explicit_request_wins_and_holds() -> None:
    assert answer("switch to english", current="ru", requested="en") == "en"
    assert answer("сколько стоит доставка в Астану?", current="en", pinned=True) == "en"
    assert answer("x", current="en", pinned=True, requested="kk") == "kk"


def test_a_name_tells_no_language() -> None:
    name = [{"entity": "name", "start": 11, "end": 27}]
    assert without_names("меня зовут Айгүл Серікқызы", name, is_name=False) == "меня зовут"
    assert without_names("Айгүл Серікқызы", [], is_name=True) == ""
    # Words of a language still count where a name was asked for.
    assert detect(without_names("менің атым Ержан", [], is_name=True)).language == "kk"
