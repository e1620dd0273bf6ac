"""Finding payment cards and bank accounts."""

import re
from collections.abc import Iterator

from bot.privacy import identifiers
from bot.privacy.typography import plain

_SEPARATOR = r"[\s\-./_,]"
_CARD = re.compile(rf"(?<!\d)(?=(?P<card>\d(?:{_SEPARATOR}{{0,2}}\d){{12,18}})(?!\d))")
_FOURS = re.compile(rf"(?<!\d)\d{{4}}(?:{_SEPARATOR}{{1,2}}\d{{4}}){{3}}(?!\d)")
_GROUP_END = re.compile(r"\d(?!\d)")
_CARD_WORD = re.compile(
    r"карт|card|kart|visa|виза|master|мастер|maestro|маэстро|каспи|kaspi|амекс|amex|halyk|халык"
)
_REACH = 28
# Lengths by the first digits that issuers really give out (ISO/IEC 7812); 8600 and 9860 are Uzbek.
_ISSUED = {
    16: re.compile(r"4|5[1-5]|22[0-9]{2}|2[3-6]|27[01]|35[2-8]|6[0245]|8600|9860|50|5[6-9]"),
    15: re.compile(r"3[47]"),
    14: re.compile(r"3[0689]"),
    17: re.compile(r"6[27]|50"),
    18: re.compile(r"6[27]|50"),
    19: re.compile(r"6[0257]|50|4"),
}
# Cyrillic letters that look like the Latin ones of an account.
_LOOKS_LATIN = str.maketrans("авсенкмортху", "abcehkmoptxy")
_IBAN = re.compile(
    r"(?<![a-z0-9])(?=(?P<iban>[a-z][ \-]?[a-z][ .\-/]{0,2}\d[ \-]?\d(?:[\s.\-/]{0,2}[a-z0-9]){11,30}))"
)
_KAZAKH_IBAN = re.compile(r"k ?z[ .\-/]{0,2}\d ?\d(?:[\s.\-/]{0,2}[a-z0-9]){16}")


def find_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of card numbers: those that pass Luhn, and mistyped ones that look like cards."""
    text = plain(text)
    for match in _CARD.finditer(text):
        start, longest = match.span("card")
        for end in reversed(
            [start + group.end() for group in _GROUP_END.finditer(text[start:longest])]
        ):
            if _is_card(text, start, end):
                yield start, end
                break
    for match in _FOURS.finditer(text):
        if _ISSUED[16].match(match.group()):
            yield match.span()


def _is_card(text: str, start: int, end: int) -> bool:
    digits = "".join(filter(str.isdecimal, text[start:end]))
    issued = _ISSUED.get(len(digits))
    if issued is None:
        return False
    named = _CARD_WORD.search(text[max(0, start - _REACH) : end + _REACH]) is not None
    if not issued.match(digits):
        return False
    return identifiers.passes_luhn(digits) or (named and len(digits) == 16)


def find_accounts(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of bank accounts: any valid IBAN, and what has the form of a Kazakh one even when mistyped."""
    text = plain(text).translate(_LOOKS_LATIN)
    for match in _IBAN.finditer(text):
        end = _iban_end(match["iban"])
        if end:
            yield match.start(), match.start() + end
    for match in _KAZAKH_IBAN.finditer(text):
        grown_on = match.start() and text[match.start() - 1].isalnum()
        if not grown_on or identifiers.is_iban(re.sub(r"[^a-z0-9]", "", match.group())):
            yield match.span()


def _iban_end(candidate: str) -> int:
    """Return where a valid IBAN at the beginning of `candidate` ends; words may follow it. 0: there is none."""
    for end in range(len(candidate), 14, -1):
        if candidate[end - 1].isalnum() and identifiers.is_iban(
            re.sub(r"[^a-z0-9]", "", candidate[:end])
        ):
            return end
    return 0
