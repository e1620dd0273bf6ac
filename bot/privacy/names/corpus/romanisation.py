"""Writing Cyrillic in Latin letters and without the Kazakh ones, in the several ways people do."""

import random

_COMMON: dict[str, str] = {
    **dict(zip("абвгдезиклмнопрстуфы", "abvgdeziklmnoprstufy", strict=True)),
    "ё": "e",
    "ж": "zh",
    "й": "y",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ь": "",
    "э": "e",
    "ю": "yu",
    "я": "ya",
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
    "ґ": "g",
    "ў": "o",
    "ҳ": "h",
}
_HABITS: tuple[dict[str, str], ...] = (
    {},
    {"х": "h", "й": "i"},
    {"ж": "j", "х": "h"},
    {"қ": "q", "ғ": "gh", "х": "h", "й": "i"},
    {"я": "ia", "ю": "iu", "й": "i", "ы": "y"},
    {"ж": "j", "қ": "q", "й": "i", "ы": "y", "ш": "sh"},
    {"ә": "ae", "ө": "o", "ұ": "u", "ү": "u", "х": "h"},
    {"ы": "i", "х": "h", "щ": "sh"},
)
_PLAIN = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
_HISTORIC = (("Дж", "J"), ("дж", "j"))


def romanise(text: str, rng: random.Random) -> str:
    """Return `text` in Latin letters, by the habits of one writer."""
    table = _COMMON | rng.choice(_HABITS)
    for cyrillic, latin in _HISTORIC:
        text = text.replace(cyrillic, latin)
    written = []
    for place, letter in enumerate(text):
        low = letter.lower()
        if low not in table:
            written.append(letter)
            continue
        latin = table[low]
        if low == "е" and (place == 0 or not text[place - 1].isalpha()) and rng.random() < 0.5:
            latin = "ye"
        if letter != low and latin:
            neighbours = text[max(0, place - 1) : place + 2]
            capitals = len(neighbours) > 1 and neighbours.isupper()
            latin = latin.upper() if capitals else latin[0].upper() + latin[1:]
        written.append(latin)
    return "".join(written)


def without_kazakh_letters(text: str) -> str:
    """Return `text` as it is typed on a Russian keyboard."""
    return text.translate(_PLAIN)
