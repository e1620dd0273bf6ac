"""The tools and the two Python environments."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.setup import layout
from deploy.setup.fingerprints import Stamp, fingerprint
from deploy.setup.interpreters import find_interpreter
from deploy.setup.progress import SetupError, call

NO_INSTALLER = (
    "This Python can neither make environments nor install packages: install its venv module"
    " (Debian and Ubuntu: sudo apt-get install python3-venv), then run the same command again."
)


def check_disk() -> str:
    """Look whether what is still to be installed fits.

    Raises:
        SetupError: there is too little room.
    """
    needed = layout.LATER_BYTES if _installed_before() else layout.FIRST_TIME_BYTES
    free = shutil.disk_usage(layout.ROOT).free
    if free < needed:
        raise SetupError(
            f"Too little disk space: {_gib(needed)} are needed in {layout.ROOT}, {_gib(free)} are free;"
            " make room, then run the same command again."
        )
    return f"{_gib(free)} free"


def _installed_before() -> bool:
    return (layout.ENGINE / ".stamp").exists() and (layout.APP / ".stamp").exists()


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GB"


def install_tools() -> str | None:
    """Put uv, the installer of everything else, into `.tools`.

    Raises:
        SetupError: this Python has neither venv nor pip, or the registry cannot be reached.
    """
    requirements = layout.REQUIREMENTS / "tools.txt"
    wanted = fingerprint([requirements])
    stamp = Stamp(layout.TOOLS / ".stamp")
    if stamp.matches(wanted) and layout.UV.exists():
        return None
    stamp.forget()
    pinned = ["--disable-pip-version-check", "--require-hashes", "--requirement", str(requirements)]
    log = layout.LOGS / "tools.log"
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        failure = "uv could not be installed into .tools."
        call([sys.executable, "-m", "venv", layout.TOOLS], log=log, failure=NO_INSTALLER)
        call(
            [layout.TOOLS / "bin/python", "-m", "pip", "install", *pinned],
            log=log,
            failure=failure,
        )
    elif importlib.util.find_spec("pip"):
        target = ["install", "--upgrade", "--target", str(layout.TOOLS)]
        call([sys.executable, "-m", "pip", *target, *pinned], log=log, failure=NO_INSTALLER)
    else:
        raise SetupError(NO_INSTALLER)
    stamp.keep(wanted)
    return "uv installed"


@dataclass(frozen=True)
class Environment:
    """One of the two environments.

    Attributes:
        folder: where it lies.
        lock: the file with every package, pinned with hashes.
        versions: the Pythons it runs on, the liked one first.
    """

    folder: Path
    lock: Path
    versions: tuple[str, ...]

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"

    def install(self) -> str | None:
        """Bring the environment to what the lock file says.

        Raises:
            SetupError: no Python of a wanted version, no network, or a package could not be installed.
        """
        wanted = fingerprint([self.lock], *self.versions)
        stamp = Stamp(self.folder / ".stamp")
        if stamp.matches(wanted) and self._runs():
            return None
        stamp.forget()
        if not self._runs():
            self._create()
        call(
            [
                *(layout.UV, "pip", "sync", "--python", self.python, "--require-hashes"),
                *("--compile-bytecode", self.lock),
            ],
            log=layout.LOGS / f"{self.lock.stem}.log",
            failure=f"The packages of {self.lock.name} could not be installed.",
            cwd=layout.ROOT,
        )
        stamp.keep(wanted)
        return f"installed on Python {self._version()}"

    def _runs(self) -> bool:
        return self._version() in self.versions

    def _version(self) -> str | None:
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run(
                [str(self.python), "-c", code], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip()

    def _create(self) -> None:
        interpreter = find_interpreter(self.versions, layout.DOWNLOADED_PYTHONS) or self._download()
        call(
            [layout.UV, "venv", "--clear", "--no-project", "--python", interpreter, self.folder],
            log=layout.LOGS / f"{self.lock.stem}.log",
            failure=f"The environment {self.folder.name} could not be made.",
            environment={"UV_PYTHON": str(interpreter)},
        )

    def _download(self) -> Path:
        version = self.versions[0]
        failure = (
            f"Python {' or '.join(self.versions)} is not on this machine and could not be downloaded: install it"
            f" (for example with pyenv: pyenv install {version}), then run the same command again."
        )
        call(
            [
                *(layout.UV, "python", "install", "--no-bin", version),
                *("--install-dir", layout.DOWNLOADED_PYTHONS),
            ],
            log=layout.LOGS / f"python-{version}.log",
            failure=failure,
            without_network=failure,
        )
        found = find_interpreter(self.versions, layout.DOWNLOADED_PYTHONS)
        if found is None:
            raise SetupError(
                f"The downloaded Python {version} does not run on this machine: install Python {version} in another"
                " way, then run the same command again."
            )
        return found


APP = Environment(layout.APP, layout.REQUIREMENTS / "app.txt", layout.APP_VERSIONS)
ENGINE = Environment(layout.ENGINE, layout.REQUIREMENTS / "engine.txt", layout.ENGINE_VERSIONS)

LAUNCHER = """\
#!{python}
import sys

from crm.cli.main import run

sys.exit(run())
"""


def install_command() -> str | None:
    """Put the `aitys` command into the environment, and the source tree on its path.

    A launcher and a .pth file do what an editable install does, without a build and its isolated environment.
    """
    launcher = layout.APP / "bin" / "aitys"
    text = LAUNCHER.format(python=APP.python)
    (packages,) = layout.APP.glob("lib/python3.*/site-packages")
    path_file = packages / "aitys.pth"
    if launcher.exists() and launcher.read_text() == text and path_file.exists():
        return None
    path_file.write_text(f"{layout.ROOT}\n")
    launcher.write_text(text)
    launcher.chmod(0o755)
    return ".venv/bin/aitys"
