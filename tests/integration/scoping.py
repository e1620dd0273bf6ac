"""Listens to what the product asks of mongod, and notes what reaches beyond one organization."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from tests.integration.scoping_exceptions import ACROSS, FIELDS, NO_TENANTS

ROOT: Final = Path(__file__).parents[2]
_PRODUCT: Final = tuple(f"{ROOT / name}/" for name in ("bot", "connectors", "crm"))
_TESTS: Final = f"{ROOT / 'tests'}/"


class Scoping(CommandListener):
    """Notes queries on tenants' documents that do not name the organization, and documents stored without one."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Look at a command before it is sent, in the stack of who sends it."""
        collection = str(event.command.get(event.command_name))
        if collection.startswith(NO_TENANTS) or not event.database_name.startswith("test_"):
            return
        field = FIELDS.get(collection, "organization_id")
        if all(_names(field, each) for each in _conditions(event.command_name, event.command)):
            return
        place = _place()
        if place is not None and not {place, place.partition(":")[0]} & ACROSS.keys():
            self.found.append(f"{place}: {event.command_name} of {collection}")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing: what was asked has been looked at."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing: what was asked has been looked at."""


def _conditions(name: str, command: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what decides which documents a command reads or writes."""
    match name:
        case "find":
            yield command.get("filter") or {}
        case "findAndModify" | "count" | "distinct":
            yield command.get("query") or {}
        case "aggregate":
            first = (command.get("pipeline") or [{}])[0]
            yield first.get("$match") or {}
        case "update":
            yield from (each["q"] for each in command["updates"])
        case "delete":
            yield from (each["q"] for each in command["deletes"])
        case "insert":
            yield from command["documents"]
        case _:
            return


def _names(field: str, condition: Mapping[str, Any]) -> bool:
    outer, _, inner = field.partition(".")
    stored = inner and inner in (condition.get(outer) or ())  # a document that is inserted
    return bool(
        stored
        or field in condition
        or any(_names(field, each) for each in condition.get("$and") or ())
    )


def _place() -> str | None:
    """Return the product's function that asks, as path:function; None where a test does."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_TESTS) and code.co_filename != __file__:
            return None
        if code.co_filename.startswith(_PRODUCT) and "/crm/core/" not in code.co_filename:
            return f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_qualname}"
        frame = frame.f_back
    return None
