"""How well personal data is masked: figures for files of labelled messages.

A line is {"text", "lang", "entities": [{"type", "value"}]}; a value stands in the text exactly as it is labelled.
An entity counts as found when every letter and digit of it is masked, whatever it was taken for.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.privacy.markers import ALL_KINDS
from bot.privacy.masking import Masking

type Places = tuple[tuple[int, int], ...]


class BadFileError(ValueError):
    """The file of messages cannot be used; the text says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What is labelled, and all the places where it stands."""

    kind: str
    value: str
    places: Places


@dataclass(frozen=True, slots=True)
class Message:
    """A labelled message."""

    text: str
    language: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message.

    Attributes:
        masked: the spans that were masked.
        untouched: nothing at all was changed.
        exact: restoring gave the message again.
        seconds: how long masking took.
    """

    message: Message
    masked: Places
    untouched: bool
    exact: bool
    seconds: float

    def found(self, entity: Entity) -> bool:
        """Tell whether nothing of an entity can be read any more."""
        hidden = set(_letters(self.message.text, self.masked))
        return hidden.issuperset(_letters(self.message.text, entity.places))

    @property
    def tokens(self) -> tuple[int, int]:
        """How many words (between blanks) were masked, and how many of them overlap a labelled entity."""
        labelled = [place for entity in self.message.entities for place in entity.places]
        masked = [word for word in _words(self.message.text) if _overlaps(word, self.masked)]
        return len(masked), sum(_overlaps(word, labelled) for word in masked)


def read_messages(paths: Iterable[Path]) -> list[Message]:
    """Return the labelled messages of files.

    Raises:
        BadFileError: a file cannot be read, a line is not labelled as it should be, or there are none.
    """
    messages: list[Message] = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = (
                "is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
            )
            raise BadFileError(f"{path} {reason}.") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                messages.append(_message(line, f"{path}, line {number}"))
    if not messages:
        raise BadFileError("The files hold no messages.")
    return messages


def judge(messages: Iterable[Message], make: Callable[[], Masking] = Masking) -> list[Verdict]:
    """Mask each message, as the only one of its conversation."""
    make().mask("87011234567")  # what is built at first use is no message's time
    verdicts = []
    for message in messages:
        masking = make()
        began = time.perf_counter()
        masked = masking.mask(message.text)
        seconds = time.perf_counter() - began
        restored = masking.restore(masked)
        verdicts.append(
            Verdict(
                message,
                tuple((span.start, span.end) for span in masking.spans(message.text)),
                untouched=masked == message.text,
                exact=restored.text == message.text and not restored.unknown,
                seconds=seconds,
            )
        )
    return verdicts


def figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the figures: shares of 1, `None` where there is nothing to have a share of."""
    by_type: dict[str, list[bool]] = defaultdict(list)
    by_language: dict[str, list[bool]] = defaultdict(list)
    masked = right = 0
    for verdict in verdicts:
        for entity in verdict.message.entities:
            found = verdict.found(entity)
            by_type[entity.kind].append(found)
            by_language[verdict.message.language].append(found)
        all_tokens, labelled_tokens = verdict.tokens
        masked += all_tokens
        right += labelled_tokens
    clean = [verdict.untouched for verdict in verdicts if not verdict.message.entities]
    return {
        "recall": {kind: _share(by_type[kind]) for kind in ALL_KINDS if kind in by_type},
        "recall_per_language": {name: _share(by_language[name]) for name in sorted(by_language)},
        "precision": round(right / masked, 4) if masked else None,
        "untouched_clean": _share(clean),
        "exact_restore": _share([verdict.exact for verdict in verdicts]),
        "ms_per_message": round(sum(v.seconds for v in verdicts) * 1000 / len(verdicts), 3),
    }


def table(verdicts: Sequence[Verdict]) -> str:
    """Return the figures as text for people, with how many messages and entities they come from."""
    found = figures(verdicts)
    entities = [(v, entity) for v in verdicts for entity in v.message.entities]
    rows = [f"{'type':10s} {'count':>6s} {'recall':>7s}"]
    for kind, recall in found["recall"].items():
        count = sum(entity.kind == kind for _, entity in entities)
        rows.append(f"{kind:10s} {count:6d} {recall:7.1%}")
    rows += ["", f"{'language':10s} {'count':>6s} {'recall':>7s}"]
    for language, recall in found["recall_per_language"].items():
        count = sum(verdict.message.language == language for verdict, _ in entities)
        rows.append(f"{language:10s} {count:6d} {recall:7.1%}")
    clean = sum(not verdict.message.entities for verdict in verdicts)
    rows += [
        "",
        f"precision           {_percent(found['precision'])} of the masked words are labelled",
        f"untouched           {_percent(found['untouched_clean'])} of the {clean} messages without entities",
        f"restored exactly    {_percent(found['exact_restore'])} of the {len(verdicts)} messages",
        f"time                {found['ms_per_message']:.2f} ms a message",
    ]
    return "\n".join(rows)


def mistakes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a line for each entity that was missed and each word that was masked without a label."""
    for verdict in verdicts:
        message = verdict.message
        for entity in message.entities:
            if not verdict.found(entity):
                yield f"missed {entity.kind} {entity.value!r} in: {message.text}"
        labelled = [place for entity in message.entities for place in entity.places]
        extra = [
            message.text[slice(*word)]
            for word in _words(message.text)
            if _overlaps(word, verdict.masked) and not _overlaps(word, labelled)
        ]
        if extra:
            yield f"masked {' '.join(extra)!r} in: {message.text}"


def _message(line: str, where: str) -> Message:
    try:
        fields = json.loads(line)
        text, language = fields["text"], fields.get("lang") or "?"
        labelled = [(entity["type"], entity["value"]) for entity in fields["entities"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadFileError(f"{where}: expected an object with text, lang and entities.") from None
    if not isinstance(text, str) or not isinstance(language, str):
        raise BadFileError(f"{where}: text and lang are not texts.")
    entities = []
    for kind, value in labelled:
        if kind not in ALL_KINDS:
            raise BadFileError(f"{where}: {kind!r} is none of {', '.join(ALL_KINDS)}.")
        if not isinstance(value, str) or not value.strip() or value not in text:
            raise BadFileError(f"{where}: the value of {kind} does not stand in the text.")
        entities.append(Entity(kind, value, _places(text, value)))
    return Message(text, language, tuple(entities))


def _places(text: str, value: str) -> Places:
    """Return where a value stands as words of its own; anywhere, when it is always a part of longer ones."""
    places = []
    start = text.find(value)
    while start >= 0:
        places.append((start, start + len(value)))
        start = text.find(value, start + 1)
    whole = [
        (start, end)
        for start, end in places
        if not (start and text[start - 1].isalnum() and value[0].isalnum())
        and not (end < len(text) and text[end].isalnum() and value[-1].isalnum())
    ]
    return tuple(whole or places[:1])


def _letters(text: str, places: Iterable[tuple[int, int]]) -> Iterator[int]:
    for start, end in places:
        yield from (place for place in range(start, end) if text[place].isalnum())


def _words(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for word in text.split():
        start = text.index(word, place)
        place = start + len(word)
        yield start, place


def _overlaps(word: tuple[int, int], places: Iterable[tuple[int, int]]) -> bool:
    return any(start < word[1] and word[0] < end for start, end in places)


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
