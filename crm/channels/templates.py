"""Templates of messages that a platform has approved: taken over from it, listed, kept up to date."""

import asyncio
import logging
import random
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from connectors.base import Connector, HasTemplates
from crm.channels.records import ConnectionRecords
from crm.channels.schemas import TemplateQuery
from crm.channels.service import CredentialsRejected, PlatformUnreachable
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    RetryableError,
    Template,
)
from crm.core.clock import utc_now
from crm.core.database import RawDocument, Session
from crm.core.errors import Conflict, DomainError
from crm.core.events import SYSTEM, EventLog, NewEvent
from crm.core.listing import Listing, Sortable

log = logging.getLogger(__name__)

SYNC_SECONDS: Final = 60.0
EVERY: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(minutes=10)
"""How soon a platform that did not answer is asked again."""
DUE_AT_ONCE: Final = 50
_VARIABLE: Final = re.compile(r"\{\{\s*([\w.]{1,100})\s*\}\}")

_LISTING = Listing(
    sorts={"name": Sortable("name"), "updated_at": Sortable("updated_at")},
    default_sort="name",
    projection={
        "organization_id": 0,
        "connection_id": 0,
        "words": 0,
        "created_at": 0,
        "updated_at": 0,
    },
)


class NoTemplates(Conflict):
    """The channel knows no templates."""

    default_code = "no_templates"
    title = "This channel has no templates"


class PlatformRefused(Conflict):
    """The platform answers that it will not do it."""

    default_code = "platform_refused"
    title = "The platform refuses"


class Templates:
    """The templates of connections, as their platforms told them last."""

    def __init__(self, *, records: ConnectionRecords, events: EventLog) -> None:
        self._records = records
        self._events = events
        self._templates = records.database.collection("message_templates")

    async def list(
        self, organization_id: ObjectId, connection_id: ObjectId, query: TemplateQuery
    ) -> RawDocument:
        """Return a page of a connection's templates.

        Raises:
            NotFound: as it says.
        """
        await self._records.get(organization_id, connection_id)
        conditions: RawDocument = {
            "organization_id": organization_id,
            "connection_id": connection_id,
        }
        for field in ("status", "language", "category"):
            if (value := getattr(query, field)) is not None:
                conditions[field] = value
        if query.q:
            conditions["words"] = {"$regex": re.escape(query.q.casefold())}
        return await _LISTING.page(self._templates, conditions, query)

    async def sync(self, organization_id: ObjectId, connection_id: ObjectId) -> RawDocument:
        """Take over all templates from the platform now; return how many there are, and what changed.

        Raises:
            NotFound, NoTemplates, PlatformUnreachable, CredentialsRejected, PlatformRefused: as they say.
        """
        stored = await self._records.get(organization_id, connection_id)
        connector: object = self._records.find_connector(stored["channel"])
        if not isinstance(connector, HasTemplates):
            raise NoTemplates
        connection = await self._records.load(connection_id)
        if connection is None:
            raise CredentialsRejected("The credentials cannot be read: enter them anew.")
        try:
            return await self._sync(connector, connection)
        except RetryableError as error:
            raise PlatformUnreachable(error.detail) from None
        except AuthenticationFailedError as error:
            await self._records.note_failure(connection, error)
            raise CredentialsRejected(error.detail) from None
        except ConnectorError as error:
            raise PlatformRefused(error.detail) from None

    async def run_due(self, connectors: Sequence[Connector]) -> int:
        """Sync what is due of all organizations, one after another; return how many that were."""
        channels = {one.channel: one for one in connectors if isinstance(one, HasTemplates)}
        count = 0
        while count < DUE_AT_ONCE and (stored := await self._claim(list(channels))) is not None:
            count += 1
            try:
                connection = await self._records.load(stored["_id"])
                if connection is not None:
                    await self._look(channels[stored["channel"]], connection)
            except (DomainError, PyMongoError) as error:
                log.warning("templates of %s not synced: %s", stored["_id"], error)
            except Exception:  # one connection's fault is no other's
                log.exception("templates of %s not synced", stored["_id"])
        return count

    async def _claim(self, channels: Sequence[str]) -> RawDocument | None:
        moment = utc_now()
        spread = EVERY * random.uniform(0.9, 1.1)  # noqa: S311 - jitter is no secret
        return await self._records.connections.find_one_and_update(
            {
                "channel": {"$in": channels},
                "status": "active",
                "$or": [{"templates_due": True}, {"templates_due_at": {"$lte": moment}}],
            },
            # What is told while the platform is asked makes it due again.
            {"$unset": {"templates_due": ""}, "$set": {"templates_due_at": moment + spread}},
            return_document=ReturnDocument.AFTER,
        )

    async def _look(self, connector: HasTemplates, connection: Connection) -> None:
        try:
            await self._sync(connector, connection)
        except ConnectorError as error:
            log.warning("templates of %s: %s", connection.id, error.code)
            await self._records.note_failure(connection, error)
            await self._records.connections.update_one(
                {
                    "organization_id": ObjectId(connection.organization_id),
                    "_id": ObjectId(connection.id),
                },
                {"$set": {"templates_due_at": utc_now() + AGAIN_AFTER}},
            )

    async def _sync(self, connector: HasTemplates, connection: Connection) -> RawDocument:
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                found = await connector.templates(connection)
        except TimeoutError:
            raise RetryableError(
                "platform_unreachable", "The platform does not answer now."
            ) from None
        told = {(template.name, template.language): _document(template) for template in found}

        async def work(session: Session) -> RawDocument:
            return await self._take_over(connection, told, session)

        return await self._records.database.in_transaction(
            work, serial=("templates", connection.id)
        )

    async def _take_over(
        self, connection: Connection, told: dict[tuple[str, str], RawDocument], session: Session
    ) -> RawDocument:
        own = {
            "organization_id": ObjectId(connection.organization_id),
            "connection_id": ObjectId(connection.id),
        }
        moment = utc_now()
        rows = await self._templates.find(own, session=session).to_list()
        known = {(row["name"], row["language"]): row for row in rows}
        gone = [row["_id"] for key, row in known.items() if key not in told]
        new = [
            {**own, **template, "synced_at": moment, "created_at": moment, "updated_at": moment}
            for key, template in told.items()
            if key not in known
        ]
        changed = 0
        for key in known.keys() & told.keys():
            row, template = known[key], told[key]
            if {name: row.get(name) for name in template} != template:
                changed += 1
                changes = {**template, "updated_at": moment}
                await self._templates.update_one(
                    {**own, "_id": row["_id"]}, {"$set": changes}, session=session
                )
        if gone:
            await self._templates.delete_many({**own, "_id": {"$in": gone}}, session=session)
        if new:
            await self._templates.insert_many(new, session=session)
        await self._templates.update_many(own, {"$set": {"synced_at": moment}}, session=session)
        await self._records.connections.update_one(
            {"organization_id": own["organization_id"], "_id": own["connection_id"]},
            {"$set": {"templates_synced_at": moment}},
            session=session,
        )
        counts = {
            "synced_at": moment,
            "total": len(told),
            "added": len(new),
            "changed": changed,
            "removed": len(gone),
        }
        if new or changed or gone:
            event = NewEvent(
                type="templates.updated",
                subject_id=own["connection_id"],
                data={"connection_id": own["connection_id"], **counts},
                actor=SYSTEM,
            )
            await self._events.append(own["organization_id"], [event], session)
        return counts


def _document(template: Template) -> RawDocument:
    """A template as it is stored: with the names of all its variables, for whoever fills them in."""
    shown = asdict(template)
    return {
        **shown,
        "buttons": [dict(button) for button in template.buttons],
        "variables": list(template.variables),
        "header_variables": list(dict.fromkeys(_VARIABLE.findall(template.header or ""))),
        "button_variables": [
            place for place, button in enumerate(template.buttons) if button.get("variable")
        ],
        "words": f"{template.name} {template.body}".casefold(),
    }
