"""Mailboxes that take tokens instead of passwords: Dovecot asks whose a token is."""

import pytest

from crm.contract import AuthenticationFailedError, Connection, RetryableError
from tests.integration.email.conftest import Post, TokenServer, letter
from tests.support.mail_servers import OURS


@pytest.fixture
def tokens_of(post: Post, tokens: tuple[TokenServer, str]) -> TokenServer:
    known = tokens[0]
    known.good, known.refresh = {"access-1": OURS}, "refresh-1"
    known.next_refresh, known.failure = None, None
    known.asked.clear()
    known.paths.clear()
    post.configure(
        auth="google",
        password=None,
        oauth_client_id="client-1",
        oauth_client_secret="secret-1",
        oauth_refresh_token="refresh-1",
    )
    return known


async def test_google(post: Post, tokens_of: TokenServer) -> None:
    async with post.polling():
        post.drop(letter("Токенмен"))
        assert (await post.received())[0].text == "Токенмен"
    assert tokens_of.asked == [
        {
            "grant_type": "refresh_token",
            "client_id": "client-1",
            "client_secret": "secret-1",
            "refresh_token": "refresh-1",
        }
    ]
    assert tokens_of.paths == ["/token"]


async def test_sending_takes_the_same_token(post: Post, tokens_of: TokenServer) -> None:
    await post.send("Сәлем", chat_id=post.chat())
    await post.arrived()
    await post.send("Тағы", chat_id=post.chat(), message_id="6a1b2c3d4e5f60718293a4c2")
    await post.arrived(count=2)
    assert len(tokens_of.asked) == 1


async def test_microsoft_gives_a_new_refresh_token_each_time(
    post: Post, tokens_of: TokenServer
) -> None:
    post.configure(auth="microsoft", oauth_tenant="contoso.test", oauth_client_secret=None)
    tokens_of.next_refresh = "refresh-2"
    await post.send("Бір", chat_id=post.chat())
    tokens_of.good = {"access-2": OURS}  # the first one is refused from here on
    with pytest.raises(RetryableError) as raised:
        await post.send("Екі", chat_id=post.chat(), message_id="6a1b2c3d4e5f60718293a4c2")
    assert raised.value.code == "token_expired"
    await post.send("Екі", chat_id=post.chat(), message_id="6a1b2c3d4e5f60718293a4c2")
    await post.arrived(count=2)
    assert [form["refresh_token"] for form in tokens_of.asked] == ["refresh-1", "refresh-2"]
    assert set(tokens_of.paths) == {"/contoso.test/oauth2/v2.0/token"}
    assert "client_secret" not in tokens_of.asked[0]
    assert "IMAP.AccessAsUser.All" in tokens_of.asked[0]["scope"]


async def test_a_revoked_refresh_token_needs_the_admin(post: Post, tokens_of: TokenServer) -> None:
    tokens_of.refresh = "another"
    with pytest.raises(AuthenticationFailedError) as raised:
        await post.connector.verify(
            post.connector.config_model.model_validate(dict(post.connection.config))
        )
    assert raised.value.code == "oauth_revoked"


async def test_a_token_of_somebody_else_is_no_login(post: Post, tokens_of: TokenServer) -> None:
    tokens_of.good = {}
    with pytest.raises(RetryableError):
        await post.send("Сәлем", chat_id=post.chat())
    with pytest.raises(AuthenticationFailedError) as raised:
        await post.send("Сәлем", chat_id=post.chat())
    assert raised.value.code == "smtp_login_rejected"


@pytest.mark.parametrize(
    "failure", [(503, {}), (400, {"error": "invalid_request"}), (200, {}), (429, {})]
)
async def test_a_login_service_that_stumbles_is_asked_again(
    post: Post, tokens_of: TokenServer, failure: tuple[int, dict[str, str]]
) -> None:
    tokens_of.failure = failure
    with pytest.raises(RetryableError) as raised:
        await post.send("Сәлем", chat_id=post.chat())
    assert raised.value.code == "oauth_unavailable"


async def test_a_new_refresh_token_is_kept(post: Post, tokens_of: TokenServer) -> None:
    kept: list[dict[str, str]] = []

    async def renew(connection: Connection, values: dict[str, str]) -> bool:
        kept.append(values)
        return True

    post.inbox.renew = renew  # type: ignore[method-assign, assignment]
    await post.connector.renew(post.connection, post.inbox)
    assert kept == []
    post.configure(auth="microsoft", oauth_refresh_token="refresh-ms")
    tokens_of.refresh, tokens_of.next_refresh = "refresh-ms", "refresh-ms-2"
    await post.connector.renew(post.connection, post.inbox)
    assert kept == [{"oauth_refresh_token": "refresh-ms-2"}]
