"""Train the assistant: `python -m bot.engine.train [--models FOLDER] [--force]`.

The model's name carries a hash of everything it is made from, so that training is skipped when nothing changed, and two
machines give the same name to the same assistant. Prints the archive's path.
"""

import argparse
import hashlib
import logging
import os
import sys
import time
import warnings
from pathlib import Path

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")

from bot.engine.settings import ROOT

HASH_LENGTH = 16
KEPT_MODELS = 3


def inputs(root: Path = ROOT) -> list[Path]:
    """Return the files that decide what a model is: configuration, domain, data, and the components' code."""
    folders = [root / "domain", root / "data", root / "bot" / "engine" / "nlu"]
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".yml", ".py", ".txt"}
    ]
    return sorted([root / "config.yml", *files])


def content_hash(root: Path = ROOT) -> str:
    """Return a hash of the inputs' names and contents."""
    digest = hashlib.sha256()
    for path in inputs(root):
        digest.update(
            path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()[:HASH_LENGTH]


def find_model(models: Path, root: Path = ROOT) -> Path:
    """Return the archive to run: the given one, or of a folder that of the present inputs, else the newest.

    Returns the folder itself when it holds none, so that loading says what is missing.
    """
    if not models.is_dir():
        return models
    present = models / f"aitys-{content_hash(root)}.tar.gz"
    if present.is_file():
        return present
    archives = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return archives[-1] if archives else models


def ensure_model(models: Path, *, root: Path = ROOT, force: bool = False) -> Path:
    """Return the model of the present inputs, training it when there is none.

    Raises:
        RuntimeError: Training failed; Rasa has said why.
    """
    name = f"aitys-{content_hash(root)}"
    archive = models / f"{name}.tar.gz"
    if archive.is_file() and not force:
        return archive
    models.mkdir(parents=True, exist_ok=True)
    import structlog
    from rasa.model_training import train as rasa_train

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    result = rasa_train(
        domain=str(root / "domain"),
        config=str(root / "config.yml"),
        training_files=[str(root / "data")],
        output=str(models),
        fixed_model_name=f"{name}.part",
        # The cache would keep parts of it in a folder of Rasa's own; a whole training takes less than a minute.
        force_training=True,
    )
    if result.code != 0 or result.model is None:
        raise RuntimeError("training failed")
    # A killed training must not leave half an archive under the final name.
    Path(result.model).replace(archive)
    for old in sorted(models.glob("aitys-*.tar.gz"), key=lambda path: path.stat().st_mtime)[
        :-KEPT_MODELS
    ]:
        old.unlink()
    return archive


def main() -> int:
    """Train when needed; return the exit status."""
    parser = argparse.ArgumentParser(description="Train the assistant when its inputs changed.")
    parser.add_argument(
        "--models", type=Path, default=ROOT / "models", help="folder of the archives"
    )
    parser.add_argument("--force", action="store_true", help="train although nothing changed")
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.monotonic()
    try:
        archive = ensure_model(wanted.models, force=wanted.force)
    except RuntimeError as error:
        print(f"train: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        return 1
    print(f"{archive} ({time.monotonic() - started:.1f} s)")  # noqa: T201 - for the person who started it
    return 0


if __name__ == "__main__":
    sys.exit(main())
