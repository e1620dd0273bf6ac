"""The one place that lists the messengers. A new one adds its line here and its folder beside."""

from __future__ import annotations

from connectors.base import Connector
from connectors.base.addresses import AddressesOf
from connectors.email import EmailConnector
from connectors.instagram import InstagramConnector
from connectors.telegram import TelegramConnector
from connectors.webchat import WebchatConnector
from connectors.whatsapp import WhatsAppConnector


def build_connectors(
    *,
    telegram_api_url: str,
    addresses_of: AddressesOf,
    graph_api_url: str = "https://graph.facebook.com",
    instagram_api_url: str = "https://graph.instagram.com",
) -> dict[str, Connector]:
    """The connectors by their channel. Makes no network call; ``close`` each at the end.

    Close them when the web server begins to shut down: open chats keep it waiting otherwise.
    """
    connectors: list[Connector] = [
        EmailConnector(addresses_of=addresses_of),
        InstagramConnector(api_url=instagram_api_url, graph_api_url=graph_api_url),
        TelegramConnector(api_url=telegram_api_url),
        WebchatConnector(),
        WhatsAppConnector(api_url=graph_api_url),
    ]
    return {connector.channel: connector for connector in connectors}
