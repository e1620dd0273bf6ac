"""Ids in a body that point at other things."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from crm.core.database import Database, Session
from crm.core.errors import FieldError, Invalid


async def check_references(
    database: Database,
    organization_id: ObjectId,
    values: Mapping[str, Any],
    collections: Mapping[str, str],
    session: Session | None = None,
) -> None:
    """See that the ids a client gave are things of its own organization.

    Args:
        database: where to look.
        organization_id: whose things they must be.
        values: the client's fields; those absent or None are passed over.
        collections: the collection each field points into. A field that points into `memberships` holds a
            person's id, and the person must be a member.
        session: the transaction to look in.

    Raises:
        Invalid: names every field whose thing does not exist there.
    """
    wrong = []
    for field, collection in collections.items():
        if values.get(field) is None:
            continue
        key = "user_id" if collection == "memberships" else "_id"
        query = {key: values[field], "organization_id": organization_id}
        if (
            await database.collection(collection).find_one(query, {"_id": 1}, session=session)
            is None
        ):
            wrong.append(FieldError(field, "unknown_id", "There is no such thing."))
    if wrong:
        raise Invalid(fields=wrong)
