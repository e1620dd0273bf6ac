"""The masking of a conversation, as its context says it."""

from collections.abc import Mapping
from typing import Any


def new_masking(privacy: Mapping[str, Any] | None) -> Any:
    """Return the masking for one answer: the conversation's markers, the tenant's names, the kinds it wants masked.

    Args:
        privacy: `{kinds, markers, known}` of the context; without it everything is masked and nothing is known.

    Raises:
        Whatever fails: nothing may be sent then.
    """
    # Presidio takes seconds to import and is needed only where a provider is.
    from bot.privacy.markers import MarkerBook  # noqa: PLC0415 - see above
    from bot.privacy.masking import ALL_KINDS, KnownName, Masking, analyzer  # noqa: PLC0415

    privacy = privacy or {}
    kinds = privacy.get("kinds")
    analyzer()
    return Masking(
        book=MarkerBook.from_rows(privacy.get("markers") or ()),
        known=[KnownName(str(name)) for name in privacy.get("known") or ()],
        kinds=ALL_KINDS if kinds is None else kinds,
    )
