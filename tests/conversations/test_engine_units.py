"""Runs the engine's own unit tests in the engine's environment, against this session's mongod."""

import asyncio
import os

from tests.conversations.support.processes import ENGINE_PYTHON, ROOT


async def test_the_engines_unit_tests_pass_in_its_environment(mongodb_uri: str) -> None:
    process = await asyncio.create_subprocess_exec(
        str(ENGINE_PYTHON),
        "-W", "ignore", "-m", "pytest", "tests/unit/engine",
        "--confcutdir", "tests/unit/engine", "-c", "bot/engine/pyproject.toml", "--rootdir", ".",
        "-p", "no:cacheprovider",
        cwd=ROOT,
        env={**os.environ, "AITYS_TEST_MONGODB_URI": mongodb_uri, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode == 0, output.decode(errors="replace")[-6000:]
