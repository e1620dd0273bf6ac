"""What a settings form says of a field, in the console's languages."""

from __future__ import annotations

from typing import Any

type Words = tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
"""A field's title and help, in ru, kk and en."""


def labelled(words: Words, **more: Any) -> dict[str, Any]:
    """What pydantic's ``Field`` takes: the English title and help, and all as ``x-labels``.

    ``more`` goes into the field's schema beside them (``pattern``, ``x-options``).
    """
    shown = {
        language: {"title": title, "description": description}
        for language, (title, description) in zip(("ru", "kk", "en"), words, strict=True)
    }
    return {**shown["en"], "json_schema_extra": {"x-labels": shown, **more}}
