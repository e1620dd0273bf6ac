"""Who wants no advertising: said in a word, or in WhatsApp's own menu.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.base.values import mappings, moment, text
from connectors.whatsapp.content import Content
from connectors.whatsapp.people import People
from crm.contract import ConsentChange, Sender

_NO: Final = frozenset(
    {
        "stop",
        "unsubscribe",
        "stop promotions",
        "стоп",
        "отписаться",
        "отпишите",
        "отписка",
        "тоқтат",
        "тоқтату",
        "жазылымнан шығу",
        "бас тарту",
    }
)
"""A whole message of these words, and nothing else, ends advertising. It is answered all the same."""
_LONGEST: Final = 40
_SAID: Final = {"stop": False, "resume": True, "signup": True}


def consent_of(
    message_id: str,
    chat_id: str,
    sender: Sender,
    content: Content,
    message: Mapping[str, Any],
) -> ConsentChange | None:
    """The refusal that a message is, if it is one."""
    if len(content.text) > _LONGEST:
        return None
    said = " ".join("".join(c if c.isalpha() else " " for c in content.text.casefold()).split())
    if said not in _NO:
        return None
    return ConsentChange(
        external_id=message_id,
        chat_id=chat_id,
        sender=sender,
        purpose="marketing",
        granted=False,
        at=moment(message.get("timestamp")),
    )


def wish_of(value: Mapping[str, Any]) -> Iterator[ConsentChange]:
    """What a person chose in WhatsApp's menu."""
    people = People(value)
    for wish in mappings(value.get("user_preferences")):
        granted = _SAID.get((text(wish.get("value")) or "").lower())
        sender = people.person(text(wish.get("user_id")), text(wish.get("wa_id")))
        if granted is None or sender is None or wish.get("category") != "marketing_messages":
            continue
        at = str(wish.get("timestamp"))[:20]
        yield ConsentChange(
            external_id=f"{sender.external_id}:{at}:{granted}",
            chat_id=sender.external_id,
            sender=sender,
            purpose="marketing",
            granted=granted,
            at=moment(wish.get("timestamp")),
        )
