"""Signs that a customer is losing patience with the bot: the same question again, in anger."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from bot.knowledge.letters import words

SIMILAR = 0.75
"""How alike two words must be to count as one, and a mistyped one with it."""
SHARED = 0.9
"""How much of the shorter message must be in the longer one. "... в Астану" is not "... в Шымкент"."""
# How many of the customer's messages before this one are compared with it.
COMPARED = 4
MIN_WORDS = 2
# A question fits into so much. Each word is compared with each, and a stranger may send ten thousand letters.
MAX_WORDS, MAX_WORD = 40, 24
_SHOUTED_LETTERS = 8
_MARKS = re.compile(r"[!?]{2,}|😡|🤬|😠|🤦")
_ANGRY = re.compile(
    r"(?<!\w)(?:я\s+же|же\s+(?:спро|спраш|писа|сказа)\w*|(?:уже|ещё\s+раз|еще\s+раз|снова|опять|второй\s+раз|третий\s+раз)\s+"
    r"(?:спраш|спрос|пиш|писа|повтор|задаю)\w*|повторяю|сколько\s+можно|ответьте\s+(?:уже|нормально|же|наконец)|наконец|"
    r"вы\s+(?:вообще|меня\s+слышите|издева)\w*|достал\w*|надоел\w*|бесит|бестолков\w*|тупо[йе]|"
    r"қанша\s+(?:рет\s+)?(?:сұра|айт)\w*|тағы\s+(?:да\s+)?сұра\w*|қайта\s+сұра\w*|түсінесі[зң]\w*\s+бе|жауап\s+бер(?:іңіз|сеңіз)ші|"
    r"шаршат\w*|ашу\w*|again|already\s+asked|i\s+asked|asked\s+you|how\s+many\s+times|are\s+you\s+listening|useless|stupid|"
    r"for\s+god'?s\s+sake|answer\s+me|seriously)(?!\w)",
    re.IGNORECASE,
)


def is_angry(text: str) -> bool:
    """Return whether a text is written in anger: shouted, with piled up marks, or with words of impatience."""
    letters = [letter for letter in text if letter.isalpha()]
    shouted = len(letters) >= _SHOUTED_LETTERS and text.upper() == text and text.lower() != text
    return shouted or bool(_MARKS.search(text) or _ANGRY.search(text))


def repeats(text: str, earlier: Sequence[str]) -> int:
    """Return how many of the customer's earlier messages ask the same as `text`."""
    said = _beginning(text)
    if len(said) < MIN_WORDS:
        return 0
    return sum(_same(said, _beginning(other)) for other in list(earlier)[-COMPARED:])


def _beginning(text: str) -> list[str]:
    return [word[:MAX_WORD] for word in words(text)[:MAX_WORDS]]


def _same(said: list[str], other: list[str]) -> bool:
    if len(other) < MIN_WORDS:
        return False
    # The words of impatience come on top of the question: what was asked first must be in it again.
    shorter, longer = sorted((said, other), key=len)
    found = sum(any(_alike(word, one) for one in longer) for word in shorter)
    return found >= SHARED * len(shorter) and len(longer) <= 3 * len(shorter)


def _alike(one: str, other: str) -> bool:
    return one == other or (
        min(len(one), len(other)) >= 4 and SequenceMatcher(None, one, other).ratio() >= SIMILAR
    )


def is_fed_up(text: str, events: Sequence[dict[str, Any]]) -> bool:
    """Return whether a customer asks the same again in anger, or the same for the third time.

    Args:
        text: the message.
        events: the conversation's, this message's among them.
    """
    said = [
        str(event.get("text") or "")
        for event in events
        if event.get("event") == "user" and event.get("text")
    ]
    times = repeats(text, said[:-1])
    return times >= 2 or (times >= 1 and is_angry(text))
