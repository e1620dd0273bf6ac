"""One spelling for what people type in many ways.

Kazakh is written in Cyrillic with its own nine letters, with Russian letters only, or in several Latin habits; Russian is
romanised too. Folding maps all of them to one Latin skeleton, so that "қанша", "канша", "qansha" and "kansha" are the same
word to whatever counts letters. It loses distinctions on purpose and is never shown to anyone.
"""

import re
import unicodedata

_CYRILLIC = {
    **dict(zip("абвгдезиклмнопрстуфхэ", "abvgdeziklmnoprstufhe", strict=True)),
    "ә": "a",
    "ғ": "g",
    "қ": "k",
    "ң": "n",
    "ө": "o",
    "ұ": "u",
    "ү": "u",
    "һ": "h",
    "і": "i",
    "ї": "i",
    "є": "e",
    "ё": "e",
    "ж": "j",
    "й": "i",
    "ц": "c",
    "ч": "ch",
    "ш": "sh",
    "щ": "sh",
    "ъ": "",
    "ы": "i",
    "ь": "",
    "ю": "iu",
    "я": "ia",
    "ў": "u",
    "ѓ": "g",
    "ќ": "k",
}
_LATIN = {"y": "i", "q": "k", "w": "v", "x": "h", "ı": "i", "ø": "o", "ß": "s"}
_LETTERS = str.maketrans({**_CYRILLIC, **_LATIN})
# Longest first: "shch" before "sh". These are habits of typing Kazakh and Russian with Latin letters.
_CLUSTERS = re.compile(r"shch|sch|tch|kh|gh|zh|yo|jo|yu|ju|ya|ja|ts|ye")
_CLUSTER_MEANS = {
    "shch": "sh", "sch": "sh", "tch": "ch", "kh": "h", "gh": "g", "zh": "j", "yo": "e", "jo": "jo", "yu": "iu",
    "ju": "ju", "ya": "ia", "ja": "ja", "ts": "c", "ye": "e",
}  # fmt: skip
# Digits stand for letters only inside a word: "4to", "6ygin".
_DIGIT_LETTERS = (
    (re.compile(r"4(?=[a-z])"), "ch"),
    (re.compile(r"(?<=[a-z])4"), "ch"),
    (re.compile(r"6(?=[a-z])"), "sh"),
)
_REPEATED = re.compile(r"(.)\1+")
_WORD = re.compile(r"[a-z0-9']+")
_APOSTROPHES = re.compile(r"[’‘`ʼ']")


def fold(text: str) -> str:
    """Return the Latin skeleton of a text: lower case, no marks, one spelling, no doubled letters; the rest stays.

    Folding is idempotent for letters, and its cost is linear in the text's length.
    """
    lowered = unicodedata.normalize("NFKC", text).lower()
    # Breve and diaeresis belong to Cyrillic letters that the table knows; only Latin marks are taken off.
    latin = "".join(_bare(letter) for letter in lowered)
    latin = _APOSTROPHES.sub("", latin)
    latin = _CLUSTERS.sub(lambda found: _CLUSTER_MEANS[found[0]], latin)
    skeleton = latin.translate(_LETTERS)
    for digit, letters in _DIGIT_LETTERS:
        skeleton = digit.sub(letters, skeleton)
    return _REPEATED.sub(_collapsed, skeleton)


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    return _WORD.findall(fold(text))


def _bare(letter: str) -> str:
    if letter in _CYRILLIC or letter.isascii():
        return letter
    decomposed = unicodedata.normalize("NFD", letter)
    return decomposed[0] if "LATIN" in unicodedata.name(letter, "") else letter


def _collapsed(found: "re.Match[str]") -> str:
    # Numbers keep their digits: 77012 is not 7012.
    return found[0] if found[1].isdigit() else found[1]
