"""Stored connections: read, changed together with their event, handed to connectors."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from connectors.base import Connector
from crm.channels.alerts import FAILING
from crm.channels.reading import connection_read, contract_connection
from crm.channels.refusals import refused
from crm.contract import AuthenticationFailedError, Connection, ConnectorError
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, NotFound, Unavailable
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.core.secrets import SecretBox, SecretUnreadableError

log = logging.getLogger(__name__)

type Alert = Callable[[RawDocument, str], Awaitable[None]]
"""Tells the organization's owners that a connection needs them: the stored connection, and why."""


class AccountConnected(Conflict):
    """The platform's account is connected already."""

    default_code = "account_connected"
    title = "This account is connected already"


class ConnectionRecords:
    """The stored connections of all organizations.

    Args:
        database: where they are.
        events: told of every change that can be seen.
        secrets: for the credentials.
        connectors: the messengers by their channel.
        alert: told when a connection stops working.
    """

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        secrets: SecretBox,
        connectors: Mapping[str, Connector],
        alert: Alert,
    ) -> None:
        self.database = database
        self.connections = database.collection("connections")
        self.secrets = secrets
        self.alert = alert
        self._events = events
        self._connectors = connectors
        self._organizations = database.collection("organizations")

    def connector(self, channel: str) -> Connector:
        """Return the channel's connector.

        Raises:
            Unavailable: it is not part of this installation.
        """
        connector = self._connectors.get(channel)
        if connector is None:
            raise Unavailable(f"The channel {channel} is not part of this installation.")
        return connector

    def find_connector(self, channel: str) -> Connector | None:
        """Return the channel's connector, if this installation has it."""
        return self._connectors.get(channel)

    async def get(self, organization_id: ObjectId, connection_id: ObjectId) -> RawDocument:
        """Return a stored connection.

        Raises:
            NotFound: there is none such in the organization.
        """
        query = {"organization_id": organization_id, "_id": connection_id}
        stored = await self.connections.find_one(query)
        if stored is None:
            raise NotFound
        return stored

    def read(self, stored: RawDocument) -> RawDocument:
        """Return a connection as the API shows it."""
        return connection_read(stored, self.secrets)

    async def opened(self, stored: RawDocument) -> Connection | None:
        """Return the connection with its credentials, or None when the present key does not open them."""
        try:
            return contract_connection(stored, self.secrets, await self.language(stored))
        except SecretUnreadableError:
            return None

    async def language(self, stored: RawDocument) -> str:
        """Return the language of the connection's organization."""
        organization = await self._organizations.find_one(
            {"_id": stored["organization_id"]}, {"language": 1}
        )
        return str(organization["language"]) if organization else "ru"

    async def load(self, connection_id: ObjectId) -> Connection | None:
        """Return a connection with its credentials decrypted, for connectors; None when there is none such.

        One whose credentials cannot be read with the present key counts as absent, and is marked failing.
        """
        stored = await self.connections.find_one({"_id": connection_id})
        if stored is None:
            return None
        connection = await self.opened(stored)
        if connection is None and stored["status"] != "failing":
            detail = "The credentials cannot be read with the present AITYS_SECRET_KEY."
            log.error("Connection %s: %s", connection_id, detail)
            await self.mark_failing(stored, "credentials_unreadable", detail, sure=True)
        return connection

    async def of_accounts(
        self, channel: str, account_ids: Collection[str]
    ) -> Mapping[str, Sequence[ObjectId]]:
        """Return which connections have these accounts, paused ones too: what comes for them is kept.

        One query, answered by an index; nothing is decrypted.
        """
        asked = {"channel": channel, "account_ids": {"$in": list(account_ids)}}
        found: dict[str, list[ObjectId]] = {one: [] for one in account_ids}
        async for row in self.connections.find(asked, {"account_ids": 1}):
            for one in row["account_ids"]:
                if one in found:
                    found[one].append(row["_id"])
        return found

    async def note_failure(self, connection: Connection, error: ConnectorError) -> None:
        """Record what a platform refused; wrong credentials make the connection `failing`."""
        stored = await self.connections.find_one(_key(connection))
        if stored is None or stored["updated_at"] != connection.updated_at:
            return  # it was changed since: the error is not the present credentials'
        present = await self.opened(stored)
        if present is not None and present.config != connection.config:
            return  # they were renewed since, which leaves `updated_at` as it is
        if isinstance(error, AuthenticationFailedError):
            await self.mark_failing(stored, error.code, error.detail, sure=False)
        else:
            await self.connections.update_one(
                _key(connection), {"$set": {"last_error": last_error(error)}}
            )

    async def mark_failing(
        self, stored: RawDocument, code: str, detail: str, *, sure: bool
    ) -> None:
        """Take a connection out of use until it works again, which is looked at soon (`crm.channels.refusals`).

        A paused one stays paused: it only says what is wrong. Who works with one that is out of use for this reason
        already is not disturbed.

        Args:
            stored: the connection.
            code: why, for the console.
            detail: why, in words.
            sure: whether the platform was asked whether it knows the credentials. Otherwise the owners are told only
                when it happens again.
        """
        moment = utc_now()
        values: RawDocument = refused(stored, moment)
        paused = stored["status"] == "paused"
        known = stored["status"] != "active" and (stored["last_error"] or {}).get("code") == code
        if known:
            await self.connections.update_one(
                {"organization_id": stored["organization_id"], "_id": stored["_id"]},
                {"$set": values},
            )
        else:
            values["status"] = "paused" if paused else "failing"
            values["last_error"] = {"code": code, "detail": detail, "at": moment}
            unchanged = {"updated_at": stored["updated_at"]}
            try:
                await self.store(
                    stored["organization_id"], stored["_id"], values, SYSTEM, only=unchanged
                )
            except NotFound:
                return  # another process was faster, or an admin was
        if not paused and (sure or values["refusals"]["count"] > 1):
            await self.alert({**stored, **values}, FAILING)

    async def store(
        self,
        organization_id: ObjectId,
        connection_id: ObjectId,
        values: RawDocument,
        actor: Actor,
        *,
        quietly: bool = False,
        only: RawDocument | None = None,
    ) -> RawDocument:
        """Change a connection, tell it, and return its read form.

        Args:
            organization_id: whose it is.
            connection_id: which.
            values: what is set; None takes `account_key` away.
            actor: who changes it.
            quietly: whoever works with the connection goes on with it: `updated_at` stays.
            only: what must still be true of it.

        Raises:
            NotFound: there is none such, or it is not as `only` says any more.
            AccountConnected: another connection has the account.
        """
        changes: dict[str, Any] = {"$set": dict(values)}
        if not quietly:
            changes["$set"]["updated_at"] = utc_now()
        if "account_key" in values and values["account_key"] is None:
            del changes["$set"]["account_key"]
            changes["$unset"] = {"account_key": ""}

        async def work(session: Session) -> RawDocument:
            try:
                stored = await self.connections.find_one_and_update(
                    {"organization_id": organization_id, "_id": connection_id, **(only or {})},
                    changes,
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            except DuplicateKeyError:
                raise AccountConnected from None
            if stored is None:
                raise NotFound
            return await self.append(stored, actor, session)

        return await self.database.in_transaction(work, serial=organization_id)

    async def append(
        self,
        stored: RawDocument,
        actor: Actor,
        session: Session,
        kind: str = "connection.updated",
    ) -> RawDocument:
        """Tell of a connection, and return its read form."""
        read = self.read(stored)
        event = NewEvent(type=kind, subject_id=stored["_id"], data=read, actor=actor)
        await self._events.append(stored["organization_id"], [event], session)
        return read


def last_error(error: ConnectorError) -> RawDocument:
    """Return what a platform refused, as a connection keeps it."""
    return {"code": error.code, "detail": error.detail, "at": utc_now()}


def _key(connection: Connection) -> RawDocument:
    return {
        "organization_id": ObjectId(connection.organization_id),
        "_id": ObjectId(connection.id),
    }
