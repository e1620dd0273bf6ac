"""What Meta tells of templates, the number and the account.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview#fields
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from connectors.base.values import mappings, plain
from connectors.whatsapp.errors import failure_of
from crm.contract import Notice

NOTICES: Final[Mapping[str, str]] = {
    "message_template_status_update": "templates",
    "message_template_quality_update": "templates",
    "message_template_components_update": "templates",
    "template_category_update": "templates",
    "phone_number_quality_update": "quality",
    "phone_number_name_update": "account",
    "business_capability_update": "limit",
    "account_update": "account",
    "account_review_update": "account",
    "account_alerts": "account",
    "security": "account",
}
"""A notice's topic, by the field that Meta tells it in."""


def notice(name: str, value: Mapping[str, Any], entry: Mapping[str, Any]) -> Notice:
    """The change of such a field. Meta gives it no id; the same words at the same time are the same."""
    told = {"field": name, **plain(dict(value))}
    return Notice(external_id=_id_of(name, value, entry), topic=NOTICES[name], data=told)


def alarms(value: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[Notice]:
    """Errors that Meta tells about no message in particular."""
    for error in mappings(value.get("errors")):
        code, detail = failure_of(error)
        data = {"field": "messages", "event": "error", "code": code, "detail": detail}
        yield Notice(external_id=_id_of("errors", error, entry), topic="account", data=data)


def _id_of(name: str, told: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    when = str(entry.get("time"))[:20]
    words = orjson.dumps(dict(told), option=orjson.OPT_SORT_KEYS)
    return f"{name}:{when}:{hashlib.sha256(words).hexdigest()[:24]}"
