import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy.setup.fingerprints import Stamp, fingerprint
from deploy.setup.interpreters import find_interpreter
from deploy.setup.progress import Narrator, SetupError, Step, call, run_steps

ROOT = Path(__file__).parents[3]
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_shim_that_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = executable(tmp_path / "shims" / f"python{VERSION}", "#!/bin/sh\nexit 127\n")
    real = executable(
        tmp_path / "pyenv" / "versions" / f"{VERSION}.1" / "bin" / f"python{VERSION}",
        f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    )
    monkeypatch.setenv("PATH", str(shim.parent))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = find_interpreter([VERSION], tmp_path / "none")
    assert found is not None
    assert found == Path(getattr(sys, "_base_executable", sys.executable))
    real.unlink()
    assert find_interpreter([VERSION], tmp_path / "none") is None


def test_another_version_under_the_name_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "python3.1", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_interpreter(["3.1"], tmp_path) is None


def test_a_fingerprint_knows_contents_names_and_words(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = fingerprint([tmp_path], "word")
    assert fingerprint([tmp_path], "word") == first
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("1")
    (tmp_path / ".hidden").write_text("1")
    (tmp_path / "components.d.ts").write_text("written by the build itself")
    assert fingerprint([tmp_path], "word") == first
    assert fingerprint([tmp_path], "other") != first
    (tmp_path / "a").rename(tmp_path / "b")
    assert fingerprint([tmp_path], "word") != first


def test_nothing_installed_or_built_is_in_the_repository() -> None:
    # A link to one's own node_modules was, once: `npm ci` in a clone emptied the folder behind it.
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        pytest.skip("not a repository")
    assert told.stdout == ""


def test_a_stamp_is_of_one_value(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "folder" / ".stamp")
    assert not stamp.matches("x")
    stamp.keep("x")
    assert stamp.matches("x")
    assert not stamp.matches("y")
    stamp.forget()
    assert not stamp.matches("x")


def test_steps_run_side_by_side_and_after_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []
    meeting = threading.Barrier(2, timeout=10)

    def meet(name: str) -> str:
        meeting.wait()
        order.append(name)
        return name

    def last() -> None:
        order.append("last")

    steps = [
        Step("last", "Last", last, after=("one", "two")),
        Step("one", "One", lambda: meet("one")),
        Step("two", "Two", lambda: meet("two")),
    ]
    assert run_steps(steps, Narrator())
    assert order[-1] == "last"
    assert "nothing to do" in capsys.readouterr().out


def test_after_a_failure_nothing_begins_and_the_reason_comes_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise SetupError("Too little disk space.")

    def never() -> None:
        raise AssertionError("began after a failure")

    steps = [Step("disk", "Disk", fail), Step("next", "Next", never, after=("disk",))]
    assert not run_steps(steps, Narrator())
    assert capsys.readouterr().out.rstrip().endswith("Disk: Too little disk space.")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("error: No space left on device", "The disk is full"),
        ("dns error: failed to lookup address", "could not be reached"),
        ("npm error code ENOTFOUND", "could not be reached"),
        ("something else", "It failed. The whole output is in"),
    ],
)
def test_a_failed_command_is_explained(tmp_path: Path, output: str, words: str) -> None:
    command = [sys.executable, "-c", f"print({output!r}); raise SystemExit(1)"]
    with pytest.raises(SetupError, match=words):
        call(command, log=tmp_path / "log", failure="It failed.")


def test_make_needs_only_python(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    missing = subprocess.run(
        ["make", "setup", "PYTHON=no-such-python"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert missing.returncode != 0
    assert "Python is missing: install it" in missing.stdout


def test_the_setup_reads_on_old_pythons() -> None:
    """The code that runs on the machine's own Python is compiled by the oldest grammar allowed."""
    for path in (ROOT / "deploy" / "setup").glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
