"""What a new organization begins with."""

from typing import Any

from bot.prompts.content import AssistantContent, Language

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def default_business_hours() -> dict[str, list[list[str]]]:
    """Return Monday to Friday, nine to six."""
    return {day: [["09:00", "18:00"]] if day not in {"sat", "sun"} else [] for day in WEEKDAYS}


def default_assistant(language: Language = "ru") -> dict[str, Any]:
    """Return the content of an organization's first assistant version, and its number."""
    return {**AssistantContent(default_language=language).document(), "version": 1}
