"""`aitys eval grounding`: how well sentences that no passage supports are told from the others."""

import json
from pathlib import Path

from bot.answering.grounding_evaluation import BadSentencesError, evaluate, figures, table
from crm.cli.processes import StartError


def evaluate_grounding(path: Path, *, as_json: bool, show_mistakes: bool) -> str:
    """Return the figures of a file of labelled sentences, as a table or as JSON.

    Raises:
        StartError: the file cannot be used.
    """
    try:
        judged = evaluate(path)
    except BadSentencesError as error:
        raise StartError(str(error)) from None
    found = figures(judged)
    shown = json.dumps(found, ensure_ascii=False) if as_json else table(found)
    mistakes = [
        f"{one.kind}: {one.text} ({one.reason or 'kept'})" for one in judged if not one.right
    ]
    return "\n".join([shown, *mistakes] if show_mistakes else [shown])
