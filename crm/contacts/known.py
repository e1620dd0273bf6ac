"""Whose names occur in what is written: the organization's contacts and its own people."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from crm.core.database import Database
from crm.core.name_words import lookup_words, name_words

CANDIDATES = 500
"""Contacts that share some name with the texts and are looked at. Of a common first name alone there may be thousands."""
NAMES = 60
OWN_PEOPLE_SECONDS = 60.0


class KnownNames:
    """Finds names. The organization's own people are read once a minute: they are few and change rarely."""

    def __init__(self, *, database: Database) -> None:
        self._contacts = database.collection("contacts")
        self._memberships = database.collection("memberships")
        self._users = database.collection("users")
        self._people: dict[ObjectId, tuple[float, list[str]]] = {}

    async def find(
        self,
        organization_id: ObjectId,
        texts: Sequence[str],
        contact_id: ObjectId | None = None,
    ) -> list[str]:
        """Return names that are written in the texts, at least in part, as they are stored.

        Those of which most words occur come first, rare words before common ones. The contact who writes is named with any text.

        Args:
            organization_id: whose contacts and people.
            texts: the conversation's last messages, oldest first.
            contact_id: who writes.
        """
        keys = lookup_words(texts)
        if not keys:
            return []
        fields = {"_id": 0, "name": 1, "identities.profile_name": 1, "name_words": 1}
        own = await self._contacts.find_one(
            {"_id": contact_id, "organization_id": organization_id}, fields
        )
        query = {"organization_id": organization_id, "name_words": {"$in": keys}}
        found = await self._contacts.find(query, fields).limit(CANDIDATES).to_list()
        written = frozenset(keys)
        candidates = [
            (name, written.intersection(name_words([name])))
            for name in dict.fromkeys(
                [
                    *(name for contact in found for name in _names(contact)),
                    *await self._own_people(organization_id),
                ]
            )
        ]
        common = Counter(word for _, words in candidates for word in words)
        ranked = sorted(
            (
                (sum(1 / common[word] for word in words), name)
                for name, words in candidates
                if words
            ),
            key=lambda ranked: (-ranked[0], ranked[1]),
        )
        names = [*(_names(own) if own else ()), *(name for _, name in ranked[:NAMES])]
        return list(dict.fromkeys(names))

    async def _own_people(self, organization_id: ObjectId) -> list[str]:
        read_at, names = self._people.get(organization_id, (0.0, []))
        if not read_at or time.monotonic() - read_at > OWN_PEOPLE_SECONDS:
            members = self._memberships.find({"organization_id": organization_id}, {"user_id": 1})
            ids = [member["user_id"] async for member in members]
            users = self._users.find({"_id": {"$in": ids}}, {"name": 1})
            names = [str(user["name"]) async for user in users]
            self._people[organization_id] = (time.monotonic(), names)
        return names


def _names(contact: dict[str, Any]) -> list[str]:
    called = [contact.get("name")]
    called += [identity.get("profile_name") for identity in contact.get("identities", ())]
    return [str(name) for name in dict.fromkeys(called) if name]
