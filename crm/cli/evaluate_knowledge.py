"""`aitys eval knowledge`: how well a folder of documents is answered from."""

import asyncio
import json
from pathlib import Path

import typer

from bot.answering.evaluation import BadInputError, evaluate, read_folder, read_questions
from bot.answering.evaluation_figures import figures, table
from crm.cli.processes import StartError


def evaluate_knowledge(documents: Path, questions: Path, *, as_json: bool) -> str:
    """Return the figures of a folder of documents and a file of questions, as a table or as JSON.

    Raises:
        StartError: the folder or the file cannot be used.
    """
    try:
        asked = read_questions(questions)
        index = read_folder(documents, lambda sentence: typer.echo(sentence, err=True))
        results = asyncio.run(evaluate(index, asked))
    except BadInputError as error:
        raise StartError(str(error)) from None
    found = figures(results)
    return json.dumps(found, ensure_ascii=False) if as_json else table(found)
