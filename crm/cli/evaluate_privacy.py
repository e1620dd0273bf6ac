"""`aitys eval privacy`: how well personal data is masked."""

import json
from collections.abc import Sequence
from pathlib import Path

from crm.cli.processes import StartError


def evaluate_privacy(files: Sequence[Path], *, as_json: bool, show_mistakes: bool = False) -> str:
    """Return the figures of labelled messages as text for people or as JSON.

    Args:
        files: lines of {"text", "lang", "entities": [{"type", "value"}]}.
        as_json: the figures as one JSON object instead of a table.
        show_mistakes: name what was missed and what was masked without a label, under the table.

    Raises:
        StartError: a file cannot be used, or nothing is trained yet.
    """
    from bot.privacy.evaluation import (  # noqa: PLC0415 - Presidio takes seconds to import
        BadFileError,
        figures,
        judge,
        mistakes,
        read_messages,
        table,
    )
    from bot.privacy.masking import MaskingFailedError  # noqa: PLC0415 - see above

    try:
        verdicts = judge(read_messages(files))
    except BadFileError as error:
        raise StartError(str(error)) from None
    except MaskingFailedError as error:
        raise StartError(f"Masking does not work ({error}): run `make setup`.") from None
    if as_json:
        return json.dumps(figures(verdicts), ensure_ascii=False)
    lines = [table(verdicts)]
    if show_mistakes:
        lines += ["", *(line.replace("\n", " ") for line in mistakes(verdicts))]
    return "\n".join(lines)
