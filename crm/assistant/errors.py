"""What may stand against a change of the assistant."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from bot.prompts.content import AssistantContent
from bot.prompts.variables import unknown_variables
from crm.core.api.binding import field_errors
from crm.core.errors import Conflict, FieldError, Invalid

MODEL_REFUSED: Final[Mapping[str, str]] = {
    "provider_not_allowed": "The organization's key is for another provider: take a model of that one.",
    "model_not_allowed": "The installation allows its own model only.",
}


class DraftChanged(Conflict):
    """Somebody else has changed the draft since it was read."""

    default_code = "draft_changed"
    title = "The draft has been changed meanwhile"


class NothingToPublish(Conflict):
    """Draft and published version are the same, the knowledge too."""

    default_code = "nothing_to_publish"
    title = "There is nothing to publish"


class SuiteNotGreen(Conflict):
    """The organization asks for a passed test suite, and this content has not passed it."""

    default_code = "suite_not_green"
    title = "The required test suites have not passed on this draft"


class SnapshotGone(Conflict):
    """The knowledge of that time is no longer kept."""

    default_code = "snapshot_gone"
    title = "The knowledge of that version is no longer kept"


def invalid_content(error: ValidationError) -> Invalid:
    """Return a content's faults as the API tells them."""
    return Invalid(fields=field_errors(error))


def check_variables(content: AssistantContent) -> None:
    """Let no text be saved that names something unknown.

    Raises:
        Invalid: with the code `variable_unknown` for each.
    """
    faults = [
        FieldError(
            fault.path,
            "variable_unknown",
            f"There is no variable {{{fault.name}}}."
            + (f" Did you mean {{{fault.near}}}?" if fault.near else "")
            + " Write two braces for one that shall be said.",
        )
        for fault in unknown_variables(content)
    ]
    if faults:
        raise Invalid(fields=faults)
