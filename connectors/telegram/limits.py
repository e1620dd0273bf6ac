"""How fast a bot may send: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits.

Thirty messages a second for a bot, one a second for a chat (short bursts pass), twenty a minute
for a group.
"""

from __future__ import annotations

from crm.contract import Pace


def paces(connection_id: str, chat_id: str) -> list[Pace]:
    """What a message into a chat keeps to; the chat's own pace last."""
    chat = f"telegram:{connection_id}:{chat_id}"
    return [
        Pace(key=f"telegram:{connection_id}", interval=1 / 30, burst=30),
        Pace(key=chat, interval=4.0, burst=5)  # 5 at once and 15 more in the minute: 20
        if chat_id.startswith("-")
        else Pace(key=chat, interval=1.0, burst=3),
    ]
