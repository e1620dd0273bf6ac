"""The CRM service: REST API, events, operator console, messenger webhooks and background work."""
