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
_OTHER_WORD = re.compile(
    r"заказ|тапсырыс|накладн|артикул|заявк|трек|order|invoice|track|sku|договор|штрих|код(?!\w)|№|#"
)
_REACH = 28
_USUAL_LENGTH = 16
# Lengths by the first digits that issuers really give out (ISO/IEC 7812); 8600 and 9860 are Uzbek.
_ISSUED = {
    16: re.compile(r"4|5[1-5]|22[0-9]{2}|2[3-6]|27[01]|35[2-8]|6[0245]|8600|9860|50|5[6-9]"),
    15: re.compile(r"3[47]"),
    14: re.compile(r"3[0689]"),
    17: re.compile(r"6[27]|50"),
    18: re.compile(r"6[27]|50"),
    19: re.compile(r"6[0257]|50|4"),
}
# Lengths by country, of the IBAN registry (SWIFT): a word and a number pass the check digits now and then.
_COUNTRIES = """
ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 br29 by28 ch21 cr22 cy28 cz24 de22 dk18 do28 ee20 eg29 es24 fi18 fo18 fr27
gb22 ge22 gi23 gl18 gr27 gt28 hr21 hu28 ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27
md24 me22 mk19 mn20 mr27 mt31 mu30 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 ro24 rs22 ru33 sa24 sc31 se24 si19 sk24 sm27
st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20
"""
_LENGTHS = {country[:2]: int(country[2:]) for country in _COUNTRIES.split()}
# Cyrillic letters that look like the Latin ones of an account.
_LOOKS_LATIN = str.maketrans("авсенкмортху", "abcehkmoptxy")
_IBAN = re.compile(
    r"(?<![a-z0-9])(?=(?P<iban>[a-z][ \-]?[a-z][ .\-/]{0,2}\d[ \-]?\d(?:[\s.\-/]{0,2}[a-z0-9]){11,30}))"
)
# Plain and with Cyrillic letters made Latin, as the text is searched.
_ACCOUNT_WORD = re.compile(r"iban|ибан|и.?б.?а.?h\b|account")
_KAZAKH_IBAN = re.compile(r"k ?z[ .\-/]{0,2}\d ?\d(?:[\s.\-/]{0,2}[a-z0-9]){16}")


def find_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of card numbers: those that pass Luhn, and mistyped ones that look like cards."""
    text = plain(text)
    for match in _CARD.finditer(text):
        start, longest = match.span("card")
        digits = "".join(filter(str.isdecimal, match["card"]))
        if not any(issued.match(digits) for issued in _ISSUED.values()):
            continue
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
    if not issued.match(digits):
        return False
    if identifiers.passes_luhn(digits):
        return True
    if len(digits) != _USUAL_LENGTH:
        return False
    named = _CARD_WORD.search(text[max(0, start - _REACH) : end + _REACH]) is not None
    # A mistyped one: beside a word for it, or sixteen digits on end that are called nothing else.
    other = _OTHER_WORD.search(text[max(0, start - _REACH) : start]) is not None
    on_end = text[start:end].isdecimal() and not other
    return named or on_end


def find_accounts(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of bank accounts: any valid IBAN, and what has the form of a Kazakh one even when mistyped."""
    text = plain(text).translate(_LOOKS_LATIN)
    for match in _IBAN.finditer(text):
        named = _ACCOUNT_WORD.search(text[max(0, match.start() - _REACH) : match.start()])
        end = _iban_end(match["iban"], checked=named is None)
        if end:
            yield match.start(), match.start() + end
    for match in _KAZAKH_IBAN.finditer(text):
        grown_on = match.start() and text[match.start() - 1].isalnum()
        if not grown_on or identifiers.is_iban(re.sub(r"[^a-z0-9]", "", match.group())):
            yield match.span()


def _iban_end(candidate: str, *, checked: bool) -> int:
    """Return where an IBAN at the beginning of `candidate` ends; words may follow it. 0: there is none.

    `checked`: its check digits must be right, as no word calls it an account.
    """
    wanted = _LENGTHS.get(candidate[:3].replace(" ", "").replace("-", "")[:2], 0)
    seen = 0
    for end, letter in enumerate(candidate, 1):
        seen += letter.isalnum()
        if wanted and seen == wanted:
            letters = "".join(filter(str.isalnum, candidate[:end]))
            return end if identifiers.is_iban(letters) or not checked else 0
    return 0
