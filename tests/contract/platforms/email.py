"""A mailbox as the contract suite uses it: a customer's mails lie in a real Dovecot."""

import asyncio
from email.message import EmailMessage
from typing import Self

from connectors.base import Connector
from connectors.email.threads import chat_id_of, new_token
from tests.integration.email.conftest import Post
from tests.support.mail_servers import CUSTOMER


class EmailPlatform:
    """Reads the mailbox meanwhile; use it as an asynchronous context."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.connector: Connector = post.connector
        self.connection, self.inbox = post.connection, post.inbox
        self.chat_id = chat_id_of(new_token(post.connection, "first"), CUSTOMER)
        self._polling = post.polling()

    async def __aenter__(self) -> Self:
        await self._polling.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._polling.__aexit__(None, None, None)

    async def deliver(self, text: str, *, key: int = 1, seconds: float = 3.0) -> bool:
        """Whether the mail was taken in: its UID is noted, and it is not read again."""
        mail = EmailMessage()
        mail["From"], mail["To"] = CUSTOMER, str(self.connection.config["address"])
        mail["Subject"], mail["Message-ID"] = "Сұрақ", f"<m{key}@customer.test>"
        mail.set_content(text.replace("\x00", ""))
        before = self._noted()
        self.post.drop(mail)
        for _ in range(int(seconds * 50)):
            if self._noted() > before:
                return True
            await asyncio.sleep(0.02)
        return False

    def _noted(self) -> int:
        places = self.inbox.states.get(self.connection.id, {}).get("folders", ())
        return max((place["uid"] for place in places if place["name"].startswith("in:")), default=0)
