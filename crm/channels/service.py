"""Connections: tested before they are saved, paused, resumed, removed."""

import asyncio
import logging
import secrets as random_secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bson import ObjectId
from pydantic import BaseModel
from pymongo.errors import DuplicateKeyError

from connectors.base import Connector, HasTemplates, LinksChats
from crm.channels.configuration import (
    joined_config,
    secret_fields,
    split_config,
    validated_config,
)
from crm.channels.describing import channel_read
from crm.channels.models import ChannelConnection
from crm.channels.records import AccountConnected, ConnectionRecords, last_error
from crm.channels.refusals import refused
from crm.channels.schemas import ConnectionCreate, ConnectionQuery, ConnectionUpdate
from crm.contract import Account, Connection, ConnectorError, RetryableError
from crm.core.clock import utc_now
from crm.core.database import RawDocument, Session, string
from crm.core.errors import FieldError, Invalid, NotFound, Unavailable
from crm.core.events import Actor
from crm.core.listing import Listing, Sortable
from crm.core.secrets import SecretUnreadableError

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 30.0
"""How long a platform may take to say whose credentials they are, or to begin delivering."""

_LISTING = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="created_at",
    projection={"webhook_secret": 0},
)


class CredentialsRejected(Invalid):
    """The platform does not accept the credentials."""

    default_code = "credentials_rejected"
    title = "The platform does not accept these credentials"


class PlatformUnreachable(Unavailable):
    """The platform does not answer now."""

    default_code = "platform_unreachable"
    title = "The platform does not answer now"


class Connections:
    """The connected channels of organizations."""

    def __init__(
        self,
        *,
        records: ConnectionRecords,
        connectors: Mapping[str, Connector],
        public_url: str,
    ) -> None:
        self._records = records
        self._connectors = connectors
        self._public_url = public_url

    def channels(self) -> Sequence[RawDocument]:
        """Return the channels that can be connected."""
        return [channel_read(connector) for connector in self._connectors.values()]

    async def list(self, organization_id: ObjectId, query: ConnectionQuery) -> RawDocument:
        """Return a page of connections."""
        conditions: RawDocument = {"organization_id": organization_id}
        if query.channel is not None:
            conditions["channel"] = query.channel
        page = await _LISTING.page(self._records.connections, conditions, query)
        page["items"] = [self._records.read({**row, "_id": row["id"]}) for row in page["items"]]
        return page

    async def create(
        self, organization_id: ObjectId, asked: ConnectionCreate, actor: Actor
    ) -> RawDocument:
        """Test the credentials with the platform, save the connection and make the platform deliver.

        Raises:
            Invalid, CredentialsRejected, PlatformUnreachable: nothing is saved.
            AccountConnected: as it says.
        """
        connector = self._connectors.get(asked.channel)
        if connector is None:
            unknown = FieldError("channel", "channel_unknown", "There is no such channel.")
            raise Invalid(fields=[unknown])
        config = validated_config(connector, asked.config)
        account = await _verify(connector, config)
        values = _account(asked.channel, account)
        await self._check_free(organization_id, values["account_key"])
        connection = ChannelConnection(
            organization_id=organization_id,
            channel=asked.channel,
            name=asked.name,
            webhook_secret=random_secrets.token_urlsafe(32),
            external_account=values.pop("external_account"),
            account_ids=values.pop("account_ids"),
            **split_config(connector, config, self._records.secrets),
        )
        document = connection.raw() | {"_id": ObjectId(), "health_due_at": utc_now()}
        document |= {name: value for name, value in values.items() if value is not None}

        async def work(session: Session) -> RawDocument:
            try:
                await self._records.connections.insert_one(document, session=session)
            except DuplicateKeyError:
                raise AccountConnected from None
            return await self._records.append(document, actor, session)

        await self._records.database.in_transaction(work, serial=organization_id)
        return await self._begin(organization_id, document["_id"], actor)

    async def change(
        self,
        organization_id: ObjectId,
        connection_id: ObjectId,
        change: ConnectionUpdate,
        actor: Actor,
    ) -> RawDocument:
        """Change the name, or the settings, which are tested first.

        Raises:
            NotFound, Invalid, CredentialsRejected, PlatformUnreachable, AccountConnected: as they say.
        """
        stored = await self._records.get(organization_id, connection_id)
        values = change.given()
        given = values.pop("config", None)
        if given:
            connector = self._records.connector(stored["channel"])
            try:
                known = joined_config(stored, self._records.secrets)
            except SecretUnreadableError:  # all credentials have to be typed anew
                known = stored["config"]
            config = validated_config(connector, {**known, **given})
            account = await _verify(connector, config)
            values |= split_config(connector, config, self._records.secrets)
            values["refusals"] = None  # what was refused were the credentials before
            values |= _account(stored["channel"], account)
            await self._check_free(organization_id, values["account_key"], but=connection_id)
        read = await self._records.store(organization_id, connection_id, values, actor)
        if given and stored["status"] != "paused":
            return await self._begin(organization_id, connection_id, actor)
        return read

    async def pause(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        """Let the bot fall silent and keep back what would be sent; what comes in is kept and shown.

        The platform goes on delivering: what it cannot deliver for a while, most of them drop.

        Raises:
            NotFound: as it says.
        """
        values: RawDocument = {"status": "paused"}
        return await self._records.store(organization_id, connection_id, values, actor)

    async def resume(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        """Work again. When the platform refuses, the connection is `failing` and says why.

        Raises:
            NotFound, AccountConnected: as they say.
        """
        return await self._begin(organization_id, connection_id, actor)

    async def delete(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> None:
        """Disconnect; conversations stay readable, and the account is free to be connected again.

        Raises:
            NotFound: as it says.
        """
        stored = await self._records.get(organization_id, connection_id)
        await self._end(stored)

        async def work(session: Session) -> None:
            key = {"organization_id": organization_id, "_id": connection_id}
            gone = await self._records.connections.delete_one(key, session=session)
            if not gone.deleted_count:
                raise NotFound
            await self._records.database.collection("message_templates").delete_many(
                {"organization_id": organization_id, "connection_id": connection_id},
                session=session,
            )
            await self._records.append(stored, actor, session, kind="connection.deleted")

        await self._records.database.in_transaction(work, serial=organization_id)

    async def link(
        self, organization_id: ObjectId, connection_id: ObjectId, ref: str | None
    ) -> RawDocument:
        """Return the address that opens a chat, telling us where it was found; null where there is none.

        Raises:
            NotFound: as it says.
            Invalid: the channel's links cannot carry this `ref`.
        """
        stored = await self._records.get(organization_id, connection_id)
        connector: object = self._records.find_connector(stored["channel"])
        connection = await self._records.opened(stored)
        if connection is None or not isinstance(connector, LinksChats):
            return {"url": None}
        try:
            return {"url": connector.link(connection, ref=ref)}
        except ConnectorError as error:
            raise Invalid(fields=[FieldError("ref", error.code, error.detail)]) from None

    async def renew(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Keep what a platform gave instead of a credential. Whoever polls goes on undisturbed.

        Returns:
            Whether it was kept: what an admin has typed, or another process renewed, since the connection was loaded
            stands. What else was changed of the connection is of no matter.

        Raises:
            ValueError: the channel has no such fields, or does not take the values.
        """
        connector = self._records.connector(connection.channel)
        key = {
            "organization_id": ObjectId(connection.organization_id),
            "_id": ObjectId(connection.id),
        }
        unknown = set(values) - set(connector.config_model.model_fields)
        if unknown:
            raise ValueError(f"{connection.channel} has no settings {sorted(unknown)}")
        for _ in range(3):  # another process may renew another credential at the same time
            stored = await self._records.connections.find_one(key)
            if stored is None:
                return False
            try:
                known = joined_config(stored, self._records.secrets)
                if any(known.get(name) != connection.config.get(name) for name in values):
                    return False
                config = validated_config(connector, {**known, **values})
            except SecretUnreadableError:
                return False
            except Invalid as error:
                raise ValueError("the renewed credentials are not acceptable") from error
            unchanged = {"credentials_encrypted": stored["credentials_encrypted"]}
            changes = split_config(connector, config, self._records.secrets)
            if set(values) <= secret_fields(connector.config_model):
                del changes["config"]
            done = await self._records.connections.update_one(
                {**key, **unchanged}, {"$set": changes}
            )
            if done.matched_count:
                return True
        return False

    async def _begin(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        stored = await self._records.get(organization_id, connection_id)
        connection = await self._records.load(connection_id)
        if connection is None:
            return self._records.read(await self._records.get(organization_id, connection_id))
        account, connector = connection.account, self._records.connector(connection.channel)
        values: RawDocument = {
            "status": "active",
            "last_error": None,
            "health_due_at": utc_now(),  # the worker looks how it does soon after
        }
        if isinstance(connector, HasTemplates):
            values["templates_due"] = True
        if account is not None and stored.get("account_key") is None:
            key = _account(connection.channel, account)["account_key"]
            await self._check_free(organization_id, key, but=connection_id)
            values["account_key"] = key
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await connector.connect(connection, public_url=self._public_url)
        except ConnectorError as error:
            values |= {"status": "failing", "last_error": last_error(error)}
            values |= refused(stored, utc_now())
        except TimeoutError:
            silent = RetryableError("platform_unreachable", "The platform does not answer now.")
            values |= {"status": "failing", "last_error": last_error(silent)}
            values |= refused(stored, utc_now())
        return await self._records.store(organization_id, connection_id, values, actor)

    async def _end(self, stored: RawDocument) -> None:
        """Undo the platform's side as far as it lets us; a dead platform keeps nobody from disconnecting."""
        connector = self._records.find_connector(stored["channel"])
        connection = await self._records.opened(stored)
        if connector is None or connection is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await connector.disconnect(connection)
        except (ConnectorError, TimeoutError) as error:
            log.warning("Disconnecting %s: %s", stored["_id"], type(error).__name__)

    async def _check_free(
        self, organization_id: ObjectId, key: str | None, *, but: ObjectId | None = None
    ) -> None:
        """Say in words which connection has the account. Two at once are told apart by the index."""
        if key is None:
            return
        # The account is one on its platform, so it is looked for across organizations.
        other = await self._records.connections.find_one(
            {"account_key": string(key), "_id": {"$ne": but}}, {"organization_id": 1, "name": 1}
        )
        if other is None:
            return
        if other["organization_id"] == organization_id:
            raise AccountConnected(
                f"This account is connected already, under the name “{other['name']}”."
            )
        raise AccountConnected(
            "This account is connected in another organization. Disconnect it there first."
        )


async def _verify(connector: Connector, config: BaseModel) -> Account:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await connector.verify(config)
    except RetryableError as error:
        raise PlatformUnreachable(error.detail) from None
    except TimeoutError:
        raise PlatformUnreachable from None
    except ConnectorError as error:
        wrong = FieldError("config", error.code, error.detail)
        raise CredentialsRejected(error.detail, fields=[wrong]) from None


def _account(channel: str, account: Account) -> RawDocument:
    """What is stored of an account. Without an id it is none of a platform, and may be there many times."""
    return {
        "external_account": {
            "id": account.external_id,
            "name": account.name,
            "aliases": list(account.aliases),
            "data": dict(account.data),
        },
        "account_ids": [one for one in (account.external_id, *account.aliases) if one],
        "account_key": f"{channel}:{account.external_id}" if account.external_id else None,
    }
