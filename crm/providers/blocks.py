"""What an answer's context says of the language model and of privacy."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from bot.answering.providers import PROVIDERS
from bot.privacy.markers import ALL_KINDS
from crm.contacts.known import KnownNames
from crm.core.database import Database, RawDocument
from crm.core.secrets import SecretBox
from crm.core.settings import Settings
from crm.knowledge.vectors import EMBEDDED
from crm.providers.models import providers_allowed


class ContextBlocks:
    """Makes the blocks `assistant.llm` and `privacy` of a context.

    The language model is the organization's own, else the one of the installation, else none.
    """

    def __init__(self, *, database: Database, settings: Settings, secrets: SecretBox) -> None:
        self._settings = settings
        self._secrets = secrets
        self._names = KnownNames(database=database)
        self._embedded = database.collection(EMBEDDED)

    def llm(
        self, organization: Mapping[str, Any], model: Mapping[str, Any] | None = None
    ) -> RawDocument | None:
        """Return the language model to write answers with, keys decrypted; None where none is to be asked.

        Args:
            organization: as stored.
            model: the assistant version's `ModelChoice`: enabled, name, temperature, max_tokens.
        """
        model = model or {}
        if not providers_allowed(organization) or not model.get("enabled", True):
            return None
        own = organization.get("llm") or {}
        prices = own.get("prices")
        if own.get("model"):
            found = self._own(own, prices)
        elif self._settings.llm_model:
            key = self._settings.llm_api_key
            found = {
                "model": self._settings.llm_model,
                "base_url": self._settings.llm_base_url,
                "api_key": key.get_secret_value() if key else None,
                "price": prices or self._settings.llm_prices,
                "on_installation": True,
            }
        else:
            return None
        fallback = own.get("fallback") if own.get("model") else None
        asked = {name: model.get(name) for name in ("temperature", "max_tokens")}
        return {
            **found,
            **self._named(found, model.get("name")),
            **asked,
            "fallback": (
                {**self._own(fallback, fallback.get("prices") or prices), **asked}
                if fallback and fallback.get("model")
                else None
            ),
        }

    def embedding_model(self, organization: Mapping[str, Any]) -> RawDocument | None:
        """Return the model that makes embeddings, its key decrypted; None where none is to be asked."""
        own = organization.get("llm") or {}
        chosen = own.get("embeddings") or {}
        if not chosen.get("model") or not providers_allowed(organization):
            return None
        return self._own(chosen, chosen.get("prices") or own.get("prices"))

    async def embeddings(self, organization: Mapping[str, Any], version: int) -> RawDocument | None:
        """Return the same with `ready`: whether the passages of a knowledge version have its vectors."""
        model = self.embedding_model(organization)
        if model is None:
            return None
        state = await self._embedded.find_one({"_id": organization["_id"]}) or {}
        ready = state.get("model") == model["model"] and version in state.get("versions", ())
        return {**model, "ready": ready}

    async def privacy(
        self,
        organization: Mapping[str, Any],
        subject: Mapping[str, Any],
        texts: Sequence[str],
    ) -> RawDocument:
        """Return what is masked, which markers the conversation has, and whose names its last messages hold.

        Args:
            organization: as stored.
            subject: a conversation or a trial, as stored.
            texts: the last messages.
        """
        chosen = organization.get("privacy") or {}
        switches = chosen.get("kinds") or {}
        contact_id = subject.get("contact_id")
        return {
            "kinds": [kind for kind in ALL_KINDS if switches.get(kind, True)],
            "mask_passages": bool(chosen.get("mask_passages", True)),
            "markers": list(subject.get("markers") or ()),
            "known": await self._names.find(
                organization["_id"],
                texts,
                contact_id if isinstance(contact_id, ObjectId) else None,
            ),
        }

    def refused(
        self, organization: Mapping[str, Any], model: Mapping[str, Any] | None
    ) -> str | None:
        """Return why the model that a version names is not asked with the key there is; None where it is.

        Where nothing may be asked at all, the name means nothing, and is not refused.
        """
        llm = self.llm(organization, model)
        return llm.get("refused") if llm else None

    def _named(self, found: Mapping[str, Any], name: Any) -> RawDocument:
        """Return the version's own choice of a model; `refused` where it is not to be asked.

        The key was given for one provider; whoever writes versions must not send it, or anything else, to another
        company. Where the installation limits what its key may cost, only the model it knows the price of is asked.
        """
        model = str(found["model"])
        provider = model.partition(":")[0]
        if not name:
            return {"model": model}
        named, _, rest = str(name).partition(":")
        if named != provider and named in PROVIDERS and rest:
            return {"model": str(name), "refused": "provider_not_allowed"}
        # Models may have a colon in their names, as Ollama's do.
        chosen = str(name) if named == provider and rest else f"{provider}:{name}"
        limited = found.get("on_installation") and self._settings.llm_monthly_limit is not None
        if limited and chosen != model:
            return {"model": chosen, "refused": "model_not_allowed"}
        return {"model": chosen}

    def _own(self, stored: Mapping[str, Any], prices: Mapping[str, Any] | None) -> RawDocument:
        key = stored.get("api_key_encrypted")
        return {
            "model": stored["model"],
            "base_url": stored.get("base_url"),
            "api_key": self._secrets.decrypt(key) if key else None,
            "price": dict(prices) if prices else None,
            **self.limits,
        }

    @property
    def limits(self) -> RawDocument:
        """Return what holds for a model whose address a tenant has given, not the installation."""
        return {} if self._settings.allow_private_addresses else {"public_only": True}
