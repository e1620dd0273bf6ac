"""What differs between two contents."""

from dataclasses import dataclass
from typing import Any

from bot.prompts.content import AssistantContent


@dataclass(frozen=True, slots=True)
class Change:
    """One field's difference.

    Attributes:
        path: dotted, such as `skills.order` or `greeting.kk`; lists are one field each.
        before: plain JSON.
        after: plain JSON.
    """

    path: str
    before: Any
    after: Any


def changes(before: AssistantContent, after: AssistantContent) -> list[Change]:
    """Return what turns `before` into `after`, in the order of the fields."""
    return list(_compare("", before.document(), after.document()))


def _compare(path: str, before: Any, after: Any) -> list[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        found: list[Change] = []
        for name in dict.fromkeys([*before, *after]):
            place = f"{path}.{name}" if path else name
            found += _compare(place, before.get(name), after.get(name))
        return found
    return [] if before == after else [Change(path, before, after)]
