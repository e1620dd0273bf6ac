"""One Latin spelling for words of time, whatever letters they are typed with.

"сағат үште", "сагат уште" and "sagat ushte" become the same, so the tables in `words` are written once.
"""

import re
import unicodedata

_LETTERS = str.maketrans(
    {
        **dict(zip("абвгдезиклмнопрстуфхэ", "abvgdeziklmnoprstufhe", strict=True)),
        **dict(zip("әғқңөұүһіы", "agknouuhii", strict=True)),
        "ё": "e",
        "ж": "j",
        "й": "i",
        "ц": "c",
        "ч": "ch",
        "ш": "sh",
        "щ": "sh",
        "ъ": "",
        "ь": "",
        "ю": "iu",
        "я": "ia",
        "y": "i",
        "q": "k",
        "w": "v",
        "x": "h",
        "ı": "i",
    }
)
_MARKED = str.maketrans("áàâäãóòôöõúùûüíìîïéèêëńñşğç", "aaaaaooooouuuuiiiieeeennsgc")
_CLUSTERS = (
    ("shch", "sh"),
    ("kh", "h"),
    ("gh", "g"),
    ("zh", "j"),
    ("yo", "e"),
    ("yu", "iu"),
    ("ya", "ia"),
)
_DOUBLED = re.compile(r"([a-z])\1+")
_WORDS = re.compile(r"\d+(?:[:.]\d+)*|[a-z']+")
_SIGNS = re.compile(r"[^\w\s:.,+/-]")


def spell(text: str) -> str:
    """Return the text in lower-case Latin letters, one spelling, digits and separators kept."""
    plain = unicodedata.normalize("NFC", text.lower()).translate(_MARKED)
    plain = re.sub(r"['’‘`ʼ]", "", plain)
    for letters, meaning in _CLUSTERS:
        plain = plain.replace(letters, meaning)
    return _DOUBLED.sub(r"\1", _SIGNS.sub(" ", plain.translate(_LETTERS)))
