"""Connections: tested before they are saved, paused, resumed, removed."""

import logging
import secrets as random_secrets
from collections.abc import Mapping, Sequence

from bson import ObjectId
from pydantic import BaseModel
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from connectors.base import Connector, public_schema
from crm.channels.configuration import joined_config, split_config, validated_config
from crm.channels.models import ChannelConnection
from crm.channels.reading import connection_read, contract_connection
from crm.channels.schemas import ConnectionCreate, ConnectionQuery, ConnectionUpdate
from crm.contract import (
    Account,
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    RetryableError,
)
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable
from crm.core.secrets import SecretBox, SecretUnreadableError

log = logging.getLogger(__name__)

_LISTING = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="created_at",
    projection={"webhook_secret": 0},
)


class AccountConnected(Conflict):
    """The platform's account is connected already."""

    default_code = "account_connected"
    title = "This account is connected already"


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
        database: Database,
        events: EventLog,
        secrets: SecretBox,
        connectors: Mapping[str, Connector],
        public_url: str,
    ) -> None:
        self._database = database
        self._events = events
        self._secrets = secrets
        self._connectors = connectors
        self._public_url = public_url
        self._connections = database.collection("connections")
        self._organizations = database.collection("organizations")

    def channels(self) -> Sequence[RawDocument]:
        """Return the channels that can be connected."""
        return [
            {
                "channel": connector.channel,
                "title": connector.title,
                "json_schema": public_schema(connector.config_model),
                "capabilities": {
                    "max_text": connector.capabilities.max_text,
                    "max_buttons": connector.capabilities.max_buttons,
                    "max_button_title": connector.capabilities.max_button_title,
                    "typing": connector.capabilities.typing,
                },
            }
            for connector in self._connectors.values()
        ]

    async def list(self, organization_id: ObjectId, query: ConnectionQuery) -> RawDocument:
        """Return a page of connections."""
        conditions: RawDocument = {"organization_id": organization_id}
        if query.channel is not None:
            conditions["channel"] = query.channel
        page = await _LISTING.page(self._connections, conditions, query)
        page["items"] = [self._read({**row, "_id": row["id"]}) for row in page["items"]]
        return page

    async def read(self, organization_id: ObjectId, connection_id: ObjectId) -> RawDocument:
        """Return one connection.

        Raises:
            NotFound: as it says.
        """
        return self._read(await self._get(organization_id, connection_id))

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
        connection = ChannelConnection(
            organization_id=organization_id,
            channel=asked.channel,
            name=asked.name,
            webhook_secret=random_secrets.token_urlsafe(32),
            external_account={"id": account.external_id, "name": account.name},
            **split_config(connector, config, self._secrets),
        )

        async def work(session: Session) -> RawDocument:
            try:
                await connection.insert(session=session)
            except DuplicateKeyError:
                raise AccountConnected from None
            return await self._append(connection.raw(), actor, session)

        read = await self._database.in_transaction(work, serial=organization_id)
        return await self._begin(organization_id, read["id"], actor)

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
        stored = await self._get(organization_id, connection_id)
        values = change.given()
        given = values.pop("config", None)
        if given:
            connector = self._connector(stored["channel"])
            try:
                known = joined_config(stored, self._secrets)
            except SecretUnreadableError:  # all credentials have to be typed anew
                known = stored["config"]
            config = validated_config(connector, {**known, **given})
            account = await _verify(connector, config)
            values |= split_config(connector, config, self._secrets)
            values["external_account"] = {"id": account.external_id, "name": account.name}
        read = await self._store(organization_id, connection_id, values, actor)
        if given and stored["status"] != "paused":
            return await self._begin(organization_id, connection_id, actor)
        return read

    async def pause(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        """Stop the platform from delivering; what is stored stays.

        Raises:
            NotFound: as it says.
        """
        stored = await self._get(organization_id, connection_id)
        await self._end(stored)
        return await self._store(organization_id, connection_id, {"status": "paused"}, actor)

    async def resume(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        """Make the platform deliver again. When it refuses, the connection is `failing` and says why.

        Raises:
            NotFound: as it says.
        """
        await self._get(organization_id, connection_id)
        return await self._begin(organization_id, connection_id, actor)

    async def delete(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> None:
        """Disconnect; conversations stay readable.

        Raises:
            NotFound: as it says.
        """
        stored = await self._get(organization_id, connection_id)
        await self._end(stored)

        async def work(session: Session) -> None:
            await self._connections.delete_one(
                {"organization_id": organization_id, "_id": connection_id}, session=session
            )
            await self._append(stored, actor, session, kind="connection.deleted")

        await self._database.in_transaction(work, serial=organization_id)

    async def load(self, connection_id: ObjectId) -> Connection | None:
        """Return a connection with its credentials decrypted, for connectors; None when there is none such.

        A connection whose credentials cannot be read with the present key counts as absent, and is marked failing.
        """
        stored = await self._connections.find_one({"_id": connection_id})
        if stored is None:
            return None
        organization = await self._organizations.find_one(
            {"_id": stored["organization_id"]}, {"language": 1}
        )
        language = organization["language"] if organization else "ru"
        try:
            return contract_connection(stored, self._secrets, language)
        except SecretUnreadableError as error:
            log.error("Connection %s: %s", connection_id, error)  # noqa: TRY400 - no trace needed
            await self._mark_failing(stored, "credentials_unreadable", str(error))
            return None

    async def note_failure(self, connection: Connection, error: ConnectorError) -> None:
        """Record what a platform refused; wrong credentials make the connection `failing`."""
        stored = await self._connections.find_one({"_id": ObjectId(connection.id)})
        if stored is None or stored["updated_at"] != connection.updated_at:
            return  # it was changed since: the error is not the present credentials'
        if isinstance(error, AuthenticationFailedError):
            await self._mark_failing(stored, error.code, error.detail)
        else:
            await self._connections.update_one(
                {"organization_id": stored["organization_id"], "_id": stored["_id"]},
                {"$set": {"last_error": _last_error(error)}},
            )

    async def _begin(
        self, organization_id: ObjectId, connection_id: ObjectId, actor: Actor
    ) -> RawDocument:
        values: RawDocument = {"status": "active", "last_error": None}
        connection = await self.load(connection_id)
        if connection is None:
            return await self.read(organization_id, connection_id)
        try:
            await self._connector(connection.channel).connect(
                connection, public_url=self._public_url
            )
        except ConnectorError as error:
            values = {"status": "failing", "last_error": _last_error(error)}
        return await self._store(organization_id, connection_id, values, actor)

    async def _end(self, stored: RawDocument) -> None:
        """Undo the platform's side as far as it lets us; a dead platform keeps nobody from disconnecting."""
        connector = self._connectors.get(stored["channel"])
        connection = await self.load(stored["_id"])
        if connector is None or connection is None:
            return
        try:
            await connector.disconnect(connection)
        except ConnectorError as error:
            log.warning("Disconnecting %s: %s", stored["_id"], error.code)

    async def _mark_failing(self, stored: RawDocument, code: str, detail: str) -> None:
        error = {"code": code, "detail": detail, "at": utc_now()}
        values = {"status": "failing", "last_error": error}
        await self._store(stored["organization_id"], stored["_id"], values, SYSTEM)

    async def _store(
        self,
        organization_id: ObjectId,
        connection_id: ObjectId,
        values: RawDocument,
        actor: Actor,
    ) -> RawDocument:
        async def work(session: Session) -> RawDocument:
            try:
                stored = await self._connections.find_one_and_update(
                    {"_id": connection_id, "organization_id": organization_id},
                    {"$set": {**values, "updated_at": utc_now()}},
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            except DuplicateKeyError:
                raise AccountConnected from None
            if stored is None:
                raise NotFound
            return await self._append(stored, actor, session)

        return await self._database.in_transaction(work, serial=organization_id)

    async def _get(self, organization_id: ObjectId, connection_id: ObjectId) -> RawDocument:
        query = {"_id": connection_id, "organization_id": organization_id}
        stored = await self._connections.find_one(query)
        if stored is None:
            raise NotFound
        return stored

    async def _append(
        self,
        stored: RawDocument,
        actor: Actor,
        session: Session,
        kind: str = "connection.updated",
    ) -> RawDocument:
        read = self._read(stored)
        event = NewEvent(type=kind, subject_id=stored["_id"], data=read, actor=actor)
        await self._events.append(stored["organization_id"], [event], session)
        return read

    def _read(self, stored: RawDocument) -> RawDocument:
        return connection_read(stored, self._secrets)

    def _connector(self, channel: str) -> Connector:
        connector = self._connectors.get(channel)
        if connector is None:
            raise Unavailable(f"The channel {channel} is not part of this installation.")
        return connector


async def _verify(connector: Connector, config: BaseModel) -> Account:
    try:
        return await connector.verify(config)
    except RetryableError as error:
        raise PlatformUnreachable(error.detail) from None
    except ConnectorError as error:
        wrong = FieldError("config", error.code, error.detail)
        raise CredentialsRejected(error.detail, fields=[wrong]) from None


def _last_error(error: ConnectorError) -> RawDocument:
    return {"code": error.code, "detail": error.detail, "at": utc_now()}
