"""Whose number it is, whether the credentials suffice, and how number and account do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base.values import mapping, mappings, moment, text
from connectors.whatsapp.client import Graphs, answer
from connectors.whatsapp.config import WhatsAppConfig
from connectors.whatsapp.limits import throughput_of
from crm.contract import (
    Account,
    AuthenticationFailedError,
    ConnectorError,
    Health,
    Quota,
    RejectedError,
    RetryableError,
)

SCOPES: Final = ("whatsapp_business_messaging", "whatsapp_business_management")
_NUMBER_FIELDS: Final = (
    "id",
    "display_phone_number",
    "verified_name",
    "status",
    "quality_rating",
    "name_status",
    "platform_type",
    "throughput",
    "is_on_biz_app",
    "whatsapp_business_manager_messaging_limit",
    "webhook_configuration",
)
_MOST_PAGES: Final = 50
_SOON: Final = timedelta(days=7)
_TIERS: Final[Mapping[str, float | None]] = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": None,
}


async def verify(graphs: Graphs, config: WhatsAppConfig) -> Account:
    """See ``Connector.verify``: the app, the token, its permissions, the number's account."""
    token = await token_of(graphs, config)
    if text(token.get("app_id")) not in {None, config.app_id}:
        raise AuthenticationFailedError(
            "token_of_other_app", "The access token was made for another app than this one."
        )
    if missing := missing_scopes(token, config.waba_id):
        raise RejectedError(
            "permission_missing",
            f"The access token lacks for this WhatsApp account: {', '.join(missing)}.",
        )
    number = await _number_of(graphs, config)
    shown = text(number.get("display_phone_number")) or config.phone_number_id
    name = text(number.get("verified_name"))
    return Account(
        external_id=config.phone_number_id,
        name=f"{name} ({shown})" if name else shown,
        aliases=[config.waba_id],
        data={
            "display_phone_number": shown,
            "verified_name": name,
            "throughput": throughput_of(number),
        },
    )


async def token_of(graphs: Graphs, config: WhatsAppConfig) -> Mapping[str, Any]:
    """What Meta says of the access token: https://developers.facebook.com/docs/graph-api/reference/debug_token.

    Raises:
        AuthenticationFailedError: the app or the token is not known.
        RetryableError: Meta cannot be reached.
    """
    try:
        told = await answer(
            graphs.app(config).send_raw_request(
                method="GET",
                endpoint="/debug_token",
                params={"input_token": config.access_token.get_secret_value()},
            )
        )
    except RetryableError:
        raise
    except ConnectorError:
        raise AuthenticationFailedError(
            "app_rejected", "Meta does not know an app with this App ID and App secret."
        ) from None
    token = mapping(told.get("data"))
    if token.get("is_valid") is not True:
        raise AuthenticationFailedError(
            "token_rejected", "The access token is not valid, has expired, or was revoked."
        )
    return token


def missing_scopes(token: Mapping[str, Any], account_id: str) -> list[str]:
    """Permissions that the token lacks, altogether or for this account."""
    granted = token.get("scopes")
    scopes = set(granted) if isinstance(granted, list) else set()
    targets = {
        text(one.get("scope")): one.get("target_ids")
        for one in mappings(token.get("granular_scopes"))
    }
    return [
        scope
        for scope in SCOPES
        if scope not in scopes | set(targets)
        or (isinstance(found := targets.get(scope), list) and account_id not in map(str, found))
    ]


async def _number_of(graphs: Graphs, config: WhatsAppConfig) -> Mapping[str, Any]:
    """The number among the account's own."""
    numbers: list[Mapping[str, Any]] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        try:
            page = await answer(
                graphs.graph(config).get_business_phone_numbers(
                    config.waba_id,
                    fields=_NUMBER_FIELDS,
                    pagination={"limit": "100", **({"after": after} if after else {})},
                )
            )
        except RetryableError:
            raise
        except ConnectorError:
            raise RejectedError(
                "account_not_found",
                "The WhatsApp account does not exist, or the access token may not use it.",
            ) from None
        numbers += mappings(page.get("data"))
        paging = mapping(page.get("paging"))
        after = text(mapping(paging.get("cursors")).get("after"))
        if after is None or not paging.get("next"):
            break
    for number in numbers:
        if text(number.get("id")) == config.phone_number_id:
            return number
    known = ", ".join(
        f"{text(one.get('display_phone_number')) or '?'} → {text(one.get('id')) or '?'}"
        for one in numbers[:10]
    )
    raise RejectedError(
        "number_not_in_account",
        "The number does not belong to this WhatsApp account"
        + (f"; its numbers are: {known}." if known else ", which has none."),
    )


async def health(graphs: Graphs, config: WhatsAppConfig, *, address: str, now: datetime) -> Health:
    """See ``ReportsHealth``. ``address`` is where our webhooks of this messenger begin."""
    token = await token_of(graphs, config)
    number = await _told_of(graphs, config)
    expires = moment(token.get("expires_at"))
    return Health(
        token_expires_at=expires,
        quotas=_quotas(number),
        warnings=[
            *(["token_expires_soon"] if expires is not None and expires - now < _SOON else []),
            *(["permission_missing"] if missing_scopes(token, config.waba_id) else []),
            *([] if await _delivers(graphs, config, number, address) else ["webhook_missing"]),
            *_warnings(number),
        ],
    )


def _quotas(number: Mapping[str, Any]) -> list[Quota]:
    tier = text(number.get("whatsapp_business_manager_messaging_limit"))
    level = text(mapping(number.get("throughput")).get("level"))
    quotas = [Quota(name="throughput", limit=throughput_of(number), value=level)]
    if tier is not None:
        quotas.insert(0, Quota(name="messaging_limit", limit=_TIERS.get(tier), value=tier))
    for name, told in (("quality", "quality_rating"), ("name_status", "name_status")):
        if (value := text(number.get(told))) is not None:
            quotas.append(Quota(name=name, value=value.lower()))
    return quotas


def _warnings(number: Mapping[str, Any]) -> list[str]:
    status, name = text(number.get("status")), text(number.get("name_status"))
    return [
        *(["quality_low"] if number.get("quality_rating") == "RED" else []),
        *(["number_not_connected"] if status not in {None, "CONNECTED"} else []),
        *(["name_not_approved"] if name in {"DECLINED", "EXPIRED"} else []),
    ]


async def delivers(graphs: Graphs, config: WhatsAppConfig, *, address: str) -> bool:
    """Whether Meta delivers the number's messages to us, as things stand. Raises ConnectorError."""
    return await _delivers(graphs, config, await _told_of(graphs, config), address)


async def _told_of(graphs: Graphs, config: WhatsAppConfig) -> Mapping[str, Any]:
    graph = graphs.graph(config)
    return await answer(graph.get_business_phone_number(config.phone_number_id, _NUMBER_FIELDS))


async def _delivers(
    graphs: Graphs, config: WhatsAppConfig, number: Mapping[str, Any], address: str
) -> bool:
    """Whether the app is subscribed, and the most special address that is set is one of ours."""
    apps = await answer(graphs.graph(config).get_waba_subscribed_apps(config.waba_id))
    ours = [
        app
        for app in mappings(apps.get("data"))
        if text(mapping(app.get("whatsapp_business_api_data")).get("id")) == config.app_id
    ]
    told = mapping(number.get("webhook_configuration"))
    effective = (
        text(told.get("phone_number"))
        or text(told.get("whatsapp_business_account"))
        or next((text(app.get("override_callback_uri")) for app in ours), None)
        or text(told.get("application"))
    )
    return bool(ours) and effective is not None and effective.startswith(address)
