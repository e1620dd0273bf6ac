import json
import subprocess
import sys
from pathlib import Path

import pytest

from crm.cli.evaluate_privacy import evaluate_privacy
from crm.cli.processes import StartError

LINE = {
    "text": "тел 87011234567 и дом",
    "lang": "ru",
    "entities": [{"type": "PHONE", "value": "87011234567"}, {"type": "IIN", "value": "дом"}],
}


def test_figures_are_printed_as_a_table_or_as_json(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(LINE), encoding="utf-8")
    shown = evaluate_privacy([path], as_json=False, show_mistakes=True)
    assert "PHONE           1  100.0%" in shown
    assert "missed IIN 'дом' in: тел 87011234567 и дом" in shown
    assert "missed" not in evaluate_privacy([path], as_json=False)
    found = json.loads(evaluate_privacy([path, path], as_json=True))
    assert list(found) == [
        *("recall", "recall_per_language", "precision"),
        *("untouched_clean", "exact_restore", "ms_per_message"),
    ]
    assert found["recall"] == {"PHONE": 1.0, "IIN": 0.0}


def test_a_bad_file_ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read"):
        evaluate_privacy([tmp_path / "none.jsonl"], as_json=True)
    path = tmp_path / "bad.jsonl"
    path.write_text("[]", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "crm.cli.main", "eval", "privacy", str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip() == (
        f"aitys: {path}, line 1: expected an object with text, lang and entities."
    )
