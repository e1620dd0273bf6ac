"""How far messages of ours have come, and what they cost.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
They come in any order, and since 2024 also without ``contacts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from connectors.base.values import mapping, mappings, moment, text
from connectors.whatsapp.errors import failure_of
from crm.contract import StatusUpdate

_STATES: Final[Mapping[str, Literal["sent", "delivered", "read", "failed"]]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice message was listened to
    "failed": "failed",
}


def status_of(status: Mapping[str, Any]) -> StatusUpdate | None:
    """What a status says; None when it says nothing that we follow."""
    message_id, told = text(status.get("id")), text(status.get("status")) or ""
    state = _STATES.get(told)
    if message_id is None or state is None:
        return None
    code: str | None = None
    detail: str | None = None
    if state == "failed":
        code, detail = failure_of(next(iter(mappings(status.get("errors"))), {}))
    return StatusUpdate(
        external_id=f"{message_id}:{told}",
        platform_id=message_id,
        state=state,
        code=code,
        detail=detail,
        at=moment(status.get("timestamp")),
        data=_costs(status),
    )


def _costs(status: Mapping[str, Any]) -> dict[str, Any]:
    """``category`` and ``billable``, where Meta says; ``pricing`` why it is free or not."""
    pricing = mapping(status.get("pricing"))
    category, kind = text(pricing.get("category")), text(pricing.get("type"))
    if category is None:
        return {}
    billable = pricing.get("billable")
    return {
        "category": category.lower()[:50],
        "billable": billable if isinstance(billable, bool) else kind == "regular",
        **({"pricing": kind[:50]} if kind is not None else {}),
    }
