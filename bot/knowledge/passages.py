"""The unit of knowledge: a passage, and a snapshot of all passages of one organization at one version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document that can be read by itself.

    Attributes:
        id: unique within the snapshot.
        document: the source's file name.
        title: the document's title.
        heading: the path of headings above the piece, outermost first; the title is not repeated in it.
        language: ru, kk or en.
        position: the place within the document, from 0.
        text: plain text; lines are paragraphs, list items (`• `) or table rows (`Column: value; ...`).
        page: where it begins in a document that has pages, from 1.
        valid_from: the first day on which it may answer; None: always did.
        valid_until: the last such day; None: has no end.
    """

    id: str
    document: str
    title: str
    heading: tuple[str, ...]
    language: str
    position: int
    text: str
    page: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether the passage may answer on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Make a passage from the internal API's form; days are ISO texts there.

        Raises:
            KeyError: a field is absent that every passage has.
        """
        return cls(
            id=str(data["id"]),
            document=data["document"],
            title=data["title"],
            heading=tuple(data["heading"]),
            language=data["language"],
            position=data["position"],
            text=data["text"],
            page=data.get("page"),
            valid_from=_day(data.get("valid_from")),
            valid_until=_day(data.get("valid_until")),
        )

    def to_mapping(self) -> dict[str, Any]:
        """Return the internal API's form."""
        return {
            "id": self.id,
            "document": self.document,
            "title": self.title,
            "heading": list(self.heading),
            "language": self.language,
            "position": self.position,
            "text": self.text,
            "page": self.page,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an organization knows at one version. Never changes once it is published."""

    version: int
    passages: tuple[Passage, ...]

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Make a snapshot from `{version, passages: [...]}`.

        Raises:
            KeyError: a field is absent.
        """
        return cls(
            int(data["version"]),
            tuple(Passage.from_mapping(passage) for passage in data["passages"]),
        )
