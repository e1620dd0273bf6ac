"""Bytes of mails as text, whatever they claim to be."""

from __future__ import annotations

import codecs
import re
from typing import Final

_FAMILIES: Final = re.compile(
    r"(utf-8(-sig)?|utf-16(-[bl]e)?|utf-32(-[bl]e)?|utf-7|ascii|cp\d+|koi8-[rtu]|kz1048|ptcp154|tis-620"
    r"|iso8859-\d+|iso2022_\w+|gb2312|gbk|gb18030|big5(hkscs)?|euc_\w+|euc-kr|shift_ji\w+|hz|johab"
    r"|mac-\w+)"
)
"""What a mail's text may be written in. Python knows more codecs, and some take for ever."""
_ALIASES: Final = {
    "cp-1251": "cp1251",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows1251": "cp1251",
    "x-cp1251": "cp1251",
    "x-windows-1251": "cp1251",
    "koi8r": "koi8-r",
    "koi-8": "koi8-r",
    "x-koi8-r": "koi8-r",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "strk1048-2002": "kz1048",
    "iso-8859-8-i": "iso8859-8",
    "ks_c_5601-1987": "cp949",
    "x-mac-cyrillic": "mac-cyrillic",
}
_WIDENED: Final = {"iso8859-1": "cp1252", "ascii": "utf-8", "gb2312": "gb18030"}
"""What mail programs call one thing and mean another (https://encoding.spec.whatwg.org/#names-and-labels)."""
_CYRILLIC: Final = ("cp1251", "koi8-r", "cp866", "mac-cyrillic", "iso8859-5")
_FREQUENT: Final = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіәңғүұқөһ")
_SAMPLE_BYTES: Final = 4_000


def codec_of(name: str | None) -> str | None:
    """Python's name of a charset, when it is one that mails are written in."""
    if not name:
        return None
    plain = name.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_ALIASES.get(plain, plain)).name
    except (LookupError, ValueError):  # ValueError: a null byte in the name
        return None
    return _WIDENED.get(found, found) if _FAMILIES.fullmatch(found) else None


def decoded(content: bytes, charset: str | None = None) -> str:
    """The text of these bytes: by their charset if that fits, else by what they look like.

    Never raises; what cannot be read at all becomes replacement characters.
    """
    for codec in (codec_of(charset), "utf-8"):
        if codec is None:
            continue
        try:
            return content.decode(codec)
        except (UnicodeError, ValueError):
            continue
    if (claimed := codec_of(charset)) is not None and claimed not in {"utf-8", "utf-7", "cp1252"}:
        replaced = content.decode(claimed, "replace")
        if replaced.count("\ufffd") * 20 < len(replaced):  # one spoilt letter spoils no mail
            return replaced
    if _mostly_utf8(content):
        return content.decode("utf-8", "replace")
    return content.decode(_likely(content), "replace")


def _mostly_utf8(content: bytes) -> bool:
    """Whether only some bytes spoil a text in UTF-8 (it was cut in the middle of a letter)."""
    sample = content[:_SAMPLE_BYTES]
    high = sum(byte >= 0x80 for byte in sample)
    kept = sum(byte >= 0x80 for byte in sample.decode("utf-8", "ignore").encode())
    return high > 0 and kept * 10 >= high * 8


def _likely(content: bytes) -> str:
    """The Cyrillic charset in which the bytes make the most common small letters."""
    sample = content[:_SAMPLE_BYTES]
    best, best_score = "cp1251", -1
    for codec in _CYRILLIC:
        text = sample.decode(codec, "replace")
        score = sum(letter in _FREQUENT for letter in text)
        if score > best_score:
            best, best_score = codec, score
    return best
