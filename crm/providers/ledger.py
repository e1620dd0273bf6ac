"""The ledger of what leaves, with the month's spending.

An entry stands before its prompt leaves. Where the month has a limit, opening an entry reserves the most the call may
cost, in the same transaction: calls at the same moment cannot together pass a limit that each of them alone would keep.
Closing settles the reserve. An entry that nobody closes is settled by the worker.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from bot.answering.calls import ClosedCall, MarkersTakenError, OpenCall
from bot.answering.failures import ProviderError
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session, TransactionConflictError
from crm.core.errors import Conflict, DomainError, Forbidden, NotFound
from crm.inbox.models import CONVERSATIONS
from crm.providers.allowance import Allowance
from crm.providers.models import (
    CALLS,
    DONE,
    FAILED,
    KEPT,
    LOST_AFTER,
    SENDING,
    SPEND,
    month_of,
    providers_allowed,
    searched,
)

LOST: Final = "lost"
_INSTALLATION: Final = "installation_"
"""Before the names of what is spent on the installation's key, by its prices."""
TRIALS: Final = "assistant_trials"
MICRO: Final = 1e-9
"""Sums of prices in floating point are equal up to this."""
NO_ALLOWANCE: Final = Allowance()


class ProvidersForbidden(Forbidden):
    """The organization lets nothing leave for a provider."""

    default_code = "providers_forbidden"
    title = "The organization lets nothing leave for a provider"


class SpendLimitReached(Conflict):
    """What the call may cost does not fit into the month's limit."""

    default_code = "spend_limit_reached"
    title = "The month's spending limit is reached"


class ProviderLedger:
    """Opens and closes entries of every organization."""

    def __init__(self, *, database: Database, allowance: Allowance = NO_ALLOWANCE) -> None:
        """`allowance`: what tenants may spend on the installation's key."""
        self._database = database
        self._allowance = allowance
        self._calls = database.collection(CALLS)
        self._spend = database.collection(SPEND)
        self._organizations = database.collection("organizations")

    async def open(
        self,
        organization_id: ObjectId,
        call: Mapping[str, Any],
        *,
        subject_id: ObjectId | None = None,
    ) -> ObjectId:
        """Write down what is about to leave; with the conversation's new markers, all or nothing.

        Args:
            organization_id: whose call it is.
            call: the fields of `bot.answering.calls.OpenCall`.
            subject_id: the conversation or the trial it belongs to.

        Returns:
            The entry's id; the same for the same key.

        Raises:
            ProvidersForbidden: nothing may leave.
            SpendLimitReached: it does not fit into the month's limit.
            NotFound: the organization or the subject does not exist.
            MarkersTakenError: a new marker stands for something else in the conversation by now.
        """
        organization = await self._organizations.find_one(
            {"_id": organization_id}, {"llm.monthly_limit": 1, "privacy": 1, "timezone": 1}
        )
        if organization is None:
            raise NotFound
        if not providers_allowed(organization):
            raise ProvidersForbidden
        limits = self._limits(organization, call)
        holder = await self._holder(organization_id, subject_id)
        now = utc_now()
        on_installation = bool(call.get("on_installation"))
        installation_cost = (
            self._allowance.cost(call["input_tokens"], call["output_tokens"])
            if on_installation
            else 0.0
        )
        entry: RawDocument = {
            "_id": ObjectId(),
            "organization_id": organization_id,
            "key": call["key"],
            "conversation_id": subject_id if holder == CONVERSATIONS else None,
            "trial_id": subject_id if holder == TRIALS else None,
            "purpose": call["purpose"],
            "model": call["model"],
            "host": call["host"],
            "state": SENDING,
            "masked_prompt": [{"role": role, "text": text} for role, text in call["messages"]],
            "said": call["said"][:400],
            "search": searched(call["said"]),
            "raw_answer": None,
            "input_tokens": call["input_tokens"],
            "output_tokens": 0,
            "cost": 0.0,
            "estimate": call["cost"],
            "reserved": call["cost"] if "" in limits else 0.0,
            "on_installation": on_installation,
            "installation_estimate": installation_cost,
            "installation_reserved": installation_cost if _INSTALLATION in limits else 0.0,
            "currency": call["currency"],
            "error": None,
            "attempts": 0,
            "at": now,
            "elapsed_ms": None,
            "month": month_of(now, organization),
            "expires_at": now + KEPT,
        }

        async def work(session: Session) -> ObjectId:
            known = await self._calls.find_one(
                {"organization_id": organization_id, "key": call["key"]},
                {"_id": 1},
                session=session,
            )
            if known is not None:
                found: ObjectId = known["_id"]
                return found
            if limits:
                await self._reserve(entry, limits, session)
            if holder and call["markers"]:
                own_subject = {"organization_id": organization_id, "_id": subject_id}
                await self._keep_markers(holder, own_subject, call["markers"], session)
            try:
                await self._calls.insert_one(dict(entry), session=session)
            except DuplicateKeyError:
                raise TransactionConflictError from None
            own: ObjectId = entry["_id"]
            return own

        # Where a limit holds, all calls of the organization meet in one document: better in a queue than in conflicts.
        serial = ("provider_spend", organization_id) if limits else None
        return await self._database.in_transaction(work, serial=serial)

    async def close(
        self, organization_id: ObjectId, call_id: ObjectId, result: Mapping[str, Any]
    ) -> None:
        """Write down what came of it. Safe to repeat: only the first counts.

        Args:
            organization_id: whose call it is.
            call_id: the entry.
            result: the fields of `bot.answering.calls.ClosedCall`.

        Raises:
            NotFound: there is no such entry.
        """
        answer = result["raw_answer"]
        changes: RawDocument = {
            "state": FAILED if result["error"] else DONE,
            **{
                name: result[name]
                for name in (
                    "raw_answer",
                    "input_tokens",
                    "output_tokens",
                    "cost",
                    "error",
                    "attempts",
                    "elapsed_ms",
                )
            },
        }
        update: RawDocument = {"$set": changes}
        if answer:
            update["$addToSet"] = {"search": {"$each": searched(answer)}}

        async def work(session: Session) -> bool:
            before = await self._calls.find_one_and_update(
                {"_id": call_id, "organization_id": organization_id, "state": SENDING},
                update,
                session=session,
            )
            if before is None:
                return False
            own = {"organization_id": organization_id, "month": before["month"]}
            installation = (
                self._allowance.cost(changes["input_tokens"], changes["output_tokens"])
                if before.get("on_installation")
                else 0.0
            )
            if changes["error"] == LOST:
                installation = before.get("installation_estimate", 0.0)
            await self._add(own, _settled(before, changes, installation), session)
            return True

        closed = await self._database.in_transaction(
            work, serial=("provider_spend", organization_id)
        )
        if not closed and not await self._calls.find_one(
            {"_id": call_id, "organization_id": organization_id}, {"_id": 1}
        ):
            raise NotFound

    async def settle_lost(self) -> int:
        """Close the entries of processes that died, and return how many. The most they may have cost counts as spent."""
        old = {"state": SENDING, "at": {"$lt": utc_now() - LOST_AFTER}}
        count = 0
        async for call in self._calls.find(old):
            result = {
                "raw_answer": None,
                "input_tokens": call["input_tokens"],
                "output_tokens": 0,
                "cost": call["estimate"],
                "error": LOST,
                "attempts": call["attempts"],
                "elapsed_ms": None,
            }
            await self.close(call["organization_id"], call["_id"], result)
            count += 1
        return count

    async def _holder(self, organization_id: ObjectId, subject_id: ObjectId | None) -> str | None:
        """Return the collection that the subject is in."""
        if subject_id is None:
            return None
        for name in (CONVERSATIONS, TRIALS):
            query = {"_id": subject_id, "organization_id": organization_id}
            if await self._database.collection(name).find_one(query, {"_id": 1}):
                return name
        raise NotFound

    def _limits(self, organization: Mapping[str, Any], call: Mapping[str, Any]) -> dict[str, float]:
        """Return the month's limits that hold for a call: the tenant's own, and the installation's on its key."""
        own = (organization.get("llm") or {}).get("monthly_limit")
        theirs = self._allowance.limit if call.get("on_installation") else None
        given = {"": own, _INSTALLATION: theirs}
        return {account: limit for account, limit in given.items() if limit is not None}

    async def _reserve(
        self, entry: RawDocument, limits: Mapping[str, float], session: Session
    ) -> None:
        own = {"organization_id": entry["organization_id"], "month": entry["month"]}
        spend = await self._spend.find_one(own, session=session) or {}
        for account, limit in limits.items():
            held = sum(float(spend.get(account + name, 0)) for name in ("spent", "reserved"))
            if held + entry[f"{account}reserved"] > limit + MICRO:
                raise SpendLimitReached
        reserved = {f"{account}reserved": entry[f"{account}reserved"] for account in limits}
        # Another transaction that changes the document meanwhile is a conflict, and this one runs again.
        await self._add(own, {"$inc": reserved}, session)

    async def _keep_markers(
        self,
        holder: str,
        own: RawDocument,
        markers: Sequence[Mapping[str, Any]],
        session: Session,
    ) -> None:
        """Store new markers with their conversation or trial.

        Raises:
            MarkersTakenError: one of them has another value there by now.
        """
        rows = [{name: row[name] for name in ("kind", "number", "value")} for row in markers]
        taken = [
            {"markers": {"$elemMatch": {**row, "value": {"$ne": row["value"]}}}} for row in rows
        ]
        subjects = self._database.collection(holder)
        kept = await subjects.update_one(
            {**own, "$nor": taken}, {"$addToSet": {"markers": {"$each": rows}}}, session=session
        )
        if not kept.matched_count:
            found = await subjects.find_one(own, {"markers": 1}, session=session)
            if found is None:
                raise NotFound
            raise MarkersTakenError(found.get("markers") or ())

    async def _add(self, own: RawDocument, update: RawDocument, session: Session) -> None:
        try:
            await self._spend.update_one(own, update, upsert=True, session=session)
        except DuplicateKeyError:  # the month's first call, twice at the same moment
            raise TransactionConflictError from None


class BoundLedger:
    """The ledger of one conversation, trial or none within this process, as answering wants it."""

    def __init__(
        self,
        ledger: ProviderLedger,
        organization_id: ObjectId,
        subject_id: ObjectId | None = None,
    ) -> None:
        self._ledger = ledger
        self._organization_id = organization_id
        self._subject_id = subject_id

    async def open(self, call: OpenCall) -> str:
        """Write down what is about to leave; see `bot.answering.calls.Ledger`."""
        fields = {name: getattr(call, name) for name in OpenCall.__slots__}
        try:
            return str(
                await self._ledger.open(self._organization_id, fields, subject_id=self._subject_id)
            )
        except DomainError as error:
            raise ProviderError(_code(error)) from None

    async def close(self, call_id: str, result: ClosedCall) -> None:
        """Write down what came back."""
        fields = {name: getattr(result, name) for name in ClosedCall.__slots__}
        await self._ledger.close(self._organization_id, ObjectId(call_id), fields)


def _settled(before: RawDocument, changes: RawDocument, installation: float) -> RawDocument:
    return {
        "$inc": {
            "reserved": -before["reserved"],
            "spent": changes["cost"],
            "installation_reserved": -before.get("installation_reserved", 0.0),
            "installation_spent": installation,
            "calls": 1,
            "failed": int(changes["state"] == FAILED),
            "input_tokens": changes["input_tokens"],
            "output_tokens": changes["output_tokens"],
        },
        "$set": {"currency": before["currency"]} if before["currency"] else {},
    }


def _code(error: DomainError) -> str:
    known = {"providers_forbidden", "spend_limit_reached"}
    return error.code if error.code in known else "ledger_unavailable"
