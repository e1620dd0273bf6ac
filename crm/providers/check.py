"""A live check of a language model, with an error in words."""

import time
from collections.abc import Mapping
from typing import Any, Final

from bson import ObjectId

from bot.answering.calls import Own, Part
from bot.answering.failures import ProviderError
from bot.answering.gateway import Gateway
from bot.answering.masked import new_masking
from bot.answering.providers import host_of
from crm.core.database import Database, RawDocument
from crm.core.errors import Conflict, FieldError, Invalid, NotFound
from crm.providers.blocks import ContextBlocks
from crm.providers.ledger import BoundLedger, ProviderLedger
from crm.providers.models import providers_allowed
from crm.providers.schemas import LlmCheck

SECONDS: Final = 20.0
MAX_TOKENS: Final = 200
"""Enough for a model that thinks aloud before it says one word."""

WORDS: Final[Mapping[str, str]] = {
    "provider_timeout": "The provider did not answer within 20 seconds.",
    "provider_rejected_key": "The provider refused the key.",
    "provider_busy": "The provider answered that there are too many requests, or that its account is used up.",
    "provider_failed": "The provider answered with an error.",
    "provider_unreachable": "Nobody answers at this address.",
    "provider_empty": "The provider answered without a text.",
    "provider_refused": "The model refused to answer.",
    "provider_model_unknown": "The provider knows no such model, or nothing at this address.",
    "provider_too_long": "The provider's answer was longer than any answer may be.",
    "provider_private": "The address is one of this machine's or its network's, where no model server may be.",
    "provider_misconfigured": "The model cannot be made from these settings.",
    "provider_extra_missing": "The provider needs one more package.",
    "provider_suspended": "The provider failed several times just now and is left alone for half a minute.",
    "provider_not_allowed": "The key is not meant for this provider.",
    "model_not_allowed": "The installation allows its own model only.",
    "spend_limit_reached": "The month's spending limit is reached.",
    "providers_forbidden": "The privacy settings let nothing leave for a provider.",
    "ledger_unavailable": "What is about to leave could not be written down, so nothing was sent.",
    "masking_failed": "The text could not be masked, so nothing was sent.",
}


class ProvidersOff(Conflict):
    """There is nothing to check."""

    default_code = "providers_forbidden"
    title = WORDS["providers_forbidden"]


class LiveCheck:
    """Asks a model for one word, through the same path as everything else."""

    def __init__(
        self,
        *,
        database: Database,
        blocks: ContextBlocks,
        ledger: ProviderLedger,
        gateway: Gateway,
    ) -> None:
        self._organizations = database.collection("organizations")
        self._blocks = blocks
        self._ledger = ledger
        self._gateway = gateway

    async def run(self, organization_id: ObjectId, asked: LlmCheck) -> RawDocument:
        """Return whether the model answers; never what: the address may be of something that is no model.

        Raises:
            Invalid: no model is named, here or in the settings.
            ProvidersOff: nothing may leave.
        """
        organization = await self._organizations.find_one({"_id": organization_id})
        if organization is None:
            raise NotFound
        if not providers_allowed(organization):
            raise ProvidersOff
        llm = self._asked(self._blocks.llm(organization), asked, self._blocks.limits)
        began = time.monotonic()
        error = None
        try:
            await self._gateway.ask(
                purpose="check",
                parts=[Part("human", (Own("Reply with the one word: OK"),))],
                masking=new_masking(None),
                llm=llm,
                seconds=SECONDS,
                ledger=BoundLedger(self._ledger, organization_id),
                max_tokens=MAX_TOKENS,
            )
        except ProviderError as failure:
            error = failure
        return {
            "ok": error is None,
            "model": llm["model"],
            "host": host_of(llm),
            "elapsed_ms": round((time.monotonic() - began) * 1000, 1),
            "error": error.code if error else None,
            "detail": (error.detail or WORDS.get(error.code, "")) if error else "",
        }

    @staticmethod
    def _asked(stored: RawDocument | None, asked: LlmCheck, limits: RawDocument) -> dict[str, Any]:
        llm: RawDocument = dict(stored or {})
        if asked.fallback:
            llm = dict(llm.get("fallback") or {})
        given = asked.model_dump(exclude_unset=True, exclude={"fallback"})
        if given and llm.get("on_installation"):
            # What is tried is to become the tenant's own: neither key nor address nor money of the installation's.
            llm = {}
        moved = {"model", "base_url"} & given.keys()
        if "api_key" in given:
            key = asked.api_key
            llm["api_key"] = key.get_secret_value() if key else None
        elif moved and (
            given.get("base_url", llm.get("base_url")) != llm.get("base_url")
            or str(given.get("model", llm.get("model"))).partition(":")[0]
            != str(llm.get("model")).partition(":")[0]
        ):
            # The stored key belongs to another provider.
            llm["api_key"] = None
        llm |= {name: given[name] for name in moved}
        if given:
            llm |= limits
        if not llm.get("model"):
            raise Invalid(fields=[FieldError("model", "missing", "Name the model first.")])
        return {**llm, "fallback": None}
