"""Finding people's names in chat messages in Russian, Kazakh and English."""

from bot.privacy.names.model import NamesModelMissingError, Span, find_people

__all__ = ["NamesModelMissingError", "Span", "find_people"]
