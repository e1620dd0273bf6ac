"""Whose names occur in what is written: the organization's contacts and its own people."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from crm.core.database import Database
from crm.core.name_words import lookup_words, name_words

READ_AT_ONCE = 300
CROWD = 30
"""A word that so many of those bear is a common first name: the rest is read without it, or it would hide rare ones."""
ROUNDS = 3
ALIKE = 2
"""How many names are given for the same words of the texts: more would tell nothing more."""
OWN_PEOPLE_SECONDS = 60.0
_FIELDS = {"_id": 0, "name": 1, "identities.profile_name": 1, "name_words": 1}


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

        Of many people who share what is written of their names, two are enough. The contact who writes is named with any text.

        Args:
            organization_id: whose contacts and people.
            texts: the conversation's last messages, oldest first.
            contact_id: who writes.
        """
        keys = lookup_words(texts)
        if not keys:
            return []
        own = await self._contacts.find_one(
            {"_id": contact_id, "organization_id": organization_id}, _FIELDS
        )
        names = [*(_names(own) if own else ()), *await self._own_people(organization_id)]
        for contact in await self._contacts_with(organization_id, keys):
            names += _names(contact)
        written = frozenset(keys)
        alike: Counter[frozenset[str]] = Counter()
        found: list[str] = []
        for name in dict.fromkeys(names):
            words = written.intersection(name_words([name]))
            alike[words] += 1
            if (words and alike[words] <= ALIKE) or (own and name in _names(own)):
                found.append(name)
        return found

    async def _contacts_with(
        self, organization_id: ObjectId, keys: Sequence[str]
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        left = set(keys)
        for _ in range(ROUNDS):
            query = {"organization_id": organization_id, "name_words": {"$in": sorted(left)}}
            read = await self._contacts.find(query, _FIELDS).limit(READ_AT_ONCE).to_list()
            found += read
            borne = Counter(word for contact in read for word in left & set(contact["name_words"]))
            crowd = {word for word, count in borne.items() if count >= CROWD}
            left -= crowd
            if len(read) < READ_AT_ONCE or not crowd:
                break
        return found

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
