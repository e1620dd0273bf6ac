"""The CRM service: REST API, events, operator console, messenger webhooks and background work."""

__version__ = "0.1.0"
