"""Praise, reviews and ratings."""

import re
from collections.abc import Sequence

from actions.handoff import call_people
from actions.skill import Event, Skill, Turn

LOW = 3
VERY_LOW = 2
_RATING_WORDS = {
    5: r"пят(?:ь|ёрк|ерк)\w*|пять|бес(?:тік)?|five|отлично",
    4: r"четыре|четв[её]рк\w*|төрт|four",
    3: r"три|тройк\w*|үш(?:тік)?|уш|three",
    2: r"два|двойк\w*|екі|еки|two",
    1: r"один|единиц\w*|кол|бір|one",
}
_NEAR_RATING = (
    r"(?:оценк\w*|ставлю|поставлю|балл\w*|звезд\w*|зв[её]зд\w*|из\s+(?:5|пяти)|баға|бағам|жұлдыз\w*|жулдыз\w*|қоямын|коямын|"
    r"stars?|out\s+of|rate|rating|points?)"
)
_NUMBER = re.compile(
    r"(?<![\d.,])([1-5])(?:[.,]0)?(?!\d)(?![.,]\d)(?:\s*(?:/|из|out\s+of)\s*(?:5|пяти|five)(?!\d))?"
)
_OF_FIVE = re.compile(
    r"(?<!\d)([1-5])\s*(?:/|из|out\s+of|ден|тен)\s*(?:5|пяти|five)(?!\d)", re.IGNORECASE
)
_FIVE_DAN = re.compile(r"(?:5|бес)\s*-?\s*(?:тен|ден|тан|дан)\s+([1-5])(?!\d)", re.IGNORECASE)


def read_rating(text: str) -> int | None:
    """Return a rating of 1 to 5 given in a text, `None` when it gives none.

    A bare number counts when it is the only one in a short message or stands near a word of rating.
    """
    lowered = text.lower()
    stars = lowered.count("⭐") or lowered.count("★")
    if 1 <= stars <= 5:
        return stars
    if match := _OF_FIVE.search(lowered) or _FIVE_DAN.search(lowered):
        return int(match[1])
    near = re.search(_NEAR_RATING, lowered) is not None
    numbers = _NUMBER.findall(lowered)
    if len(numbers) == 1 and len(re.findall(r"\d+", lowered)) == 1 and (near or len(lowered) <= 12):
        return int(numbers[0])
    if near or len(lowered.split()) <= 2:
        for rating, words in _RATING_WORDS.items():
            if re.search(rf"(?<!\w)(?:{words})(?!\w)", lowered):
                return rating
    return None


class GiveFeedback(Skill):
    """Stores a rating and the words; asks for the rating when only praise is given."""

    action_name = "action_give_feedback"
    switch = "feedback"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Store what was said and thank; offer a person after a low rating, call one after a very low one."""
        given = turn.entity("rating")
        rating = int(given) if given and given in "12345" else read_rating(turn.text)
        await turn.crm.record_feedback(
            turn.organization_id,
            turn.conversation_id,
            rating=rating,
            comment=turn.text[:2000],
            source_key=turn.source_key("feedback"),
        )
        content = await turn.assistant()
        if rating is None:
            turn.say("utter_ask_rating")
        elif rating <= VERY_LOW and content.handoff.on_dissatisfaction and content.skills.human:
            return await call_people(
                turn, "dissatisfaction", first="utter_feedback_sorry", given_rating=str(rating)
            )
        else:
            response = "utter_feedback_low" if rating <= LOW else "utter_feedback_high"
            turn.say(response, given_rating=str(rating))
        return []
