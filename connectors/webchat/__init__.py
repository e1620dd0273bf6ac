"""The chat on a company's own site: a widget and the socket it speaks through. See ``README.md``."""

from connectors.webchat.connector import WebchatConnector

__all__ = ["WebchatConnector"]
