"""Question + knowledge -> an answer with its sources, or an honest "I don't know"."""

from bot.answering.answerer import Answerer
from bot.answering.answers import Answer, Source

__all__ = ["Answer", "Answerer", "Source"]
