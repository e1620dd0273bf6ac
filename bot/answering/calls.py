"""What goes to a provider and what comes of it, as the ledger keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import uuid4

from bot.answering.failures import ProviderError
from bot.privacy.asking import Asked, asked_in
from bot.prompts import estimate

type Purpose = Literal["answer", "judge", "translate", "suggest", "summarise", "check", "embed"]
type Role = Literal["system", "human", "ai"]

MAX_SAID = 20_000
"""Characters of a text for which no other limit is given: the longest instructions with their variables, a long table."""
EDGE = 200
"""More characters than any number, name or address that is masked has."""


class Masks(Protocol):
    """What masking does; see `bot.privacy.masking`."""

    def mask(self, text: str, *, asked: Asked = "") -> str:
        """Return `text`, the answer to what was `asked`, without personal data, or raise."""
        ...


@dataclass(frozen=True, slots=True)
class Own:
    """A text of the program's, or one that the tenant has said need not be masked. Nothing a customer wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text that somebody wrote; it is masked and cut to `limit` characters."""

    text: str
    limit: int = MAX_SAID

    def masked(self, masking: Masks, *, asked: Asked = "") -> str:
        """Return the text as it may be sent, read as the answer to what was `asked`.

        What is far behind the limit is not even masked: who writes much must not keep others waiting. Half a number at
        the end of what is left is not known for one, so that the last `EDGE` characters go as well.
        """
        most = self.limit + EDGE
        text = self.text[:most]
        text = masking.mask(text, asked=asked) if asked else masking.mask(text)
        return (text if len(self.text) <= most else text[:-EDGE])[: self.limit]


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a prompt, before masking. `searched`: what the customer or an operator said in it is found by search."""

    role: Role
    pieces: tuple[Own | Said, ...]
    searched: bool = False

    @property
    def said(self) -> list[Said]:
        """What people wrote in it."""
        return [piece for piece in self.pieces if isinstance(piece, Said)]

    def with_masked(self, masked: Sequence[str]) -> tuple[str, str]:
        """Return the message's text as it may be sent, and what is searched of it: the last thing that was said.

        Args:
            masked: `said` as it may be sent.
        """
        rest = iter(masked)
        texts = [next(rest) if isinstance(piece, Said) else piece.text for piece in self.pieces]
        return "".join(texts), masked[-1] if masked and self.searched else ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Masked messages as (role, text), and what people said among it."""

    messages: tuple[tuple[str, str], ...]
    said: str = ""

    @property
    def text(self) -> str:
        """The whole prompt as it is shown to the tenant's people."""
        return "\n\n".join(f"[{role}]\n{text}" for role, text in self.messages)

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        return sum(estimate.tokens(text) + estimate.MESSAGE for _, text in self.messages)


def masked_prompt(parts: Sequence[Part], masking: Masks) -> Prompt:
    """Return the prompt as it may be sent. What any part tells is masked in all of them, in earlier ones too.

    Raises:
        MaskingFailedError: nothing may be sent.
    """
    pieces = [piece for part in parts for piece in part.said]
    asked = _asked_before(parts)
    texts: list[str] = []
    known: list[int] = []
    for piece, question in zip(pieces, asked, strict=True):
        texts.append(piece.masked(masking, asked=question))
        known.append(_values(masking))
    all_known = _values(masking)
    for place, (piece, question) in enumerate(zip(pieces, asked, strict=True)):
        if known[place] < all_known:
            # Something was told later that may stand here as well.
            texts[place] = piece.masked(masking, asked=question)
    rest = iter(texts)
    masked = [(part.role, *part.with_masked([next(rest) for _ in part.said])) for part in parts]
    return Prompt(
        tuple((role, text) for role, text, _ in masked if text),
        "\n".join(said for _, _, said in masked if said),
    )


def _asked_before(parts: Sequence[Part]) -> list[Asked]:
    """Return for each thing said what the one before it asked for: of its own message, or of the bot's right before."""
    asked: list[Asked] = []
    question: Asked = ""
    for part in parts:
        within: Asked = ""
        last = len(part.said) - 1
        for place, piece in enumerate(part.said):
            answers = within
            if place == last and part.role == "human":
                answers = question or within
            asked.append(answers)
            within = asked_in(piece.text)
        question = within if part.role == "ai" else ""
    return asked


def _values(masking: Masks) -> int:
    """Return how many values the conversation has told so far; 0 where masking keeps none."""
    return len(getattr(masking, "book", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """What is about to leave.

    Attributes:
        key: unique; opening twice under one key opens once.
        purpose: what it is asked for.
        model: `provider:model`.
        host: to whom it goes.
        messages: the masked prompt.
        said: what people said in it, masked; for search.
        input_tokens: an estimate, as are the next two.
        output_tokens: the most it may write.
        cost: the most it may cost.
        currency: of the cost; None where no price is known.
        on_installation: the installation's own key is used, and its limit holds.
        markers: the conversation's markers that this prompt brought: kind, number, value.
    """

    purpose: Purpose
    model: str
    host: str
    messages: tuple[tuple[str, str], ...]
    said: str
    input_tokens: int
    output_tokens: int
    cost: float
    currency: str | None
    on_installation: bool = False
    markers: tuple[Mapping[str, Any], ...] = ()
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCall:
    """What came of it. An `error` is a code of `ProviderError`, or `cancelled`."""

    raw_answer: str | None
    input_tokens: int
    output_tokens: int
    cost: float
    elapsed_ms: float
    attempts: int
    error: str | None = None


class MarkersTakenError(Exception):
    """Another call of the conversation has given a marker of this one to another value: mask anew.

    `rows` are the conversation's markers as they are now.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        super().__init__()


class Ledger(Protocol):
    """Where what leaves is written down, for one conversation, trial or none."""

    async def open(self, call: OpenCall) -> str:
        """Write down what is about to leave, and return the entry's id.

        Raises:
            ProviderError: it must not leave: `providers_forbidden`, `spend_limit_reached`, `ledger_unavailable`.
            MarkersTakenError: it must not leave as it is masked.
        """
        ...

    async def close(self, call_id: str, result: ClosedCall) -> None:
        """Write down what came back. Safe to repeat; only the first counts."""
        ...


class NoLedger:
    """Refuses everything: where nobody writes down what leaves, nothing leaves."""

    async def open(self, call: OpenCall) -> str:  # noqa: ARG002 - whatever it is
        """Refuse."""
        raise ProviderError("ledger_unavailable")

    async def close(self, call_id: str, result: ClosedCall) -> None:
        """Never called."""
