"""Words of time in the spelling of `spelling.spell`: Russian, Kazakh, English side by side.

Kazakh endings are part of the patterns where they tell something: "-da/-de/-ta/-te" is "at", "-dan/-den" with "keiin" is
"after".
"""

import re
from collections.abc import Mapping

MINUTE, HOUR, DAY, WEEK = 1, 60, 60 * 24, 60 * 24 * 7

NUMBERS: Mapping[str, float] = {
    **dict.fromkeys(("odin", "odnu", "odna", "odnogo", "raz", "chas", "bir", "one", "an", "a"), 1),
    **dict.fromkeys(("dva", "dve", "dvuh", "dvum", "eki", "tvo", "paru", "para", "couple", "couple of", "a couple of"), 2),
    **dict.fromkeys(("tri", "treh", "trem", "ush", "thre"), 3),
    **dict.fromkeys(("chetire", "chetireh", "chetirem", "tort", "four"), 4),
    **dict.fromkeys(("piat", "piati", "bes", "five"), 5),
    **dict.fromkeys(("shest", "shesti", "alti", "six", "sih"), 6),
    **dict.fromkeys(("sem", "semi", "jeti", "seven"), 7),
    **dict.fromkeys(("vosem", "vosmi", "segiz", "eight", "eigt"), 8),
    **dict.fromkeys(("deviat", "deviati", "togiz", "nine"), 9),
    **dict.fromkeys(("desiat", "desiati", "on", "ten"), 10),
    **dict.fromkeys(("odinadcat", "odinadcati", "onbir", "on bir", "eleven"), 11),
    **dict.fromkeys(("dvenadcat", "dvenadcati", "oneki", "on eki", "tvelve"), 12),
    **dict.fromkeys(("piatnadcat", "piatnadcati", "on bes", "fifteen", "fiften"), 15),
    **dict.fromkeys(("dvadcat", "dvadcati", "jiirma", "jiirmai", "tventi"), 20),
    **dict.fromkeys(("tridcat", "tridcati", "otiz", "thirti"), 30),
    **dict.fromkeys(("sorok", "soroka", "kirik", "forti"), 40),
    **dict.fromkeys(("poltora", "bir jarim", "one and a half"), 1.5),
    **dict.fromkeys(("pol", "jarti", "jarim", "half", "half a", "half an"), 0.5),
}  # fmt: skip
# Longest first, so that "on bir" is eleven and not ten.
NUMBER = "|".join(sorted(NUMBERS, key=len, reverse=True))
# "on" is ten in Kazakh and a preposition in English; "a", "an", "chas" count only before a unit.
HOUR_NUMBER = "|".join(
    word
    for word in sorted(NUMBERS, key=len, reverse=True)
    if 1 <= NUMBERS[word] <= 12
    and NUMBERS[word] % 1 == 0
    and word
    not in {"on", "a", "an", "raz", "chas", "para", "paru", "couple", "couple of", "a couple of"}
)
UNITS: Mapping[str, int] = {
    r"min(?:ut\w*|utes?|s)?": MINUTE,
    r"(?:chas\w*|ch|sagat\w*|sag|hours?|hr?s?)": HOUR,
    r"(?:den|dnia|dnei|kun\w*|dais?)": DAY,
    r"(?:nedel\w*|apta\w*|veks?)": WEEK,
}
WEEKDAYS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"\b(?:{pattern})\b")
    for pattern in (
        r"ponedeln\w*|pn|duisenbi\w*|monda?i?s?|mon",
        r"vtornik\w*|vt|seisenbi\w*|tuesdai|tues?",
        r"sred[aiue]\w*|sr|sarsenbi\w*|vednesdai|ved",
        r"chetverg\w*|cht|beisenbi\w*|thursdai|thurs?|thu",
        r"piatnic\w*|pt|juma(?:da|ga|ni|nin)?|fridai|fri",
        r"subot\w*|sb|senbi\w*|saturdai|sat",
        r"voskresen\w*|vs|jeksenbi\w*|sundai|sun",
    )
)
NEXT_WEEK = re.compile(r"\b(?:sleduiush\w*|budush\w*|kelesi|next)\b")
WEEK_WORD = re.compile(r"\b(?:nedel\w*|apta\w*|vek)\b")
WEEKEND = re.compile(r"\b(?:vihodn\w*|demalis\w*|vekend\w*)\b")
TODAY = re.compile(
    r"\b(?:segodnia\w*|sevodnia|bugin\w*|todai|tonight|tonigt|this (?=morning|afternon|evening))\b"
)
TOMORROW = re.compile(r"\b(?:zavtra\w*|erten(?!gi)\w*|tomo?ro[vu]|tmr[vu]?)\b")
AFTER_TOMORROW = re.compile(
    r"\b(?:poslezavtra|bursiguni|bursugini|birsiguni|argi kun\w*|(?:the )?dai after tomo?rov)\b"
)
NOW = re.compile(
    r"\b(?:seichas|sechas|shas|srochno|nemedlenno|nemedleno|priamo seichas|kak mojno (?:skore|bistre)\w*|poskore\w*|"
    r"kazir\w*|tez arada|tezire\w*|jildam\w*|shugil|nov|asap|right avai|imediateli|as son as posible|"
    r"(?:v )?liuboe vremia|kogda ugodno|kogda udobno vam|kez kelgen uakit\w*|anitime|ani time)\b"
)
LATER = re.compile(
    r"\b(?:pozje|popozje|potom|kak ?nibud|kogda ?nibud|keiinire\w*|later|sometime)\b"
)
# A part of the day: its name, when its middle is, and when it ends (hours).
PARTS: tuple[tuple[re.Pattern[str], float, float], ...] = (
    (
        re.compile(
            r"\b(?:posle obeda|tusten (?:kei\w*|son)|after lunch|after non|afternon|afternons)\b"
        ),
        15,
        18,
    ),
    (
        re.compile(
            r"\b(?:do obeda|tuske (?:dei\w*|shei\w*)|before lunch|before non|pervoi polovin\w* dnia)\b"
        ),
        11,
        13,
    ),
    (re.compile(r"\b(?:vtoroi polovin\w* dnia|tusten keingi)\b"), 15, 18),
    (re.compile(r"\b(?:v polden|polden|at non|non|midai|tal tus\w*)\b"), 12, 13),
    (re.compile(r"\b(?:v obed|obedom|tuste|tuski uakit\w*|lunch ?time)\b"), 13, 14),
    (
        re.compile(
            r"\b(?:utrom|s utra|utra|utrechkom|tanerten\w*|tan ?ertenmen|tanmen|erten ?gisin|tan|morning)\b"
        ),
        10,
        12,
    ),
    (re.compile(r"\b(?:dnem|dniom|kundiz\w*)\b"), 14, 17),
    (
        re.compile(
            r"\b(?:vecherom|vecherkom|pod vecher|k vecheru|keshke\w*|keshte|keshkurim\w*|keshki\w*|evening|tonigt|tonight)\b"
        ),
        18,
        21,
    ),
)
# Parts that only say which half of the day an hour is in.
BEFORE_NOON = re.compile(
    r"\b(?:utra|utrom|tangi|tanerten\w*|tanin|am|a\.m|in the morning|morning)\b"
)
AFTER_NOON = re.compile(
    r"\b(?:dnia|dnem|vechera|vecherom|posle obeda|tuski|tusten kei\w*|keshki|keshke\w*|keshte|pm|p\.m|afternon|evening|tonigt|tonight)\b"
)
KAZAKH_MONTHS: Mapping[str, str] = {
    "kantar": "january", "akpan": "february", "nauriz": "march", "sauir": "april", "mamir": "may", "mausim": "june",
    "shilde": "july", "tamiz": "august", "kirkuiek": "september", "kazan": "october", "karasha": "november",
    "jeltoksan": "december",
}  # fmt: skip
RUSSIAN_MONTHS: Mapping[str, str] = {
    "ianvar": "january", "fevral": "february", "mart": "march", "aprel": "april", "maia": "may", "mai": "may",
    "iiun": "june", "iun": "june", "iiul": "july", "iul": "july", "avgust": "august", "sentiabr": "september",
    "oktiabr": "october", "noiabr": "november", "dekabr": "december",
}  # fmt: skip
ENGLISH_MONTHS: Mapping[str, str] = {
    "januari": "january", "jan": "january", "februari": "february", "feb": "february", "march": "march",
    "april": "april", "june": "june", "jun": "june", "juli": "july", "jul": "july", "august": "august", "aug": "august",
    "september": "september", "sept": "september", "sep": "september", "october": "october", "oct": "october",
    "november": "november", "nov": "november", "december": "december", "dec": "december",
}  # fmt: skip
MONTHS: Mapping[str, str] = {**RUSSIAN_MONTHS, **ENGLISH_MONTHS, **KAZAKH_MONTHS}
