"""What is built from the source tree: the operator console and the trained models."""

from __future__ import annotations

import os

from deploy.setup import layout
from deploy.setup.environments import APP, ENGINE
from deploy.setup.fingerprints import Stamp, fingerprint
from deploy.setup.progress import call


def build_console() -> str | None:
    """Build the operator console with the Node.js of the app environment.

    Raises:
        SetupError: npm's registry cannot be reached, or the console does not build.
    """
    wanted = fingerprint([layout.CONSOLE])
    stamp = Stamp(layout.TOOLS / "stamps" / "console")  # not in dist: each build empties that
    if stamp.matches(wanted) and (layout.CONSOLE / "dist" / "index.html").exists():
        return None
    stamp.forget()
    environment = {"PATH": f"{APP.folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    _install_node_packages(environment)
    call(
        [APP.folder / "bin" / "npm", "run", "build"],
        log=layout.LOGS / "console.log",
        failure="The operator console could not be built.",
        cwd=layout.CONSOLE,
        environment=environment,
    )
    stamp.keep(wanted)
    return "built"


def _install_node_packages(environment: dict[str, str]) -> None:
    wanted = fingerprint([layout.CONSOLE / "package-lock.json"])
    stamp = Stamp(layout.CONSOLE / "node_modules" / ".stamp")
    if stamp.matches(wanted):
        return
    stamp.forget()
    call(
        [APP.folder / "bin" / "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        log=layout.LOGS / "node-packages.log",
        failure="The packages of the operator console could not be installed.",
        cwd=layout.CONSOLE,
        environment=environment,
    )
    stamp.keep(wanted)


def train_model() -> str | None:
    """Train the assistant's model, unless there is one of the present data, configuration and components.

    Raises:
        SetupError: the training failed.
    """
    known = _models()
    call(
        [ENGINE.python, "-m", "bot.engine.train", "--models", layout.MODELS],
        log=layout.LOGS / "training.log",
        failure="The assistant's model could not be trained.",
        cwd=layout.ROOT,
        environment={"RASA_TELEMETRY_ENABLED": "false"},
    )
    return None if _models() == known else "trained"


def train_names_model() -> str | None:
    """Train the model that finds people's names, unless there is one of the present code, lists and utterances.

    Raises:
        SetupError: the training failed.
    """
    names = layout.ROOT / "bot" / "privacy" / "names"
    knowledge = layout.ROOT / "crm" / "demo" / "knowledge"
    wanted = fingerprint([names, layout.ROOT / "data" / "nlu", knowledge])
    stamp = Stamp(layout.NAMES_MODEL.with_suffix(".stamp"))
    if stamp.matches(wanted) and layout.NAMES_MODEL.exists():
        return None
    stamp.forget()
    call(
        [APP.python, "-m", "bot.privacy.names.train", "--model", layout.NAMES_MODEL],
        log=layout.LOGS / "names-training.log",
        failure="The model that finds people's names could not be trained.",
        cwd=layout.ROOT,
    )
    stamp.keep(wanted)
    return "trained"


def _models() -> dict[str, float]:
    return {path.name: path.stat().st_mtime for path in layout.MODELS.glob("*.tar.gz")}
