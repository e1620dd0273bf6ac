"""The organization's language model: which, for what price, within which limit."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bson import ObjectId
from pydantic import SecretStr

from bot.answering.providers import PROVIDERS
from bot.knowledge.embeddings import EMBEDDING_PROVIDERS
from bot.outbound import addresses_of, is_public
from crm.core.api import Principal
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import FieldError, Invalid, NotFound
from crm.core.events import EventLog
from crm.core.organization_settings import OrganizationSettings
from crm.core.secrets import SecretBox
from crm.core.settings import Settings
from crm.providers.schemas import LlmUpdate
from crm.team.models import Organization

_SECOND = ("fallback", "embeddings")
_PRIVATE = "This installation allows no addresses of its own machine or network."
_OWN = ("model", "base_url", "api_key_encrypted", "fallback")


class LlmSettings:
    """Reads and changes them."""

    def __init__(
        self, *, database: Database, events: EventLog, secrets: SecretBox, settings: Settings
    ) -> None:
        self._database = database
        self._changes = OrganizationSettings(database=database, events=events)
        self._secrets = secrets
        self._settings = settings
        self._organizations = database.collection("organizations")

    async def read(self, organization_id: ObjectId) -> RawDocument:
        """Return the language model without its keys."""
        return self._shown(await self._stored(organization_id))

    async def in_use(self) -> bool:
        """Return whether any organization has a language model in place, its own or the installation's."""
        if self._settings.llm_model:
            return True
        return (
            await self._organizations.find_one({"llm.model": {"$gt": ""}}, {"_id": 1}) is not None
        )

    async def change(self, principal: Principal, change: LlmUpdate) -> RawDocument:
        """Change what is given; `model: null` removes model, keys and fallback, and leaves prices and limit.

        Raises:
            Invalid: a key, an address or a fallback without a model, a provider that is not known, a limit without
                prices, prices in several currencies, or a private address where the installation allows none.
        """
        values = change.given()
        own = values.keys() & {"base_url", "api_key", "fallback"}
        _check_providers(values)
        await self._check_addresses(values)

        async def work(session: Session) -> RawDocument:
            llm = await self._stored(principal.organization_id, session)
            if "prices" in values:
                llm["prices"] = values["prices"]
            if "embeddings" in values:
                self._change_second(llm, "embeddings", values["embeddings"])
            if "monthly_limit" in values:
                llm["monthly_limit"] = values["monthly_limit"]
            if "model" in values and values["model"] is None:
                llm |= dict.fromkeys(_OWN)
            else:
                self._change_model(llm, values)
                if own and not llm.get("model"):
                    raise Invalid(fields=[FieldError("model", "missing", "Name the model first.")])
            _check_prices(llm, values)
            return await self._store(principal, llm, session)

        return await self._database.in_transaction(work, serial=principal.organization_id)

    async def _check_addresses(self, values: Mapping[str, Any]) -> None:
        """Refuse private addresses early; the connection refuses them again, for a name may change its address."""
        if self._settings.allow_private_addresses:
            return
        given = {"": values, **{f"{name}.": values.get(name) or {} for name in _SECOND}}
        for prefix, model in given.items():
            parts = urlsplit(str(model.get("base_url") or ""))
            if not parts.hostname:
                continue
            try:
                addresses = await addresses_of(parts.hostname, parts.port)
            except OSError:  # the live check tells
                continue
            if not all(map(is_public, addresses)):
                raise Invalid(fields=[FieldError(f"{prefix}base_url", "url_private", _PRIVATE)])

    def _change_model(self, llm: RawDocument, values: Mapping[str, Any]) -> None:
        self._take(llm, values)
        if "fallback" in values:
            self._change_second(llm, "fallback", values["fallback"])

    def _change_second(self, llm: RawDocument, name: str, values: Mapping[str, Any] | None) -> None:
        """Change or remove a model beside the first one."""
        before: RawDocument = dict(llm.get(name) or {})
        llm[name] = self._take(before, values) if values else None

    def _take(self, stored: RawDocument, values: Mapping[str, Any]) -> RawDocument:
        """Put model, address, key and prices of a change into what is stored."""
        if "api_key" in values:
            key: SecretStr | None = values["api_key"]
            stored["api_key_encrypted"] = (
                self._secrets.encrypt(key.get_secret_value()) if key else None
            )
        # A key belongs to the provider it was typed for; sending it to another address would leak it.
        elif _address(stored) != _address({**stored, **values}):
            stored["api_key_encrypted"] = None
        stored |= {name: values[name] for name in ("model", "base_url", "prices") if name in values}
        for name in ("model", "base_url", "api_key_encrypted"):
            stored.setdefault(name, None)
        return stored

    async def _stored(
        self, organization_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        found = await self._organizations.find_one(
            {"_id": organization_id}, {"llm": 1}, session=session
        )
        if found is None:
            raise NotFound
        return dict(found.get("llm") or {})

    async def _store(self, principal: Principal, llm: RawDocument, session: Session) -> RawDocument:
        await self._changes.change(
            principal.organization_id,
            {"llm": llm},
            event="organization.updated",
            read=lambda changed: read_form(changed, Organization.hidden),
            actor=principal.actor,
            session=session,
        )
        return self._shown(llm)

    def _shown(self, llm: Mapping[str, Any]) -> RawDocument:
        return {
            **_model_shown(llm),
            "fallback": _second_shown(llm.get("fallback")),
            "embeddings": _second_shown(llm.get("embeddings")),
            "prices": llm.get("prices"),
            "monthly_limit": llm.get("monthly_limit"),
            "installation_model": self._settings.llm_model,
        }


def _check_providers(values: Mapping[str, Any]) -> None:
    """Refuse models of providers that we make no models of.

    Raises:
        Invalid: `provider_unknown`.
    """
    named = {
        "model": (values.get("model"), PROVIDERS),
        "fallback.model": ((values.get("fallback") or {}).get("model"), PROVIDERS),
        "embeddings.model": ((values.get("embeddings") or {}).get("model"), EMBEDDING_PROVIDERS),
    }
    faults = [
        FieldError(
            field, "provider_unknown", f"Take a model of one of {', '.join(sorted(providers))}."
        )
        for field, (name, providers) in named.items()
        if name and str(name).partition(":")[0] not in providers
    ]
    if faults:
        raise Invalid(fields=faults)


def _check_prices(llm: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse a limit that nothing can be counted with, and sums of two currencies.

    Raises:
        Invalid: `prices_missing` or `currency_differs`.
    """
    prices = {
        "prices": llm.get("prices"),
        **{f"{name}.prices": (llm.get(name) or {}).get("prices") for name in _SECOND},
    }
    faults = []
    if llm.get("monthly_limit") is not None:
        needed = ["prices"]
        if llm.get("embeddings") and values.keys() & {"embeddings", "monthly_limit"}:
            needed.append("embeddings.prices")
        faults = [
            FieldError(field, "prices_missing", "A limit needs prices to count with.")
            for field in needed
            if not prices[field]
        ]
    currencies = {field: given["currency"] for field, given in prices.items() if given}
    first = next(iter(currencies.values()), None)
    changed = values.keys() & {"prices", *_SECOND}
    faults += [
        FieldError(f"{field}.currency", "currency_differs", "All prices need one currency.")
        for field, currency in currencies.items()
        if changed and currency != first
    ]
    if faults:
        raise Invalid(fields=faults)


def _address(stored: Mapping[str, Any]) -> tuple[str, Any]:
    """Return where a key is sent: the provider and its address."""
    return str(stored.get("model") or "").partition(":")[0], stored.get("base_url")


def _second_shown(stored: Mapping[str, Any] | None) -> RawDocument | None:
    return {**_model_shown(stored), "prices": stored.get("prices")} if stored else None


def _model_shown(stored: Mapping[str, Any]) -> RawDocument:
    return {
        "model": stored.get("model"),
        "base_url": stored.get("base_url"),
        "has_api_key": bool(stored.get("api_key_encrypted")),
    }
