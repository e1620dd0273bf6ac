"""What is new in a mail: quotations and signatures are cut from what the bot reads.

The forms are those of the mail programs themselves, in Russian, Kazakh and English: Gmail, Outlook,
Apple Mail, Thunderbird, Mail.ru and Yandex. Where nothing would be left, nothing is cut: a mail
that only quotes is not empty. All work is linear in the text's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_QUOTED: Final = re.compile(r"\s{0,3}>")
_SEPARATOR: Final = re.compile(
    r"\s*[-_—=*]{2,}\s*(?:original (?:message|appointment)|reply message|исходное сообщение|исходное письмо"
    r"|оригинальное сообщение|пересылаемое сообщение|конец пересылаемого сообщения|бастапқы хабар(?:лама)?"
    r"|түпнұсқа хабар(?:лама)?)\s*[-_—=*]{2,}\s*",
    re.IGNORECASE,
)
_FORWARDED: Final = re.compile(
    r"\s*(?:[-_—=*]{2,}\s*)?(?:forwarded message|begin forwarded message|пересланное сообщение|пересылаемое сообщение"
    r"|начало переадресованного (?:сообщения|письма)|начало пересылаемого сообщения"
    r"|(?:қайта )?жіберілген хабар(?:лама)?)\s*(?:[-_—=*]{2,}|:)\s*",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"\s*\*{0,2}(?P<name>from|sent|date|to|cc|subject|importance"
    r"|от кого|от|отправлено|отправлен|дата|кому|копия|тема|важность"
    r"|кімнен|жіберуші|жіберілді|жіберілген(?: күні)?|күні|кімге|алушы|көшірме|тақырыбы?|тақырып)\s*:\*{0,2}\s*\S",
    re.IGNORECASE,
)
_FIRST_FIELDS: Final = frozenset({"from", "от", "от кого", "кімнен", "жіберуші"})
_RULE: Final = re.compile(r"\s*[_\-]{10,}\s*")

_VERB: Final = re.compile(
    r"(?:\bwrote|\bwrites|\bнаписал(?:а|и|\(а\))?|\bпишет|\bписал(?:а|\(а\))?|\bжазды|\bжазған|\bschrieb|\ba écrit"
    r"|\bescribió)\s*:?\s*$",
    re.IGNORECASE,
)
_FROM_WHOM: Final = re.compile(r"\b(?:от|from)\b.{1,200}@.{1,100}:?\s*$", re.IGNORECASE)
_TIME: Final = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_YEAR: Final = re.compile(r"\b(?:19|20)\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}\b")
_ADDRESS: Final = re.compile(r"\S@\S")
_BEGINNING: Final = re.compile(
    r"\s*(?:on\b|am\b|le\b|el\b|в\b|во\b|\d|[\"«<]|\w+,?\s+\d|\w{2,12},\s|вы писали\b|you wrote\b)",
    re.IGNORECASE,
)
_YOU_WROTE: Final = re.compile(r"(?:вы писали|you wrote)\b", re.IGNORECASE)
_ATTRIBUTION_LINES: Final = 4

_DELIMITER: Final = re.compile(r"(?:--|—|__)\s?")
_ASKS: Final = re.compile(r"\?(?:\s|$)")
"""Two hyphens may also part a list from what is asked about it; nothing asked is ever cut."""
_MOBILE: Final = re.compile(
    r"\s*(?:[-—]+\s*)?(?:sent from (?:my|outlook|mail|yahoo|samsung|proton)\b.{0,60}|get outlook for .{2,20}"
    r"|sent (?:via|with) .{2,40}"
    r"|отправлено (?:с|из|через|при помощи) .{2,80}|отправлено от .{2,40} для .{2,20}"
    r"|получите outlook для .{2,20}|скачать outlook для .{2,20}"
    r"|(?:менің )?\S+(?:нан|нен|дан|ден|тан|тен) жіберілді\.?|\S+ арқылы жіберілді\.?)\s*",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"\s*(?:с (?:глубоким |большим |наилучшим |искренним )?уважением|с ув(?:аж)?\.|с наилучшими пожеланиями|с пожеланиями|всего доброго"
    r"|всего хорошего|хорошего дня|искренне ваш\w*|құрметпен|ізгі ниетпен|ізгі тілекпен|сәттілік тілеймін|сау болыңыз"
    r"|(?:best |kind |warm )?regards|best wishes|best|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|cheers)"
    r"\s*[,.!]?\s*(?P<name>[^\n?]{0,60})",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?s\b|п\.?\s?с\.|з\.?\s?ы\.?\b)", re.IGNORECASE)
_DISCLAIMER: Final = re.compile(
    r"\s*[*(]*(?:это (?:электронное )?(?:сообщение|письмо)\b.{0,80}(?:конфиденциальн|предназначен)"
    r"|настоящее (?:сообщение|письмо|электронное).{0,120}(?:конфиденциальн|предназначен)"
    r"|данное (?:сообщение|письмо).{0,80}(?:конфиденциальн|предназначен)|внимание! это (?:письмо|сообщение)"
    r"|бұл (?:хат|хабарлама).{0,80}құпия"
    r"|(?:confidentiality|disclaimer)\b|this (?:e-?mail|message)\b.{0,80}(?:confidential|intended))",
    re.IGNORECASE,
)
_LONGEST_MARK: Final = 400
"""Letters of a line that may be a separator, an attribution or a closing; longer ones are text."""
_LONGEST_SIGNATURE: Final = 12
"""Lines under a closing or a delimiter; more of them are something else."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is new, and what was cut: whether there was a quotation, and the signature."""

    new: str
    quoted: bool
    signature: str = ""


def cut(text: str, *, forwarded: bool = False) -> Cut:
    """Tell what is new in a text. ``forwarded``: what others wrote is what the mail is about."""
    whole = _tidy(text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n"))
    kept, quoted = _without_quotations(whole, forwarded=forwarded)
    new, signature = _without_signature(kept)
    for lines, rest in ((new, signature), (kept, []), (whole, [])):
        if any(line.strip() for line in lines):
            return Cut("\n".join(_tidy(lines)), quoted, "\n".join(_tidy(rest)))
    return Cut("", quoted)


def _tidy(lines: list[str]) -> list[str]:
    """Without empty lines at both ends, and never two of them together."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _without_quotations(lines: list[str], *, forwarded: bool) -> tuple[list[str], bool]:
    kept: list[str] = []
    quoted = False
    place = 0
    while place < len(lines):
        line = lines[place]
        if _QUOTED.match(line):
            quoted = True
            place += 1
            continue
        if len(line) > _LONGEST_MARK:
            kept.append(line)
            place += 1
            continue
        if not forwarded and (_FORWARDED.fullmatch(line) or _is_header_block(lines, place)):
            return _before_rule(kept), True
        if _SEPARATOR.fullmatch(line):
            return _before_rule(kept), True
        if length := _attribution(lines, place):
            following = place + length
            while following < len(lines) and not lines[following].strip():
                following += 1
            if following == len(lines) or not _QUOTED.match(lines[following]):
                return kept, True  # the quotation is not marked: it is all that follows
            quoted = True
            place = following
            continue
        kept.append(line)
        place += 1
    return kept, quoted


def _before_rule(lines: list[str]) -> list[str]:
    """Without the line that Outlook draws above a quotation."""
    kept = _tidy(lines)
    return (
        kept[:-1] if kept and len(kept[-1]) <= _LONGEST_MARK and _RULE.fullmatch(kept[-1]) else kept
    )


def _is_header_block(lines: list[str], place: int) -> bool:
    """Whether a quoted mail's own header begins here (From, Sent, To, Subject)."""
    first = _FIELD.match(lines[place])
    if first is None or first["name"].lower() not in _FIRST_FIELDS:
        return False
    names = {
        found["name"].lower()
        for line in lines[place + 1 : place + 8]
        if len(line) <= _LONGEST_MARK and (found := _FIELD.match(line))
    }
    return len(names - _FIRST_FIELDS) >= 2


def _attribution(lines: list[str], place: int) -> int:
    """How many lines say here who wrote what is quoted under them; 0 when none does."""
    if not _BEGINNING.match(lines[place]):
        return 0
    joined = ""
    for count in range(1, _ATTRIBUTION_LINES + 1):
        if place + count > len(lines):
            return 0
        line = lines[place + count - 1].strip()
        if not line or _QUOTED.match(line):
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > _LONGEST_MARK:
            return 0
        if _is_attribution(joined):
            rest = (lines[later : place + count] for later in range(place + 1, place + count))
            return 0 if any(_is_whole_attribution(after) for after in rest) else count
    return 0


def _is_whole_attribution(lines: list[str]) -> bool:
    """Whether these lines alone say who wrote and when: what stands above them is text."""
    joined = " ".join(line.strip() for line in lines)
    return (
        _BEGINNING.match(joined) is not None
        and _TIME.search(joined) is not None
        and _YEAR.search(joined) is not None
        and _is_attribution(joined)
    )


def _is_attribution(text: str) -> bool:
    dated = _TIME.search(text) is not None and _YEAR.search(text) is not None
    addressed = _ADDRESS.search(text) is not None
    if _VERB.search(text):
        return (dated or addressed) and len(text) > 10
    if not (dated and text.endswith(":")):
        return False
    return addressed or _FROM_WHOM.search(text) is not None or _YOU_WROTE.match(text) is not None


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines above the signature, and the signature."""
    lines = _tidy(lines)
    place = _disclaimer(lines)
    lines, rest = lines[:place], lines[place:]
    cut_at = len(lines)
    for place in range(len(lines) - 1, max(-1, len(lines) - 1 - _LONGEST_SIGNATURE), -1):
        line = lines[place]
        if len(line) > _LONGEST_MARK:
            continue
        if (
            (_DELIMITER.fullmatch(line) and not any(map(_ASKS.search, lines[place + 1 : cut_at])))
            or (place and _is_closing(lines, place))
            or (
                _MOBILE.fullmatch(line)
                and all(not one.strip() for one in lines[place + 1 : cut_at])
            )
        ):
            cut_at = place
    return lines[:cut_at], [*lines[cut_at:], *rest]


def _is_closing(lines: list[str], place: int) -> bool:
    """Whether a letter ends here with a closing, and only a name and addresses follow."""
    closing = _CLOSING.fullmatch(lines[place])
    if closing is None or not _is_name(closing["name"]):
        return False
    after = [line for line in lines[place + 1 :] if line.strip()]
    return all(
        len(line) <= 90 and "?" not in line and _POSTSCRIPT.match(line) is None for line in after
    )


def _is_name(text: str) -> bool:
    """Whether this may be a person's or a company's name; what goes on as a sentence is none."""
    words = text.split()
    return not words or (len(words) <= 5 and not words[0][0].islower())


def _disclaimer(lines: list[str]) -> int:
    """Where a lawyer's paragraph begins that ends the mail; the number of lines when there is none."""
    for place in range(max(1, len(lines) - 12), len(lines)):
        if not lines[place - 1].strip() and _DISCLAIMER.match(lines[place][:300]):
            return place
    return len(lines)
