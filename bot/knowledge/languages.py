"""Which of the three languages a text is in, also when it is typed in the wrong letters."""

import re
from collections.abc import Sequence

from bot.knowledge.letters import cyrillic, is_latin, words

LANGUAGES = ("ru", "kk", "en")
_KAZAKH_LETTERS = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)
_KAZAKH_SHARE = 0.03

_KAZAKH = """
ма ме ба бе па пе жане мен менен немесе ушин туралы бойынша калай канша кашан кайда кай кандай
неше не ким неге бар жок керек болады болмайды бола болса еди екен гой ше сиз сиздер сендер сен
биз бизде сизде олар мынау осы сол сатып алу беру тапсырыс жеткизу багасы тегин ашык жумыс кун
кунде сагат акша толем калалар рахмет салем саламатсыз маган саган сизге бизге келе келеди берем
бересиз алам аламын тура турады уакыт бугин ертен кейин дейин ал жокпа барма болама
"""
_RUSSIAN = """
и в во на не что это как сколько где когда какой какая какие какое есть ли можно нужно у с со к
ко по за из от до для или но а же бы мне меня вас вы мы ваш ваша наш наша если при без чтобы
стоит работаете доставка через после цена оплата адрес время все только ещё еще уже да нет
привет здравствуйте пожалуйста спасибо
"""
_ENGLISH = """
the a an and or of to in on is are was do does did can could how much many what when where which
who why you your we our i my me it its for from with at by if not no yes there have has will
would should be any all this that price delivery please hello hi thanks open pay
"""
_KAZAKH_WORDS = frozenset(_KAZAKH.split())
_RUSSIAN_WORDS = frozenset(_RUSSIAN.split())
_ENGLISH_WORDS = frozenset(_ENGLISH.split())


def detect_language(text: str, default: str = "ru") -> str:
    """Return ru, kk or en; `default` when the text does not tell.

    Romanised Kazakh and Russian count as kk and ru.
    """
    letters = len(_CYRILLIC.findall(text))
    if letters and len(_KAZAKH_LETTERS.findall(text)) / letters >= _KAZAKH_SHARE:
        return "kk"
    found = words(text)
    latin = [word for word in found if is_latin(word)]
    if letters and letters >= sum(map(len, latin)):
        cyrillic_words = [word for word in found if not is_latin(word)]
        return _kazakh_or_russian(cyrillic_words, default if default in {"ru", "kk"} else "ru")
    if not latin:
        return default
    english = sum(word in _ENGLISH_WORDS for word in latin)
    # Single letters are sizes and names of models, not words.
    respelled = [cyrillic(word) for word in latin if len(word) > 1]
    other = max(_count(respelled, _KAZAKH_WORDS), _count(respelled, _RUSSIAN_WORDS))
    if english >= other:
        return "en" if english or default == "en" else default
    return _kazakh_or_russian(respelled, default)


def is_english(folded: Sequence[str]) -> bool:
    """Tell whether folded words are an English text, so that none of them is romanised Russian or Kazakh."""
    english = sum(word in _ENGLISH_WORDS for word in folded)
    if not english:
        return False
    respelled = [cyrillic(word) if is_latin(word) else word for word in folded]
    return english > max(_count(respelled, _KAZAKH_WORDS), _count(respelled, _RUSSIAN_WORDS))


def _kazakh_or_russian(found: list[str], default: str) -> str:
    kazakh, russian = _count(found, _KAZAKH_WORDS), _count(found, _RUSSIAN_WORDS)
    if kazakh == russian:
        return default
    return "kk" if kazakh > russian else "ru"


def _count(found: list[str], known: frozenset[str]) -> int:
    return sum(word in known for word in found)
