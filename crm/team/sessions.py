"""Signed-in sessions: made, recognised, switched, ended."""

import hashlib
import secrets
import time
from datetime import timedelta
from typing import Any

from aiohttp import web
from bson import ObjectId

from crm.core.api import Principal, Role
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Unauthenticated
from crm.core.event_hub import EventHub
from crm.team.models import UserSession

COOKIE = "aitys_session"
LIFETIME = timedelta(days=30)
CACHE_SECONDS = 5.0
CACHE_SIZE = 10_000


class Sessions:
    """Holds sessions in the database and, for a few seconds, in the process.

    Another process's sign-out or role change is noticed through the hub's change stream at once; where the hub does
    not run, after five seconds at most.
    """

    def __init__(self, *, database: Database, hub: EventHub) -> None:
        self._sessions = database.collection("sessions")
        self._cache: dict[str, tuple[float, Principal, ObjectId]] = {}
        self._generation = 0
        hub.on_revocation(self._revoked)

    async def create(
        self, user_id: ObjectId, organization_id: ObjectId, session: Session | None = None
    ) -> tuple[str, UserSession]:
        """Begin a session and return the cookie's value, which is not stored, with it."""
        token = secrets.token_urlsafe(32)
        now = utc_now()
        begun = UserSession(
            id=_session_id(token),
            user_id=user_id,
            organization_id=organization_id,
            csrf_token=secrets.token_urlsafe(24),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        await self._sessions.insert_one(begun.model_dump(by_alias=True), session=session)
        return token, begun

    async def authenticate(self, request: web.Request) -> Principal | None:
        """Return who is signed in, or None."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        session_id = _session_id(token)
        cached = self._cache.get(session_id)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        return await self._load(session_id)

    async def recognise(self, session_id: str) -> Principal:
        """Return who a session just begun or changed belongs to, read afresh.

        Raises:
            Unauthenticated: it has ended meanwhile.
        """
        principal = await self._load(session_id)
        if principal is None:
            raise Unauthenticated
        return principal

    async def switch(self, principal: Principal, organization_id: ObjectId) -> None:
        """Let the session act in another organization; that the person belongs to it is checked by the caller."""
        await self._sessions.update_one(
            {"_id": principal.session_id}, {"$set": {"organization_id": organization_id}}
        )
        self.forget(principal.session_id)

    async def end(self, session_id: str) -> None:
        """Sign out."""
        await self._sessions.delete_one({"_id": session_id})
        self.forget(session_id)

    async def end_all(
        self,
        user_id: ObjectId,
        *,
        organization_id: ObjectId | None = None,
        but: str | None = None,
        session: Session | None = None,
    ) -> None:
        """End a person's sessions: all, or those in one organization, or all but one."""
        query: RawDocument = {"user_id": user_id}
        if organization_id is not None:
            query["organization_id"] = organization_id
        if but is not None:
            query["_id"] = {"$ne": but}
        await self._sessions.delete_many(query, session=session)
        self.forget_all()

    def forget(self, session_id: str) -> None:
        """Drop what the process remembers of a session."""
        self._generation += 1
        self._cache.pop(session_id, None)

    def forget_all(self) -> None:
        """Drop all that the process remembers."""
        self._generation += 1
        self._cache.clear()

    async def _load(self, session_id: str) -> Principal | None:
        generation = self._generation
        found = await (
            await self._sessions.aggregate(
                [
                    {"$match": {"_id": session_id, "expires_at": {"$gt": utc_now()}}},
                    {
                        "$lookup": {
                            "from": "memberships",
                            "let": {"user": "$user_id", "organization": "$organization_id"},
                            "pipeline": [
                                {
                                    "$match": {
                                        "$expr": {
                                            "$and": [
                                                {"$eq": ["$organization_id", "$$organization"]},
                                                {"$eq": ["$user_id", "$$user"]},
                                            ]
                                        }
                                    }
                                }
                            ],
                            "as": "membership",
                        }
                    },
                    {
                        "$lookup": {
                            "from": "users",
                            "localField": "user_id",
                            "foreignField": "_id",
                            "as": "user",
                        }
                    },
                ]
            )
        ).to_list()
        if not found or not found[0]["membership"] or not found[0]["user"]:
            return None
        record, membership, user = found[0], found[0]["membership"][0], found[0]["user"][0]
        principal = Principal(
            user_id=record["user_id"],
            organization_id=record["organization_id"],
            role=Role(membership["role"]),
            session_id=session_id,
            csrf_token=record["csrf_token"],
            user_name=user["name"],
            language=user["language"],
        )
        # What was read while something was revoked may be out of date already: use it once, don't keep it.
        if generation == self._generation:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            self._cache[session_id] = (
                time.monotonic() + CACHE_SECONDS,
                principal,
                membership["_id"],
            )
        return principal

    def _revoked(self, collection: str, document_id: Any) -> None:
        if document_id is None:
            self.forget_all()
        elif collection == "sessions":
            self.forget(document_id)
        else:
            self._generation += 1
            for session_id in [
                key for key, entry in self._cache.items() if entry[2] == document_id
            ]:
                del self._cache[session_id]


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
