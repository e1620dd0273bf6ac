"""Whose account a token opens, what it may do, and whether Instagram delivers to us."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from connectors.base.values import id_of, listed, mapping, moment, written
from connectors.instagram import tokens
from connectors.instagram.client import Graph
from connectors.instagram.config import InstagramConfig
from connectors.instagram.inbound import FIELDS
from crm.contract import Account, Connection, Health, Quota, RejectedError

PROFESSIONAL: Final = frozenset({"BUSINESS", "MEDIA_CREATOR", "CREATOR"})
INSTAGRAM_PERMISSIONS: Final = ("instagram_business_basic", "instagram_business_manage_messages")
FACEBOOK_PERMISSIONS: Final = (
    "instagram_basic",
    "instagram_manage_messages",
    "pages_manage_metadata",
)
_CORE_FIELDS: Final = tuple(name for name in FIELDS if name not in {"message_edit", "standby"})
_PAGE_FIELDS: Final = ("feed",)
"""Any field of the Page makes Instagram deliver; the app's own fields are chosen in its dashboard."""


async def verify(graph: Graph, config: InstagramConfig) -> Account:
    """See ``Connector.verify``: whose account it is, and that it may do what is needed.

    Raises:
        AuthenticationFailedError: the token is not good.
        RejectedError: ``account_not_professional``, ``page_token_needed``, ``instagram_not_linked``,
            ``permission_missing``.
        RetryableError: Instagram cannot be reached.
    """
    if config.login == "facebook":
        account = await _linked_account(graph, config)
    else:
        account = await _own_account(graph, config)
    await _check_permissions(graph, config)
    return account


async def _own_account(graph: Graph, config: InstagramConfig) -> Account:
    """https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started."""
    told = await graph.get(config, "me", fields="user_id,username,name,account_type")
    known, scoped = id_of(told.get("user_id")), id_of(told.get("id"))
    kind = written(told.get("account_type")).upper()
    if known is None or (kind and kind not in PROFESSIONAL):
        raise RejectedError(
            "account_not_professional",
            "This is a personal account: switch it to a professional one in the Instagram app.",
        )
    return Account(
        external_id=known,
        name=f"@{written(told.get('username'))}",
        aliases=[scoped] if scoped else [],
    )


async def _linked_account(graph: Graph, config: InstagramConfig) -> Account:
    """https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/get-started."""
    try:
        told = await graph.get(
            config, "me", fields="id,name,instagram_business_account{id,username}"
        )
    except RejectedError as error:
        if error.code != "bad_request" or "field" not in error.detail.lower():
            raise
        raise RejectedError(
            "page_token_needed", "This is a person's token: take the token of the Page."
        ) from None
    linked = mapping(told.get("instagram_business_account"))
    known, page = id_of(linked.get("id")), id_of(told.get("id"))
    if known is None or page is None:
        raise RejectedError(
            "instagram_not_linked", "No professional Instagram account is linked to this Page."
        )
    return Account(
        external_id=known,
        name=f"@{written(linked.get('username'))}",
        aliases=[page],
        data={"page_id": page, "page": written(told.get("name"))},
    )


async def _check_permissions(graph: Graph, config: InstagramConfig) -> None:
    """Name what is missing where Meta tells it; else see whether conversations may be read."""
    if config.login == "facebook" and config.app_id is not None:
        granted = listed((await graph.token_facts(config)).get("scopes"))
        missing = [name for name in FACEBOOK_PERMISSIONS if name not in granted]
        if missing:
            raise RejectedError("permission_missing", f"The token lacks: {', '.join(missing)}.")
        return
    if not await may_read(graph, config):
        needed = FACEBOOK_PERMISSIONS if config.login == "facebook" else INSTAGRAM_PERMISSIONS
        raise RejectedError(
            "permission_missing",
            f"The token needs {', '.join(needed)}, and the account must allow access to messages "
            "(Settings, Messages).",
        )


async def may_read(graph: Graph, config: InstagramConfig) -> bool:
    """Whether the token opens the account's conversations. Raises ConnectorError."""
    try:
        await graph.get(config, "me/conversations", platform="instagram", limit="1")
    except RejectedError as error:
        if error.code == "permission_missing":
            return False
        raise
    return True


def node_of(account: Account | None) -> str:
    """Under what name the Graph API knows whoever sends: the Page, or the account itself."""
    if account is None:
        return "me"
    return str(account.data.get("page_id") or account.external_id)


async def subscribe(graph: Graph, config: InstagramConfig, node: str) -> None:
    """Have the account's events delivered to the app. Safe to repeat. Raises ConnectorError.

    Fields that this version of the API does not know are left out.
    """
    path = f"{node}/subscribed_apps"
    if config.login == "facebook":
        await graph.post(config, path, subscribed_fields=",".join(_PAGE_FIELDS))
        return
    try:
        await graph.post(config, path, subscribed_fields=",".join(FIELDS))
    except RejectedError as error:
        if error.code != "bad_request":
            raise
        await graph.post(config, path, subscribed_fields=",".join(_CORE_FIELDS))


async def is_subscribed(graph: Graph, config: InstagramConfig, node: str) -> bool:
    """Whether the account's events are delivered to the app. Raises ConnectorError."""
    told = await graph.get(config, f"{node}/subscribed_apps")
    needed = _PAGE_FIELDS[0] if config.login == "facebook" else "messages"
    for app in listed(told.get("data")):
        fields = [
            written(mapping(one).get("name")) or written(one)
            for one in listed(mapping(app).get("subscribed_fields"))
        ]
        if not fields or needed in fields:
            return True
    return False


async def health(
    graph: Graph, config: InstagramConfig, connection: Connection, *, now: datetime
) -> Health:
    """See ``ReportsHealth``."""
    warnings: list[str] = []
    if not await is_subscribed(graph, config, node_of(connection.account)):
        warnings.append("webhook_missing")
    if config.login == "facebook":
        expires_at, missing = await _page_token(graph, config)
    else:
        expires_at = tokens.expiry_of(connection.state, config.token)
        missing = not await may_read(graph, config)
    if missing:
        warnings.append("permission_missing")
    if tokens.ends_soon(expires_at, now=now):
        warnings.append("token_expires_soon")
    used = graph.usage(config)
    return Health(
        token_expires_at=expires_at,
        quotas=[Quota(name="api_usage", limit=100, used=used)] if used is not None else [],
        warnings=warnings,
    )


async def _page_token(graph: Graph, config: InstagramConfig) -> tuple[datetime | None, bool]:
    """When a Page's token ends (None: never, or not told), and whether it lacks a permission."""
    if config.app_id is None:
        return None, False
    facts = await graph.token_facts(config)
    granted = listed(facts.get("scopes"))
    missing = any(name not in granted for name in FACEBOOK_PERMISSIONS)
    told = (moment(facts.get(name)) for name in ("expires_at", "data_access_expires_at"))
    ends = [end for end in told if end is not None]  # 0 stands for never
    return min(ends, default=None), missing
