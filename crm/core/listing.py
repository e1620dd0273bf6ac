"""Cursor lists: filters, sorting and an opaque place to go on from.

A list is read raw (projection, dictionary, JSON), without a model for each row: a page of 50 is the most frequent
request of all. The order is total (ties are broken by `_id`), so that no row is shown twice or left out while others
are added or removed.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from pydantic import BaseModel, ConfigDict, Field
from pymongo.asynchronous.collection import AsyncCollection

from crm.core.database import RawDocument
from crm.core.errors import FieldError, Invalid

MAX_CURSOR_LENGTH = 1_000
_SCALARS = (str, int, float, bool, datetime, ObjectId, type(None))
# A list only passes times on; without a time zone object each they decode and encode faster (they are UTC all the same).
LIST_CODEC: CodecOptions[RawDocument] = CodecOptions(tz_aware=False)


class ListQuery(BaseModel):
    """The query parameters all lists share. Subclass to add filters."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows of a page.")
    cursor: str | None = Field(
        default=None, max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of the page before."
    )
    sort: str | None = Field(
        default=None,
        max_length=40,
        description="Field to sort by, with `-` in front for descending order.",
    )


class Page[Item](BaseModel):
    """A page of a list. `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = Field(
        description="Give it as `cursor` to get the next page; null on the last page."
    )


@dataclass(frozen=True, slots=True)
class Sortable:
    """A field a list can be sorted by. `nullable`: some documents have null or nothing there."""

    path: str
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one kind of list is read."""

    sorts: Mapping[str, Sortable]
    default_sort: str
    projection: Mapping[str, int]

    async def page(
        self, collection: AsyncCollection[RawDocument], query: RawDocument, asked: ListQuery
    ) -> RawDocument:
        """Return the page as `{"items": [...], "next_cursor": ...}`.

        Args:
            collection: where to read.
            query: the organization and the filters; must name `organization_id`.
            asked: limit, cursor and sort as the client gave them.

        Raises:
            Invalid: the sort or the cursor is not one of this list.
        """
        if "organization_id" not in query:
            raise ValueError("a list must be scoped by its organization")
        sort = asked.sort or self.default_sort
        name, descending = sort.removeprefix("-"), sort.startswith("-")
        field = self.sorts.get(name)
        if field is None:
            allowed = ", ".join(sorted(self.sorts))
            raise Invalid(
                fields=[FieldError("sort", "sort_unknown", f"Sort by one of: {allowed}.")]
            )
        conditions: list[RawDocument] = [query]
        if asked.cursor:
            conditions.append(_after(field, *_decode(asked.cursor, sort), descending=descending))
        direction = -1 if descending else 1
        order = (
            [("_id", direction)]
            if field.path == "_id"
            else [(field.path, direction), ("_id", direction)]
        )
        rows = await (
            collection.with_options(codec_options=LIST_CODEC)
            .find(conditions[0] if len(conditions) == 1 else {"$and": conditions}, self.projection)
            .sort(order)
            .limit(asked.limit + 1)
            .to_list()
        )
        next_cursor = None
        if len(rows) > asked.limit:
            rows.pop()
            next_cursor = _encode(sort, _value_at(rows[-1], field.path), rows[-1]["_id"])
        for row in rows:
            row["id"] = row.pop("_id")
        return {"items": rows, "next_cursor": next_cursor}


def prefix_search(field: str, text: str, fold: Any = str.casefold) -> RawDocument:
    """Return a condition under which every word of `text` begins one of the (folded) words in the array `field`."""
    words = fold(text).split()[:5]
    return {"$and": [{field: {"$regex": "^" + re.escape(word)}} for word in words]} if words else {}


def _after(field: Sortable, value: Any, last_id: ObjectId, *, descending: bool) -> RawDocument:
    operator = "$lt" if descending else "$gt"
    path = field.path
    if path == "_id":
        return {"_id": {operator: last_id}}
    if not field.nullable:
        # The range narrows the index scan; the alternative only cuts off the ties already shown.
        return {
            path: {operator + "e": value},
            "$or": [{path: {operator: value}}, {"_id": {operator: last_id}}],
        }
    # MongoDB puts null before all else, and never compares it with other types.
    tie = {path: value, "_id": {operator: last_id}}
    if value is None:
        return tie if descending else {"$or": [tie, {path: {"$ne": None}}]}
    further: Sequence[RawDocument] = [{path: {operator: value}}, tie]
    return {"$or": [*further, {path: None}] if descending else list(further)}


def _value_at(row: RawDocument, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _encode(sort: str, value: Any, last_id: ObjectId) -> str:
    return (
        base64.urlsafe_b64encode(bson.encode({"s": sort, "v": value, "i": last_id}))
        .rstrip(b"=")
        .decode()
    )


def _decode(cursor: str, sort: str) -> tuple[Any, ObjectId]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        data = bson.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
        value, last_id = data["v"], data["i"]
        if (
            data["s"] != sort
            or not isinstance(last_id, ObjectId)
            or not isinstance(value, _SCALARS)
        ):
            raise ValueError(sort)
    except (ValueError, KeyError, BSONError, binascii.Error, UnicodeError):
        error = FieldError(
            "cursor",
            "cursor_invalid",
            "This place is not one of this list; begin without a cursor.",
        )
        raise Invalid(fields=[error]) from None
    return value, last_id
