"""What the console is told of a channel before it is connected."""

from typing import Any

from connectors.base import (
    Connector,
    HasTemplates,
    KnowsPeople,
    LimitsReach,
    LinksChats,
    MarksRead,
    NeedsWebhook,
    Polls,
    ReportsHealth,
    public_schema,
)
from crm.core.database import RawDocument


def channel_read(connector: Connector) -> RawDocument:
    """Return a channel as the API shows it. Makes no network call."""
    schema = public_schema(connector.config_model)
    return {
        "channel": connector.channel,
        "title": connector.title,
        "json_schema": schema,
        "guide": schema.get("x-guide"),
        "capabilities": _capabilities(connector),
    }


def _capabilities(connector: Any) -> RawDocument:
    can = connector.capabilities
    return {
        "max_text": can.max_text,
        "max_caption": can.max_caption,
        "max_buttons": can.max_buttons,
        "max_button_title": can.max_button_title,
        "max_list": can.max_list,
        "media": [
            {"kind": kind.value, "max_bytes": limit.max_bytes, "mimes": sorted(limit.mimes)}
            for kind, limit in can.media.items()
        ],
        "typing": can.typing,
        "replies": can.replies,
        "read_marks": isinstance(connector, MarksRead),
        "templates": isinstance(connector, HasTemplates),
        "window": isinstance(connector, LimitsReach),
        "profiles": isinstance(connector, KnowsPeople),
        "links": isinstance(connector, LinksChats),
        "health": isinstance(connector, ReportsHealth),
        "webhook": isinstance(connector, NeedsWebhook),
        "polling": isinstance(connector, Polls),
    }
