"""The messengers of this installation, made as its settings say."""

from collections.abc import Sequence
from typing import Final

from bot.outbound import addresses_of, is_public
from connectors.base import Connector
from connectors.base.addresses import any_address
from connectors.registry import build_connectors
from crm.contract import RejectedError
from crm.core.settings import Settings

_MAX_ADDRESSES: Final = 4


def connectors_of(settings: Settings) -> dict[str, Connector]:
    """Return the connectors by their channel. Makes no network call; close each at the end."""
    return build_connectors(
        telegram_api_url=settings.telegram_api_url,
        graph_api_url=settings.graph_api_url,
        instagram_api_url=settings.instagram_api_url,
        addresses_of=any_address if settings.allow_private_addresses else public_addresses,
    )


async def public_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a server that a tenant names: all must be the internet's.

    Raises:
        RejectedError: one is of this machine or its network; it is not told whether anything answers there.
        OSError: it has none.
    """
    found = await addresses_of(host, port)
    if not all(map(is_public, found)):
        raise RejectedError(
            "address_private",
            f"{host} is not on the internet: this installation does not go there.",
        )
    return found[:_MAX_ADDRESSES]
