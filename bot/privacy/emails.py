"""Finding e-mail addresses, also with the at sign, the dots or the whole address spelled out."""

import re
from collections.abc import Iterator

from bot.privacy.typography import plain

_PROVIDERS = (
    "gmail|mail|yandex|ya|yahoo|outlook|hotmail|icloud|inbox|list|bk|rambler|proton|protonmail|internet|"
    "джимейл|джимэйл|джимайл|гмейл|гмэйл|гмайл|жмейл|майл|мейл|мэйл|емейл|яндекс|инбокс|лист|бк|рамблер|айклауд|аутлук|хотмейл|яху"
)
_TOPS = (
    "com|ru|kz|org|net|info|biz|uz|kg|by|ua|tr|de|uk|us|io|me|co|edu|gov|eu|az|ge|am|cn|kr|jp|fr|it|es|pl|shop|store|online|"
    "рф|қаз|ру|ком|кз|нет|орг|кей\\s?зет|ком"
)
_AT = re.compile(
    r"(?P<sign> {0,2}@{1,2}\s{0,2})"
    r"|(?P<bracketed>\s?[\[({<]\s?(?:at|собак[аи]|собачк[аи]|эт|dog|ат)\s?[\])}>]\s?)"
    r"|(?P<word>[\s_]{1,2}(?:собак[аи]|собачк[аи]|сабака|гав|at|эт|айқұлақ)[\s_]{1,2})"
)
_WORD = r"[\w.+\-'%#&!]{1,64}"
_JOIN = (
    r"(?:\s?[\[({]\s?(?:dot|точка|тчк|нүкте)\s?[\])}]\s?"
    r"|\s(?:точка|dot|нүкте|нижнее\s+подч[её]ркивание|подч[её]ркивание|underscore|тире|дефис|минус|dash|астыңғы\s+сызықша)\s)"
)
_LOCAL = re.compile(rf"(?:(?<![\w.+\-'%#&!]){_WORD}(?:{_JOIN}{_WORD}){{0,3}}|\"[^\"\n]{{1,64}}\")$")
_LABEL = r"[^\W_][\w\-]{0,62}"
_DOT = r"(?:\.{1,2}|\s\.\s?|\.\s{1,2}|,|\s?[\[({<]\s?(?:dot|точка|тчк|нүкте)\s?[\])}>]\s?|\s(?:точка|dot|нүкте|тчк)\s)"
_STRICT = re.compile(
    rf"{_LABEL}(?:\.{{1,2}}{_LABEL}){{0,4}}?\.{{1,2}}(?:xn--[a-z0-9\-]{{2,40}}|[^\W\d_]{{2,24}})(?!\w|-\w*\.|\.[^\W\d_]{{2}})"
)
_LOOSE = re.compile(rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}?{_DOT}(?:{_TOPS})(?!\w)")
_OF_PROVIDER = re.compile(rf"(?:{_PROVIDERS})(?:(?:{_DOT}|\s)?(?:{_TOPS}))?(?!\w)")
_MAIL_WORD = re.compile(r"почт|пошт|e-?mail|имейл|емейл|и-мейл|мыло|mail|электрон|pochta|poshta")
_REACH = 72


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every address in `text`."""
    text = plain(text)
    for match in _AT.finditer(text):
        before = _LOCAL.search(text, max(0, match.start() - _REACH), match.start())
        if before is None:
            continue
        end = _domain_end(text, match)
        if end:
            # A sentence may end in front of the address.
            yield before.start() + len(before.group()) - len(before.group().lstrip(".-'")), end


def _domain_end(text: str, at: re.Match[str]) -> int:
    """Return where the domain behind an at sign ends; 0: there is none."""
    start = at.end()
    strict = _STRICT.match(text, start)
    loose = _LOOSE.match(text, start)
    known = _OF_PROVIDER.match(text, start)
    if at["word"]:
        named = _MAIL_WORD.search(text[max(0, at.start() - _REACH // 2) : at.end() + _REACH // 2])
        is_dog = "at" not in at["word"] or "_" in at["word"]
        found = [known if known and len(known.group()) > 4 else None]
        if named or is_dog:
            found.append(loose)
        if is_dog:
            found.append(strict)
    elif at["bracketed"]:
        found = [strict, loose, known]
    else:
        # Only before the sign a blank stands in front of somebody's name in a messenger: "телеграм @tau.kz".
        apart = at["sign"].startswith(" ") and not at["sign"].endswith((" ", "\n"))
        found = [known] if apart else [strict, loose, known]
    ends = [match.end() for match in found if match]
    # "me at j.smith@gmail.com": what is spelled out is no at sign, one follows.
    return max((end for end in ends if not text.startswith("@", end)), default=0)
