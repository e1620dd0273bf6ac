"""The team, as far as the inbox needs to know it."""

from __future__ import annotations

from bson import ObjectId

from crm.core.database import Database
from crm.core.errors import FieldError, Invalid
from crm.inbox.models import Document


class People:
    """Looks up members of an organization."""

    def __init__(self, *, database: Database) -> None:
        self._memberships = database.db["memberships"]
        self._users = database.db["users"]

    async def member(self, organization_id: ObjectId, user_id: ObjectId) -> Document:
        """A member's user, with ``_id`` and ``name``.

        Raises:
            Invalid: the person is not of this organization.
        """
        membership = await self._memberships.find_one(
            {"organization_id": organization_id, "user_id": user_id}
        )
        user = await self._users.find_one({"_id": user_id}, {"name": 1}) if membership else None
        if user is None:
            raise Invalid(
                fields=[FieldError("assignee_id", "not_a_member", "Not a member of the team.")]
            )
        return user
