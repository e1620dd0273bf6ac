"""Instagram through Meta's official messaging API. Set-up and limits: ``README.md`` beside this file."""

from connectors.instagram.connector import InstagramConnector

__all__ = ["InstagramConnector"]
