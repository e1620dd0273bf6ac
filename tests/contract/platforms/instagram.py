"""Instagram as the contract suite uses it: what a customer writes comes in a signed body."""

from connectors.base import Connector
from tests.contract.inbox import InboxDouble
from tests.contract.instagram_platform import Instagram
from tests.fakes.instagram_server import CUSTOMER


class InstagramPlatform:
    """One customer of the account."""

    def __init__(self, instagram: Instagram) -> None:
        self.connector: Connector = instagram.connector
        self.connection = instagram.connection
        self.inbox: InboxDouble = instagram.inbox
        self.chat_id = CUSTOMER
        self._server = instagram.server
        self._server.webhook = instagram.webhook_url

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """Whether it was acknowledged."""
        item = self._server.item(message={"mid": f"aWdfZAG{key}", "text": text})
        entry = self._server.entry(self._server.account, item)
        status = await self._server.deliver({"object": "instagram", "entry": [entry]})
        assert status in {200, 503}
        return status == 200
