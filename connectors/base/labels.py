"""What a settings form says of a field, in the console's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

type Words = tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
"""A field's title and help, in ru, kk and en."""
type Options = Mapping[str, Mapping[str, str]]
"""What each choice of a field is called, by language."""


def labelled(words: Words, *, options: Options | None = None, **more: Any) -> dict[str, Any]:
    """What pydantic's ``Field`` takes: the English title and help, and all as ``x-labels``.

    ``options`` go beside them as ``x-options``, ``more`` (``pattern``, ``format``) as it is.
    """
    shown = {
        language: {"title": title, "description": description}
        for language, (title, description) in zip(("ru", "kk", "en"), words, strict=True)
    }
    if options is not None:
        more["x-options"] = options
    return {**shown["en"], "json_schema_extra": {"x-labels": shown, **more}}
