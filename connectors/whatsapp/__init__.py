"""WhatsApp through Meta's Cloud API. Set-up and limits: ``README.md`` beside this file."""

from connectors.whatsapp.connector import WhatsAppConnector

__all__ = ["WhatsAppConnector"]
