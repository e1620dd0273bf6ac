"""What of an assistant's content the dialogue engine itself obeys; it gets it with every message."""

from typing import Any

from bot.prompts.content import AssistantContent


def engine_rules(content: AssistantContent) -> dict[str, Any]:
    """Return `metadata.assistant` of the engine's channel: languages, skills that are off, words that call a person."""
    return {
        "languages": list(content.languages),
        "default_language": content.default_language,
        "off": [name for name, on in content.skills.model_dump().items() if not on],
        "handoff_words": list(content.handoff.words),
    }
