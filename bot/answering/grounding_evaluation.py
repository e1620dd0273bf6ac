"""How well unsupported sentences are told from supported ones: figures for a file of labelled sentences.

A line of the file is {"lang", "question", "passages": [text], "sentences": [{"text", "supported", "kind"}]}; `kind` names the
change that made a sentence unsupported: number, unit, swap, negation, condition, name, link.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.grounding import unsupported


class BadSentencesError(Exception):
    """The file cannot be used; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled sentence and what grounding made of it: why it is cut, None when it stays."""

    text: str
    language: str
    kind: str
    supported: bool
    reason: str | None

    @property
    def right(self) -> bool:
        """Whether a supported sentence stays, or an unsupported one goes."""
        return self.supported == (self.reason is None)


def evaluate(path: Path) -> list[Judged]:
    """Judge every sentence of a file.

    Raises:
        BadSentencesError: the file is absent, or a line is none of ours.
    """
    found = []
    for number, line in enumerate(_lines(path), 1):
        try:
            group = json.loads(line)
            passages, question = group["passages"], group["question"]
            found += [
                Judged(
                    sentence["text"],
                    group["lang"],
                    sentence["kind"],
                    bool(sentence["supported"]),
                    unsupported(sentence["text"], passages, question=question),
                )
                for sentence in group["sentences"]
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise BadSentencesError(
                f"{path}, line {number}: not what is expected ({type(error).__name__} {error})."
            ) from None
    return found


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return shares: of supported sentences that stay, of the others that go; by kind and language."""
    kinds = sorted({one.kind for one in judged if not one.supported})
    languages = sorted({one.language for one in judged})
    return {
        "n": len(judged),
        "kept_supported": _share([one for one in judged if one.supported]),
        "cut_unsupported": _share([one for one in judged if not one.supported]),
        "cut_per_kind": {kind: _share([j for j in judged if j.kind == kind]) for kind in kinds},
        "per_language": {
            language: {
                "kept_supported": _share(
                    [j for j in judged if j.language == language and j.supported]
                ),
                "cut_unsupported": _share(
                    [j for j in judged if j.language == language and not j.supported]
                ),
            }
            for language in languages
        },
        "reasons": dict(Counter(one.reason for one in judged if one.reason)),
    }


def table(found: Mapping[str, Any]) -> str:
    """Return the figures for reading."""
    rows = [
        ("sentences", str(found["n"])),
        ("supported, kept", _percent(found["kept_supported"])),
        ("unsupported, cut", _percent(found["cut_unsupported"])),
        *((f"  {kind}", _percent(share)) for kind, share in found["cut_per_kind"].items()),
        *(
            (
                f"  {language}",
                f"{_percent(shares['kept_supported'])} kept, {_percent(shares['cut_unsupported'])} cut",
            )
            for language, shares in found["per_language"].items()
        ),
    ]
    return "\n".join(f"{name:20} {value}" for name, value in rows)


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSentencesError(f"{path} cannot be read ({type(error).__name__}).") from None
    return (line for line in text.splitlines() if line.strip())


def _share(judged: Sequence[Judged]) -> float | None:
    return round(sum(one.right for one in judged) / len(judged), 3) if judged else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
