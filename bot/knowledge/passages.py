"""The unit of knowledge: a passage, and a snapshot of all passages of one organization at one version."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    id: str
    document: str
    title: str
    heading: tuple[str, ...]
    language: str
    position: int
    text: str

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Make a passage from the internal API's form.

        Raises:
            KeyError: a field is absent.
        """
        return cls(
            id=str(data["id"]),
            document=data["document"],
            title=data["title"],
            heading=tuple(data["heading"]),
            language=data["language"],
            position=data["position"],
            text=data["text"],
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
        }


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
