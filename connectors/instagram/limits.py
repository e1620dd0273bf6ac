"""How fast an account may send, and when: the platform's limits.

https://developers.facebook.com/docs/messenger-platform/overview/rate-limiting: 300 messages a second
an account, 10 with sound or video, and fewer into a single thread; no figure is told for that.
https://developers.facebook.com/docs/messenger-platform/policy/policy-overview#standard_messaging: 24 hours
after the customer's last message anything may go, and for 7 days a person's answer with the tag.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from crm.contract import ChatState, Pace, Reach

HUMAN_AGENT: Final = "HUMAN_AGENT"
WINDOW: Final = timedelta(hours=24)
HUMAN_WINDOW: Final = timedelta(days=7)


def paces(connection_id: str, chat_id: str) -> list[Pace]:
    """What a message into a chat keeps to; the chat's own pace last."""
    account = f"instagram:{connection_id}"
    return [
        Pace(key=account, interval=1 / 200, burst=100),
        Pace(key=f"{account}:{chat_id}", interval=1.0, burst=5),
    ]


def reach(chat: ChatState, *, author_kind: str, now: datetime) -> Reach:
    """The tag is for people: neither the bot nor the product itself may write with it."""
    if not chat.reachable:
        return Reach(open=False, code="blocked_by_customer")
    if chat.last_inbound_at is None:
        return Reach(open=False, code="window_closed")
    until = chat.last_inbound_at + WINDOW
    if now < until:
        return Reach(open=True, until=until)
    until = chat.last_inbound_at + HUMAN_WINDOW
    if author_kind == "operator" and now < until:
        return Reach(open=False, code="window_closed", until=until, tag=HUMAN_AGENT)
    return Reach(open=False, code="window_closed")
