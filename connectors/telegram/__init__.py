"""Telegram through the Bot API. Set-up and limits: ``README.md`` beside this file."""

from connectors.telegram.connector import TelegramConnector

__all__ = ["TelegramConnector"]
