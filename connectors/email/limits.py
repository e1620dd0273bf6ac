"""How fast an account may send: slower than any provider counts as a flood.

Daily limits (500 at https://support.google.com/mail/answer/22839) are obeyed by the provider's own refusal.
"""

from __future__ import annotations

from crm.contract import Pace


def paces(connection_id: str, chat_id: str) -> list[Pace]:
    """What a mail into a chat keeps to; the chat's own pace last."""
    return [
        Pace(key=f"{connection_id}:smtp", interval=1.0, burst=10),
        Pace(key=f"{connection_id}:{chat_id}", interval=3.0, burst=3),
    ]
