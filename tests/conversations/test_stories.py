"""Runs Rasa's own conversation tests in `test_stories.yml` with the trained model."""

import asyncio
import os
from pathlib import Path

from tests.conversations.support.processes import ENGINE_PYTHON, ROOT, trained_model


async def test_rasas_conversation_tests_pass(tmp_path: Path) -> None:
    model = await asyncio.to_thread(trained_model)
    process = await asyncio.create_subprocess_exec(
        str(ENGINE_PYTHON),
        "-W", "ignore", "-m", "rasa", "test", "core", "--e2e", "--model", str(model), "--no-plot", "--fail-on-prediction-errors",
        "--stories", "tests/conversations/test_stories.yml", "--out", str(tmp_path),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # Rasa fills the placeholders of endpoints.yml even where nothing is called.
            "AITYS_ACTIONS_URL": "http://127.0.0.1:9",
            "AITYS_INTERNAL_TOKEN": "unused",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 240)
    failed = tmp_path / "failed_test_stories.yml"
    assert process.returncode == 0, (
        failed.read_text() if failed.exists() else output.decode(errors="replace")[-4000:]
    )
