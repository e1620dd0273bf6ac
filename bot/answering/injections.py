"""Sentences that are orders to the assistant rather than information, in documents and in what customers write.

A passage that holds one is used without it: neither quoted, nor sent to a model, nor taken as support for what a model
wrote. What follows such a sentence in the same paragraph goes with it: the planted fact usually stands there.
"""

import re

from bot.knowledge.letters import fold
from bot.knowledge.sentences import sentences

_ASSISTANT = (
    r"(?:ai|llm|chat ?gpt|gpt|assistant|chat ?bot|bot|language model|ии|жи|ассистент\w*|бот(?:а|у|ом|е|ы)?|чат-?бот\w*|"
    r"нейросет\w*|языков\w+ модел\w*|комекши\w*|жасанды интеллект\w*)"
)
_RULES = (
    r"(?:instruction|rule|prompt|guideline|restriction|command|context|инструкци|правил|указани|промпт|ограничени|команд|"
    r"нускау|ереже|буирык|шектеу)\w*"
)
_BEFORE = r"(?:previous|prior|above|earlier|all|any|your|these|предыдущ\w*|прежн\w*|выше\w*|все\w*|свои\w*|твои\w*|ваши\w*|алдынгы|барлык|бурынгы|жогарыдагы)"
_DROP = (
    r"(?:ignore|disregard|forget|override|bypass|discard|do not follow|don.t follow|игнориру\w*|проигнориру\w*|забуд\w*|отбрось\w*|"
    r"не следуй\w*|не соблюдай\w*|отмени\w*|наруш\w*|елеме\w*|умыт\w*|ескерме\w*|буз\w*|орындама\w*)"
)
_SAY = (
    r"(?:say|tell|answer|reply|respond|inform|state|claim|reveal|print|output|show|give|send|list|скажи\w*|отвеча\w*|ответь\w*|говори\w*|"
    r"сообщ\w*|утвержда\w*|раскро\w*|выведи\w*|напечата\w*|покажи\w*|назови\w*|дай\w*|пришли\w*|перечисл\w*|айт\w*|жауап бер\w*|"
    r"корсет\w*|хабарла\w*|шыгар\w*|жибер\w*|бер)"
)
_HIDDEN = (
    r"(?:system prompt|your prompt|hidden|secret|password|passcode|api key|token|credential|(?:other|all|another) (?:customer|client|user)\w*|"
    r"системн\w+ промпт\w*|сво\w+ промпт\w*|промпт\w*|скрыт\w+|секрет\w*|парол\w*|ключ api|"
    r"(?:друг\w+|чуж\w+|всех|остальн\w+) (?:клиент|покупател|пользовател|заказчик)\w*|"
    r"куписоз\w*|кулпия ?соз\w*|купия\w*|(?:баска|озге|барлык) (?:клиент|тутынушы|сатып алушы)\w*|жуиелик нускау\w*)"
)
_ORDERS = re.compile(
    "|".join(
        (
            rf"\b{_DROP}\b.{{0,60}}\b{_RULES}",
            rf"\b{_RULES}.{{0,40}}\b{_DROP}\b",
            rf"\b{_DROP}\b.{{0,25}}\b{_BEFORE}\b",
            rf"\b{_BEFORE}\b.{{0,25}}\b{_DROP}\b",
            r"\byou are now\b|\bfrom now on,? you\b|\bact as (?:an? )?|\bpretend (?:to be|that)\b|\bjailbreak|\bdeveloper mode\b|\bdan mode\b",
            r"\b(?:ты|вы) теперь\b|\bотныне ты\b|\bпредставь,? что ты\b|\bрежим разработчика\b|\bсен енди\b|\bбудан былай сен\b",
            r"<\|?(?:im_start|system|assistant|endoftext)|\[/?inst\]|###\s*(?:system|instruction|инструкци)",
            rf"^\W*(?:system|assistant|developer|система|{_ASSISTANT})\s*[:>]",
            r"\b(?:note|message|instruction|order|заметка|сообщение|инструкция|приказ|нускау|хабарлама)\w*\s+(?:to|for|для|арналган)\s+(?:the\s+)?"
            + _ASSISTANT,
            rf"\b{_ASSISTANT}\b.{{0,40}}\b(?:must|shall|should|has to|is to|обязан\w*|долж\w+|керек|тиис|миндетти)\b.{{0,40}}\b{_SAY}\b",
            rf"\b{_ASSISTANT}\b.{{0,40}}\b{_SAY}\b.{{0,20}}\b(?:керек|тиис|миндетти)\b",
            rf"^\W*(?:dear |уважаем\w+ |курметти )?{_ASSISTANT}\W{{1,3}}.{{0,40}}\b{_SAY}\b",
        )
    ),
    re.IGNORECASE,
)
_REVEALS = re.compile(
    rf"\b{_SAY}\b.{{0,60}}\b{_HIDDEN}|\b{_HIDDEN}.{{0,40}}\b{_SAY}\b", re.IGNORECASE
)
_NOT = re.compile(r"\b(?:не|never|not|don.t|ешкимге|ешкашан|никому)\b|м[ае]ныз\b", re.IGNORECASE)
"""Advice to keep a secret is information."""


def is_instruction(sentence: str) -> bool:
    """Tell whether a sentence orders the assistant about. Written for recall: what is lost is one sentence of a document."""
    folded = fold(sentence)
    if _ORDERS.search(folded):
        return True
    return _REVEALS.search(folded) is not None and _NOT.search(folded) is None


def without_instructions(text: str) -> str:
    """Return `text` without orders to the assistant, and without what follows them in their paragraph."""
    kept: list[str] = []
    for line in text.splitlines():
        pieces = sentences(line)
        clean = next(
            (place for place, piece in enumerate(pieces) if is_instruction(piece)), len(pieces)
        )
        if clean == len(pieces):
            kept.append(line)
        elif clean:
            kept.append(" ".join(pieces[:clean]))
    return "\n".join(kept)
