"""How much may be kept, and how long it may take to come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from crm.core.settings import Settings
from crm.files.attachments import kind_of

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 100 * MEGABYTE
"""What the largest setting allows, for those who must name a bound before they know the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Limits of files.

    Attributes:
        file_bytes: of any file.
        image_bytes: of a picture.
        organization_bytes: of all files of an organization.
        strangers_bytes: how much of that people may fill whom no platform vouches for.
        visitor_day_bytes: that one of these may send a day.
        network_day_bytes: that all of these may send a day from one address.
        idle_seconds: for so long nothing of a file may come.
        total_seconds: for so long a file may take to come in.
    """

    file_bytes: int = 25 * MEGABYTE
    image_bytes: int = 15 * MEGABYTE
    organization_bytes: int = 10_240 * MEGABYTE
    strangers_bytes: int = 2_048 * MEGABYTE
    visitor_day_bytes: int = 100 * MEGABYTE
    network_day_bytes: int = 300 * MEGABYTE
    idle_seconds: float = 30.0
    total_seconds: float = 900.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits the settings name."""
        return cls(
            file_bytes=settings.file_max_mb * MEGABYTE,
            image_bytes=settings.image_max_mb * MEGABYTE,
            organization_bytes=settings.files_quota_mb * MEGABYTE,
            strangers_bytes=settings.files_quota_mb
            * MEGABYTE
            * settings.visitor_files_percent
            // 100,
        )

    def for_type(self, mime: str) -> int:
        """Bytes that a file of this type may have."""
        if kind_of(mime) == "image":
            return min(self.image_bytes, self.file_bytes)
        return self.file_bytes
