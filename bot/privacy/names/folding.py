"""One rough spelling for all the ways a word is written in Russian, Kazakh and Latin letters.

Айгүл, Айгуль, Aigul and Aygul all fold to `aigul`; Серікқызы, Серикызы and Serikkyzy to `serikizi`.
"""

from functools import lru_cache

_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфхыэ", "abvgdeziiklmnoprstufhie", strict=True)),
    **{"ё": "e", "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia"},
    **{"ь": "", "ъ": ""},
    **{"ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h", "і": "i"},
    **{"ї": "i", "є": "e", "ґ": "g", "ў": "u", "ҳ": "h", "ҷ": "zh", "җ": "zh"},
}
_ACCENTED = {
    **dict(
        zip("áàâãåāäéèêëēęíìîïīıóòôõōöúùûūüýÿ", "aaaaaaaeeeeeeiiiiiioooooouuuuuii", strict=True)
    ),
    **{"ø": "o", "ç": "ch", "č": "ch", "ć": "ch", "ş": "sh", "š": "sh", "ś": "s", "ğ": "g"},
    **{"ñ": "n", "ń": "n", "ł": "l", "ž": "zh", "ż": "zh", "ź": "z", "ß": "s", "ř": "r", "æ": "e"},
}
_LETTERS = str.maketrans(_CYRILLIC | _ACCENTED)
# The order counts: the longer spelling of a sound goes first.
_LATIN = (
    *(("shch", "sh"), ("dzh", "zh"), ("kh", "h"), ("gh", "g"), ("ph", "f"), ("ck", "k")),
    *(("ye", "e"), ("yo", "e"), ("ya", "ia"), ("yu", "iu"), ("iy", "i"), ("y", "i")),
    *(("q", "k"), ("w", "u"), ("x", "ks"), ("j", "zh"), ("oo", "u"), ("ee", "i")),
)
# "c" is "ts" in no name of ours, and "k" in most English ones before these letters.
_HARD_C = ("ca", "co", "cu", "cl", "cr")


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """Return the rough Latin spelling of one word: small letters a-z, doubled ones once, all else dropped."""
    word = word.lower()
    if word.isascii():
        for spelling, sound in _LATIN:
            if spelling in word:
                word = word.replace(spelling, sound)
        for spelling in _HARD_C:
            word = word.replace(spelling, "k" + spelling[1])
    else:
        word = word.translate(_LETTERS)
        word = word.replace("dzh", "zh")
        if not word.isascii():
            return fold(word.encode("ascii", "ignore").decode())
    folded = []
    last = ""
    for letter in word:
        if letter != last and "a" <= letter <= "z":
            folded.append(letter)
            last = letter
    return "".join(folded)
