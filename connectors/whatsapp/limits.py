"""How fast a number may send, and when: the platform's limits.

https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (80 a second,
20 for a number that is in use on the phone too, 1,000 after Meta's upgrade);
https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits (one message in
six seconds to one person, 45 of them at once);
https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from crm.contract import ChatState, Connection, Pace, Reach

WINDOW: Final = timedelta(hours=24)
"""For so long after the customer's last message anything may be written, then templates only.

That an advertisement brought the customer makes 72 hours free of charge, and no window longer.
"""
PAIR_INTERVAL_SECONDS: Final = 6.0
PAIR_BURST: Final = 45


def throughput_of(number: object) -> int:
    """Messages a second, by what Meta tells of a number (``is_on_biz_app``, ``throughput.level``)."""
    told = number if isinstance(number, dict) else {}
    if told.get("is_on_biz_app") is True:
        return 20
    level = told.get("throughput")
    return 1000 if isinstance(level, dict) and level.get("level") == "HIGH" else 80


def paces(connection: Connection, chat_id: str) -> list[Pace]:
    """What a message into a chat keeps to; the chat's own pace last."""
    known = connection.account.data.get("throughput") if connection.account is not None else None
    a_second = known if isinstance(known, int) and known > 0 else 80
    number = f"whatsapp:{connection.id}"
    return [
        Pace(key=number, interval=1 / a_second, burst=max(1, a_second // 8)),
        Pace(key=f"{number}:{chat_id}", interval=PAIR_INTERVAL_SECONDS, burst=PAIR_BURST),
    ]


def reach(chat: ChatState, *, now: datetime) -> Reach:
    """The same for the bot and for people: WhatsApp makes no exception for either."""
    if chat.last_inbound_at is None:
        return Reach(open=False, code="window_closed", templates=True)
    until = chat.last_inbound_at + WINDOW
    if now < until:
        return Reach(open=True, until=until, templates=True)
    return Reach(open=False, code="window_closed", templates=True)
