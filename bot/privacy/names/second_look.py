"""Deciding which words are names: what the model gives a word, seen with what stands around it.

The model has met a few thousand turns of phrase. A word it doubts is a name all the same where somebody was asked for, where
it stands in a row with names, or where it does what only people do; a name is none where it is what a thing is called.
"""

import re
from collections.abc import Mapping, Sequence

from bot.privacy.names import namesakes
from bot.privacy.names.lexicon import lexicon
from bot.privacy.names.tokens import Token
from bot.privacy.names.wordlists import words

_THRESHOLDS = {"name": 0.04, "likely": 0.08, "ambiguous": 0.17, "thing": 0.25, "word": 0.2}
"""A word is a name's when the model gives that at least this probability, by what the lists say of the word.

Lower finds more names and spoils more words. What the lists call a name the model may doubt and be overruled: a name that
leaves the house is worse than a word too many.
"""
_OTHERS = 0.12
_DOUBTFUL = 0.6
_PERSONAL = 0.3
"""What thresholds are multiplied by where the message tells of somebody anyhow."""
_SMALL_UNKNOWN = 0.3
_OPENING_WORD = 0.4

_IN_ROW = {"name": 0.004, "likely": 0.01, "": 0.03, "ambiguous": 0.03, "thing": 0.1, "word": 0.15}
"""For a word right beside a name, or joined to one by "and", a comma or a hyphen."""
_ASKED_FOR = {"name": 0.01, "likely": 0.01, "": 0.03, "ambiguous": 0.03, "thing": 0.08, "word": 0.1}
"""For a word behind "зовут", "кому:", "name"."""
_ACTING = {"name": 0.02, "likely": 0.03, "ambiguous": 0.05, "thing": 0.06, "word": 0.15}
"""For a word with a capital in front of a verb of what people do, or behind a word for a person."""

_ASKING = frozenset(
    words("""
    зовут звать имя имени фамилия фамилию фио получатель отправитель плательщик заёмщик поручитель пациент пациентка
    кому спросить спросите спроси позвоните позвони наберите наберёт передайте передай вручить вручите скажите скажи отдайте
    пассажир подпись исп клиент клиентка именинник именинница от-кого звали
    есімім есімі атым аты атымыз аты-жөні жөнім жөні тегі алушы жіберуші кімге кімнен
    zovut imya familiya fio poluchatel atym esimim esimi
    name named surname recipient sender attn attention passenger guest
    """)
)
_BETWEEN = frozenset(
    words("меня его её ее нас вас тебя моё мое мой моя is деп : - — – это of менің оның")
)
_CONJUNCTIONS = frozenset(words("и или с мен пен бен және and or & + ,"))
_PARTICLES = frozenset(
    words("""
    van von der den de del della da di la le bin ibn al el mac uulu uly kyzy qizi ogly
    ван фон дер ибн бин бен аль эль оглы углы улы кызы уулу гызы кызі заде ака ога опа хон бека ханум бей эфенди
    """)
)
_ACTS = re.compile(
    r"[а-яё]{2,}(?:[аеёиоуыя]л|[аеёиоуыя]ла|[её]з|[её]зла|ш[её]л|шла|[аиу]лся|[аиу]лась)"
    r"|за[её]дет|придёт|придет|приедет|подойдёт|подойдет|подпишет|перезвонит|знает|ждёт|ждет|работает|просит|говорит"
    r"|спрашивает|хочет|сегодня|обещает"
    r"|took|said|says|called|told|sent|paid|asked|promised|works?|working|wrote|signed|wants|needs"
    r"|айтты|айтқан|келді|келеді|берді|деді|жазды|төледі|келісті|алды|әкелді"
)
_COMMON = frozenset(
    words("""
    ли не ни но на да же бы то он за из от до по со ко ан ай ой эй ах ох ну нет мне вам вас нас им их ей ему тут там вот щас
    года году лет тока тема теме зубов кара рано пока мила мало мой моя вел вёл можно надо дан дана кан тан бар бір жоқ ма ме
    ба бе па пе ғой еді екен және жане мен сен біз сіз бұл сол осы мына қан қаны қаным жан мың мын тоқсан сексен алтын
    айдан айда айы айға айға күн күні жыл жеке төлеген алайын берші бершi керек кім кіммен қалай қай қайда неше бала үй
    ана ата іні қыз ұл ер кен кең тең тек көп аз аса дәл ерте кеш кеше бүгін ертең тағы жаңа ескі қара ақ көк сары қызыл
    kim men sen biz siz bul sol jana turaly bar bari ma me ba be pa kerek edi eken sapa ne da ya vy my on ona li no na bez
    may will can mon so do hi ok van art mark bill grace hope joy long park page rich take max pro mini
    """)
)
"""Small words that lists of names hold as well; in small letters they are names only beside one, or where one was asked for."""
_COMMON_THRESHOLD = 0.9
_MONTHS = frozenset(
    words("""
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря мамыр наурыз сәуір тамыз
    march april may june july august yanvarya fevralya marta aprelya maya iyunya iyulya avgusta sentyabrya oktyabrya
    """)
)
_ROLE = "role"
_KIND = "kind"
_BREAKS = frozenset(".!?…\n|#*•;:")
_OPENING, _CLOSING = frozenset('«"“„'), frozenset('»"”')


def names_at(
    tokens: Sequence[Token], evidence: Sequence[str], chances: Sequence[float]
) -> list[bool]:
    """Return for each token whether it belongs to a name.

    Args:
        tokens: those of one message.
        evidence: what the lists say of each, see `features`.
        chances: how likely the model takes each for a part of a name.
    """
    style = _Style(tokens)
    thresholds = _thresholds(tokens, evidence, style)
    least = namesakes.least_chances(tokens, evidence)
    found = [chance >= threshold for chance, threshold in zip(chances, thresholds, strict=True)]
    if any(found) or any(_is_long_number(token) for token in tokens):
        found = [
            chance >= threshold * (_PERSONAL if token.is_word and style.suits(token) else 1)
            for token, chance, threshold in zip(tokens, chances, thresholds, strict=True)
        ]
    barred = _barred(tokens, chances, least, style)
    found = [named and not bar for named, bar in zip(found, barred, strict=True)]
    _look_along(range(len(tokens)), 1, tokens, evidence, chances, found, style)
    _look_along(range(len(tokens) - 1, -1, -1), -1, tokens, evidence, chances, found, style)
    found = [named and not bar for named, bar in zip(found, barred, strict=True)]
    _take_what_hangs_on(tokens, found)
    return found


def _barred(
    tokens: Sequence[Token],
    chances: Sequence[float],
    least: Mapping[int, float],
    style: "_Style",
) -> list[bool]:
    """Return for each token whether it is called like somebody, or may be, and is nobody here."""
    barred = []
    asked = 0
    for place, token in enumerate(tokens):
        asked = _asked(tokens, place, asked)
        needed = 0.0 if asked else least.get(place, 0.0)
        if not asked and namesakes.is_everyday(token, romanised=style.romanised):
            needed = _COMMON_THRESHOLD
        bar = chances[place] < needed or namesakes.is_title_after(token)
        barred.append(bar and not (needed < namesakes.NEVER and _acts(tokens, place)))
    return barred


def _is_long_number(token: Token) -> bool:
    return len(token.text) > 8 and token.text.isdigit()


class _Style:
    """How a message uses capitals: they tell nothing where there are none, or nothing else."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        spelled = [token.text for token in tokens if token.is_word and len(token.text) > 1]
        self.shouted = all(map(str.isupper, spelled))
        self.romanised = namesakes.is_romanised(tokens)
        self.small = not any(word[0].isupper() for word in spelled)

    def suits(self, token: Token) -> bool:
        """Tell whether a word is written as a name is in this message."""
        return self.small or token.text[0].isupper()


def _thresholds(tokens: Sequence[Token], evidence: Sequence[str], style: "_Style") -> list[float]:
    asked = 0
    thresholds = []
    for place in range(len(tokens)):
        asked = _asked(tokens, place, asked)
        if tokens[place].is_word:
            thresholds.append(_threshold(tokens, evidence, place, style, asked=asked > 0))
        else:
            least = 0.5 if tokens[place].text.isalnum() and not asked else 0.0
            thresholds.append(max(least, _OTHERS))
    return thresholds


def _threshold(
    tokens: Sequence[Token],
    evidence: Sequence[str],
    place: int,
    style: "_Style",
    *,
    asked: bool,
) -> float:
    text, speaks = tokens[place].text, evidence[place]
    usual = _THRESHOLDS.get(speaks, _OTHERS)
    small, low = text.islower(), text.lower()
    rules = (
        (low in _ASKING, _COMMON_THRESHOLD),
        (small and low in _COMMON, _COMMON_THRESHOLD),
        (place > 0 and tokens[place - 1].text.isdigit() and low in _MONTHS, _COMMON_THRESHOLD),
        (
            asked and (style.suits(tokens[place]) or speaks == "name"),
            min(usual, _ASKED_FOR.get(speaks, usual)),
        ),
        (speaks == "word" and small and _is_after_initial(tokens, place), _DOUBTFUL),
        (not speaks and len(text) > 1 and text.isupper() and not style.shouted, _DOUBTFUL),
        (_is_called(tokens, place) or (speaks == "name" and _is_owner(tokens, place)), _DOUBTFUL),
        (not small and len(text) > 1 and _acts(tokens, place), _ACTING.get(speaks, usual)),
        (small and not speaks and not style.small, _SMALL_UNKNOWN),
        (speaks == "word" and _is_first(tokens, place), _OPENING_WORD),
    )
    return next((threshold for holds, threshold in rules if holds), usual)


def _is_after_initial(tokens: Sequence[Token], place: int) -> bool:
    return place > 1 and tokens[place - 1].text == "." and len(tokens[place - 2].text) == 1


def _is_first(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a word opens a phrase, where a capital says little."""
    return place == 0 or tokens[place - 1].text in _BREAKS


def _asked(tokens: Sequence[Token], place: int, left: int) -> int:
    """Return how many words from a place on may be the name that was asked for, 0 for none."""
    before = tokens[place - 1].text.lower() if place else ""
    if before in _ASKING:
        return 3
    if not left:
        return 0
    if before in _BETWEEN:
        return left
    return left - 1 if tokens[place - 1].is_word or before in {".", "-"} else 0


def _is_called(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a word is what the thing or house before it is called: кровать Виктория, салон «Сауле»."""
    before = place - 1
    if before >= 0 and tokens[before].text in _OPENING:
        before -= 1
    return before >= 0 and _noun(tokens[before]) == _KIND


def _is_owner(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether what is named so may be the thing or house behind a word: «Гүлсая» балабақшасы, Victoria mattress."""
    after = place + 1
    if after < len(tokens) and tokens[after].text in _CLOSING:
        after += 1
    return after < len(tokens) and _noun(tokens[after]) == _KIND


def _acts(tokens: Sequence[Token], place: int) -> bool:
    after = place + 1
    if after < len(tokens) and _ACTS.fullmatch(tokens[after].text.lower()):
        return True
    return place > 0 and _noun(tokens[place - 1]) == _ROLE


def _noun(token: Token) -> str:
    return lexicon().entry(token.text.lower()).noun if token.is_word else ""


def _look_along(
    places: Sequence[int],
    step: int,
    tokens: Sequence[Token],
    evidence: Sequence[str],
    chances: Sequence[float],
    found: list[bool],
    style: _Style,
) -> None:
    """Find names in a row with found ones, going in one direction."""
    for place in places:
        token = tokens[place]
        if found[place] or not token.is_word or not style.suits(token):
            continue
        beside = place - step
        if not 0 <= beside < len(tokens):
            continue
        link = tokens[beside].text.lower()
        hyphen = link == "-"
        if (link in _CONJUNCTIONS or hyphen) and 0 <= beside - step < len(tokens):
            beside -= step
        if not found[beside] or not tokens[beside].is_word:
            continue
        if token.text.islower() and token.text.lower() in _COMMON:
            continue
        if _noun(token) or (_is_called(tokens, place) and not hyphen):
            continue
        if chances[place] >= _IN_ROW.get(evidence[place], _OTHERS) or (
            hyphen and evidence[place] in {"name", "likely", "ambiguous"}
        ):
            found[place] = True


def _take_what_hangs_on(tokens: Sequence[Token], found: list[bool]) -> None:
    """Take particles, a hyphen, the dots of initials and the English possessive of found names."""
    for place, token in enumerate(tokens):
        if found[place]:
            continue
        before = place > 0 and found[place - 1]
        after = place + 1 < len(tokens) and found[place + 1]
        if token.is_word:
            hangs = token.text.lower() in _PARTICLES and (before or after)
            beyond = place > 1 and tokens[place - 1].text == "-" and found[place - 2]
            possessive = (
                token.text in {"s", "S"}
                and place > 1
                and tokens[place - 1].text in "'’"
                and found[place - 2]
            )
            initial = (
                len(token.text) == 1
                and token.text.isupper()
                and (
                    before
                    or (
                        place + 2 < len(tokens)
                        and tokens[place + 1].text == "."
                        and found[place + 2]
                        and tokens[place + 2].is_word
                    )
                )
            )
            found[place] = (
                hangs or (beyond and token.text.lower() in _PARTICLES) or possessive or initial
            )
    for place, token in enumerate(tokens):
        if 0 < place < len(tokens) - 1 and not found[place] and token.text in {"-", ".", "'", "’"}:
            short = len(tokens[place - 1].text) == 1 or token.text != "."
            found[place] = (
                found[place - 1]
                and found[place + 1]
                and short
                and (token.text == "." or (token.glued and tokens[place + 1].glued))
            )
