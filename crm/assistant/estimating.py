"""What a question costs with a content: the prompt as it would be, and an estimate of its tokens and price."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bson import ObjectId
from pydantic import ValidationError

from bot.answering.calls import masked_prompt
from bot.answering.prompt import answer_parts
from bot.knowledge.library import IndexLibrary
from bot.knowledge.passages import Passage
from bot.prompts.content import AssistantContent, Language
from bot.prompts.estimate import cost
from crm.assistant.errors import invalid_content
from crm.assistant.history import AssistantHistory
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.inbox.speaker import Speaker
from crm.knowledge.answers import KnowledgeSearch
from crm.providers.blocks import ContextBlocks

PASSAGES: Final = 5
TYPICAL_ANSWER: Final = 150
"""Tokens of one to four sentences with their sources; a version's own limit may be lower."""
_QUESTIONS: Final[Mapping[Language, str]] = {
    "ru": "Здравствуйте! Сколько стоит доставка и когда вы сможете привезти заказ?",
    "kk": "Сәлеметсіз бе! Жеткізу қанша тұрады және тапсырысты қашан әкеле аласыздар?",
    "en": "Hello! How much is the delivery, and when could you bring my order?",
}
_CHANNEL: Final = "webchat"


class _Unmasked:
    """Shows a tenant its own texts as they are."""

    def mask(self, text: str, *, asked: str = "") -> str:  # noqa: ARG002 - whatever it is
        return text


class Estimating:
    """Estimates prompts for the editor. Nothing is sent anywhere."""

    def __init__(
        self,
        *,
        database: Database,
        history: AssistantHistory,
        search: KnowledgeSearch,
        library: IndexLibrary,
        blocks: ContextBlocks,
    ) -> None:
        self._organizations = database.collection("organizations")
        self._history = history
        self._search = search
        self._library = library
        self._blocks = blocks

    async def estimate(
        self, organization_id: ObjectId, changes: Mapping[str, Any] | None
    ) -> RawDocument:
        """Return what a first question costs with the draft, changed by what is being edited.

        The passages are the organization's own, of middling length; an answer of one to four sentences is assumed. The
        judge's and a translation's calls come on top.

        Raises:
            Invalid: a value does not fit.
        """
        organization = await self._organizations.find_one({"_id": organization_id})
        if organization is None:
            raise NotFound
        content, head, _ = await self._history.target(organization_id, "draft")
        try:
            content = content.with_changes(changes or {})
        except ValidationError as error:
            raise invalid_content(error) from None
        speaker = Speaker.of(organization, content, version=None, knowledge_version=head)
        language = content.default_language
        parts = answer_parts(
            question=_QUESTIONS[language],
            history=[],
            passages=await self._typical_passages(organization_id, head),
            language=language,
            context={
                "organization": {"name": speaker.company},
                "assistant": {
                    "name": content.name,
                    "tone": content.tone,
                    "instructions": speaker.instructions(language, _CHANNEL),
                },
            },
        )
        prompt = masked_prompt(parts, _Unmasked())
        llm = self._blocks.llm(organization, content.model.model_dump())
        return _read(content, prompt.tokens, prompt.text, llm)

    async def _typical_passages(self, organization_id: ObjectId, version: int) -> Sequence[Passage]:
        async def load(version: int) -> RawDocument:
            return await self._search.snapshot(organization_id, version)

        index = await self._library.index(str(organization_id), version, load)
        by_length = sorted(index.passages, key=lambda passage: len(passage.text))
        middle = max(0, (len(by_length) - PASSAGES) // 2)
        return by_length[middle : middle + PASSAGES]


def _read(
    content: AssistantContent, input_tokens: int, rendered: str, llm: Mapping[str, Any] | None
) -> RawDocument:
    output_tokens = min(TYPICAL_ANSWER, content.model.max_tokens)
    price = llm["price"] if llm else None
    return {
        "model": llm["model"] if llm else None,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost": cost(input_tokens, output_tokens, price=price) if price else None,
        "currency": price.get("currency") if price else None,
        "rendered": rendered,
    }
