"""The contract's first promises, over a mailbox."""

import pytest

from tests.contract.platforms.email import EmailPlatform
from tests.integration.email.conftest import Post


async def test_it_keeps_the_contract(post: Post) -> None:
    async with EmailPlatform(post) as platform:
        assert await platform.deliver("Сәлем")
        assert await platform.deliver("Сәлем")
        platform.inbox.unavailable = True
        assert not await platform.deliver("Тағы", key=2, seconds=1)
        platform.inbox.unavailable = False
        assert await platform.deliver("Үшінші", key=3, seconds=10)
        await post.received(3)
    assert [one.text for one in platform.inbox.received] == ["Сәлем", "Тағы", "Үшінші"]


async def test_nothing_of_a_mail_is_logged(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "connectors")
    async with EmailPlatform(post) as platform:
        platform.inbox.unavailable = True
        await platform.deliver("менің құпиям", seconds=1)
    assert caplog.records
    for words in ("құпия", "aigul", str(post.connection.config["password"])):
        assert words not in caplog.text


async def test_connecting_is_safe_to_repeat(post: Post) -> None:
    for _ in range(2):
        await post.connector.connect(post.connection, public_url="https://a.example.kz")
    for _ in range(2):
        await post.connector.disconnect(post.connection)
    for _ in range(2):
        await post.connector.close()
