"""What connectors are made of: ``connector`` says what one is, the rest is what all do alike."""

from connectors.base.connector import (
    Capabilities,
    Connector,
    FetchesMedia,
    HasTemplates,
    KnowsPeople,
    LimitsReach,
    LinksChats,
    MarksRead,
    MediaLimit,
    NeedsWebhook,
    Polls,
    RenewsCredentials,
    ReportsHealth,
    SetsPace,
    ShowsTyping,
    public_schema,
)

__all__ = [
    "Capabilities",
    "Connector",
    "FetchesMedia",
    "HasTemplates",
    "KnowsPeople",
    "LimitsReach",
    "LinksChats",
    "MarksRead",
    "MediaLimit",
    "NeedsWebhook",
    "Polls",
    "RenewsCredentials",
    "ReportsHealth",
    "SetsPace",
    "ShowsTyping",
    "public_schema",
]
