"""Why a file is not taken or not given out. Codes are the console's translation keys."""

from __future__ import annotations

from typing import Final

from crm.core.errors import Conflict, DomainError, Invalid, PayloadTooLarge, Unavailable


class FileTooLarge(PayloadTooLarge):
    """The file is larger than files of its kind may be."""

    default_code = "file_too_large"
    title = "The file is too large"


class FileNotAllowed(Invalid):
    """The file is of a kind that is not taken."""

    default_code = "file_type_not_allowed"
    title = "Files of this kind are not taken"


class FileEmpty(Invalid):
    """The file has no content."""

    default_code = "file_empty"
    title = "The file is empty"


class FileInfected(Invalid):
    """The virus scanner found something in the file."""

    default_code = "file_infected"
    title = "The virus scanner found something in the file"


class FilesFull(Conflict):
    """The organization keeps as much as it may."""

    default_code = "files_full"
    title = "The organization's files take all the room they may"


class FilesDailyLimit(Conflict):
    """A person whom nobody vouches for has sent as much as they may today."""

    default_code = "files_daily_limit"
    title = "That is all the files that may be sent today"


class FileNotChecked(Conflict):
    """The file waits for the virus scanner and is not given out before."""

    default_code = "file_not_checked"
    title = "The file is still being checked"


class FileInterrupted(Invalid):
    """The file broke off, or nothing of it came for too long."""

    default_code = "file_interrupted"
    title = "The file broke off"


class StorageUnavailable(Unavailable):
    """The file could not be stored now."""

    default_code = "storage_unavailable"
    title = "Files cannot be stored now"


class AttachmentNotFailed(Conflict):
    """The file is there, or on its way."""

    default_code = "attachment_not_failed"
    title = "The file is there or on its way"


class RangeNotSatisfiable(DomainError):
    """The file has no such bytes."""

    status = 416
    default_code = "range_not_satisfiable"
    title = "The file has no such bytes"


REFUSALS: Final = (FileTooLarge, FileNotAllowed, FileEmpty, FileInfected)
"""What is wrong with a file itself, whoever sends it and however often."""

UPLOAD_ERRORS: Final = (*REFUSALS, FileInterrupted, FilesFull, StorageUnavailable)
