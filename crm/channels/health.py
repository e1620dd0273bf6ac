"""How connections do: asked of their platforms every hour and on demand, told to admins before it hurts."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from connectors.base import (
    Connector,
    HasTemplates,
    LinksChats,
    NeedsWebhook,
    RenewsCredentials,
    ReportsHealth,
)
from crm.channels.alerts import TOKEN_EXPIRES
from crm.channels.configuration import validated_config
from crm.channels.reading import health_read
from crm.channels.records import ConnectionRecords, last_error
from crm.channels.refusals import refused
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    Health,
    Inbox,
    RejectedError,
    RetryableError,
)
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.errors import DomainError, NotFound
from crm.core.events import SYSTEM, Actor

log = logging.getLogger(__name__)

CHECK_SECONDS: Final = 20.0
"""How long a platform may take to answer."""
EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 8
DUE_AT_ONCE: Final = 200
EXPIRES_SOON: Final = timedelta(days=7)
SOON: Final = "token_expires_soon"
NOT_RENEWED: Final = "renewal_failed"
_UNSENT: Final = ("queued", "sending")

type Resume = Callable[[ObjectId, ObjectId, Actor], Awaitable[RawDocument]]


class ConnectionHealth:
    """Looks after connections.

    Args:
        records: the stored connections.
        resume: brings one back into use whose platform accepts it again.
        inbox: keeps what connectors renew.
        public_url: where platforms reach us.
    """

    def __init__(
        self, *, records: ConnectionRecords, resume: Resume, inbox: Inbox, public_url: str
    ) -> None:
        self._records = records
        self._resume = resume
        self._inbox = inbox
        self._public_url = public_url
        self._messages = records.database.collection("messages")
        self._paces = records.database.collection("paces")
        self._organizations = records.database.collection("organizations")

    async def detail(
        self, organization_id: ObjectId, connection_id: ObjectId, *, secrets: bool
    ) -> RawDocument:
        """Return one connection with all that is known of how it does. Asks no platform.

        Args:
            organization_id: whose it is.
            connection_id: which.
            secrets: whether the reader may see what proves a webhook's caller.

        Raises:
            NotFound: as it says.
        """
        stored = await self._records.get(organization_id, connection_id)
        connector = self._records.find_connector(stored["channel"])
        connection = await self._records.opened(stored)
        return {
            **self._records.read(stored),
            "health": health_read(stored, await self._numbers(stored)),
            "webhook": self._webhook(connector, connection, secrets=secrets),
            "link": _link(connector, connection),
            "notices": list(reversed(stored.get("notices") or ())),
            "has_templates": isinstance(connector, HasTemplates),
            "templates_synced_at": stored.get("templates_synced_at"),
        }

    async def check(self, organization_id: ObjectId, connection_id: ObjectId) -> None:
        """Ask the platform now, and note what it says. A connection that works again is resumed.

        Raises:
            NotFound, Unavailable: as they say.
        """
        await self._check(await self._records.get(organization_id, connection_id))

    async def run_due(self) -> int:
        """Check what is due of all organizations, and return how many that were.

        Each is claimed by moving its time on, so that any number of workers share them.
        """
        gate = asyncio.Semaphore(AT_ONCE)

        async def look(stored: RawDocument) -> None:
            async with gate:
                try:
                    await self._check(stored)
                except (DomainError, PyMongoError) as error:
                    log.warning("connection %s not checked: %s", stored["_id"], error)
                except Exception:  # one connection's fault is no other's
                    log.exception("connection %s not checked", stored["_id"])

        claimed = [stored async for stored in _claims(self._claim, DUE_AT_ONCE)]
        await asyncio.gather(*map(look, claimed))
        return len(claimed)

    async def _claim(self) -> RawDocument | None:
        moment = utc_now()
        spread = EVERY * random.uniform(0.9, 1.1)  # noqa: S311 - jitter is no secret
        return await self._records.connections.find_one_and_update(
            {"health_due_at": {"$lte": moment}, "status": {"$ne": "paused"}},
            {"$set": {"health_due_at": moment + spread}},
            sort=[("health_due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )

    async def _check(self, stored: RawDocument) -> None:
        connection = await self._records.load(stored["_id"])
        if connection is None or connection.updated_at != stored["updated_at"]:
            return  # it was removed or changed meanwhile, or its credentials cannot be read
        connector = self._records.connector(connection.channel)
        renewed = await self._renew(connector, connection)
        connection = await self._records.load(stored["_id"]) or connection
        try:
            health = await self._ask(connector, connection)
        except AuthenticationFailedError as error:
            await self._note_refusal(stored, error)
        except ConnectorError as error:
            await self._note_trouble(stored, error)
        else:
            await self._note(stored, health, () if renewed else (NOT_RENEWED,))
            if stored["status"] == "failing":
                await self._resume(stored["organization_id"], stored["_id"], SYSTEM)

    async def _renew(self, connector: object, connection: Connection) -> bool:
        """Let a connector renew what ends soon. False when it could not: the next hour it is tried again."""
        if not isinstance(connector, RenewsCredentials):
            return True
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await connector.renew(connection, self._inbox)
        except (ConnectorError, TimeoutError) as error:
            log.warning("credentials of %s not renewed: %s", connection.id, error)
        except Exception:
            log.exception("credentials of %s not renewed", connection.id)
        else:
            return True
        return False

    async def _ask(self, connector: Connector, connection: Connection) -> Health:
        """What the platform says. One that reports nothing is asked whether it knows the credentials.

        Raises:
            ConnectorError: it refuses, or does not answer in time.
        """
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                if isinstance(connector, ReportsHealth):
                    return await connector.health(connection, public_url=self._public_url)
                await connector.verify(validated_config(connector, dict(connection.config)))
                return Health()
        except ConnectorError:
            raise
        except TimeoutError:
            raise RetryableError(
                "platform_unreachable", "The platform does not answer now."
            ) from None
        except Exception as error:
            log.exception("connector %s could not be checked", connection.channel)
            raise RejectedError("check_failed", "The connection could not be checked.") from error

    async def _note(self, stored: RawDocument, health: Health, own: Sequence[str]) -> None:
        expires, moment = health.token_expires_at, utc_now()
        if expires is not None:  # some platforms tell how many seconds are left: no news each time
            expires = expires.replace(second=0, microsecond=0)
        warnings = [*health.warnings, *own]
        soon = expires is not None and expires - moment <= EXPIRES_SOON
        if soon and SOON not in warnings:
            warnings.append(SOON)
        values: RawDocument = {
            "health": {
                "checked_at": moment,
                "token_expires_at": expires,
                "quotas": [asdict(quota) for quota in health.quotas],
                "warnings": warnings,
                "trouble": None,
            }
        }
        before = stored.get("health") or {}
        if before.get("trouble") and before["trouble"] == (stored["last_error"] or {}).get("code"):
            values["last_error"] = None  # what the check before could not do it could do now
        await self._store(stored, values)
        if soon:
            await self._records.alert({**stored, **values}, TOKEN_EXPIRES)

    async def _note_refusal(self, stored: RawDocument, error: AuthenticationFailedError) -> None:
        """The credentials are no longer good. The event and the owners' task come once."""
        before = stored.get("health") or {}
        await self._store(
            stored, {"health": {**before, "checked_at": utc_now(), "trouble": error.code}}
        )
        await self._records.mark_failing(stored, error.code, error.detail, sure=True)

    async def _note_trouble(self, stored: RawDocument, error: ConnectorError) -> None:
        before = stored.get("health") or {}
        moment = utc_now()
        values: RawDocument = {
            "health": {**before, "checked_at": moment, "trouble": error.code},
            "last_error": last_error(error),
        }
        if stored["status"] == "failing":  # it may work again as soon as the platform answers
            values |= refused(stored, moment)
        await self._store(stored, values)

    async def _store(self, stored: RawDocument, values: RawDocument) -> None:
        """Note what was found, unless the connection was changed meanwhile; tell it when it can be seen."""
        unchanged = {"updated_at": stored["updated_at"]}
        after = {**stored, **values}
        organization_id, connection_id = stored["organization_id"], stored["_id"]
        if _told(self._records.read(after)) == _told(self._records.read(stored)):
            key = {"organization_id": organization_id, "_id": connection_id, **unchanged}
            await self._records.connections.update_one(key, {"$set": values})
            return
        try:
            await self._records.store(
                organization_id, connection_id, values, SYSTEM, quietly=True, only=unchanged
            )
        except NotFound:
            return

    async def _numbers(self, stored: RawDocument) -> RawDocument:
        """What is counted on our side."""
        organization_id = stored["organization_id"]
        own = {"organization_id": organization_id, "connection_id": stored["_id"]}
        organization = await self._organizations.find_one({"_id": organization_id}, {"timezone": 1})
        today = _midnight((organization or {}).get("timezone") or "Asia/Almaty")
        held = await self._paces.find_one(
            {"_id": f"connection:{stored['_id']}", "held_until": {"$gt": utc_now()}}
        )
        return {
            "resting_until": held["held_until"] if held else None,
            "queued": await self._messages.count_documents({**own, "state": {"$in": _UNSENT}}),
            "failed_today": await self._messages.count_documents(
                {**own, "state": "failed", "created_at": {"$gte": today}}
            ),
        }

    def _webhook(
        self, connector: object, connection: Connection | None, *, secrets: bool
    ) -> RawDocument | None:
        if connection is None or not isinstance(connector, NeedsWebhook):
            return None
        told = connector.webhook(connection, public_url=self._public_url)
        return {
            "url": told.url,
            "verify_token": told.verify_token if secrets else None,
            "fields": list(told.fields),
        }


async def _claims(claim: Callable[[], Awaitable[RawDocument | None]], most: int) -> Any:
    for _ in range(most):
        stored = await claim()
        if stored is None:
            return
        yield stored


def _link(connector: object, connection: Connection | None) -> str | None:
    if connection is None or not isinstance(connector, LinksChats):
        return None
    try:
        return connector.link(connection, ref=None)
    except ConnectorError:
        return None


def _told(read: RawDocument) -> RawDocument:
    """A read form without what changes with every check."""
    error = read["last_error"]
    return {**read, "last_error": error and (error["code"], error["detail"])}


def _midnight(timezone: str) -> datetime:
    today = utc_now().astimezone(ZoneInfo(timezone)).date()
    return datetime.combine(today, time.min, ZoneInfo(timezone))
