"""Whatever a connector refuses, warns of or measures can be said to people in their language."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCALES = ROOT / "crm/console/src/locales"
CODE = re.compile(r"[a-z][a-z]+(_[a-z]+)*")
FOR_PROGRAMS = {"last_uid"}
# What a customer's own widget is told, in its own words (connectors/webchat/widget/words.js).
TOLD_TO_THE_WIDGET = {"connectors/webchat"}


def _strings(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if (
            isinstance(one, ast.Constant)
            and isinstance(one.value, str)
            and CODE.fullmatch(one.value)
        ):
            yield one.value


def _codes(tree: ast.AST) -> Iterator[str]:
    """First words of errors, windows and meanings: `RejectedError("code", ...)`, `Reach(code="...")`, `Meaning(NEVER, "code", ...)`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name == "Meaning":
            yield from _strings(call.args[1])
        elif name in {"RejectedError", "RetryableError", "AuthenticationFailedError"} and call.args:
            if isinstance(call.args[0], ast.Constant | ast.IfExp):
                yield from _strings(call.args[0])
        elif name == "Reach":
            for keyword in call.keywords:
                if keyword.arg == "code":
                    yield from _strings(keyword.value)


def _named(tree: ast.AST, call_name: str, argument: str) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", "") == call_name:
            for keyword in call.keywords:
                if keyword.arg == argument:
                    yield from _strings(keyword.value)


def _trees() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "connectors").rglob("*.py")):
        if not any(str(path.relative_to(ROOT)).startswith(folder) for folder in TOLD_TO_THE_WIDGET):
            yield ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_every_code_has_its_words(language: str) -> None:
    texts = json.loads((LOCALES / f"{language}.json").read_text("utf-8"))
    said = texts["deliveries"]["codes"]
    codes = {code for tree in _trees() for code in _codes(tree)}
    assert len(codes) >= 60
    assert not sorted(code for code in codes if not said.get(code))


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_every_warning_and_quota_has_its_words(language: str) -> None:
    texts = json.loads((LOCALES / f"{language}.json").read_text("utf-8"))["health"]
    warnings = {code for tree in _trees() for code in _named(tree, "Health", "warnings")}
    quotas = {name for tree in _trees() for name in _named(tree, "Quota", "name")} - FOR_PROGRAMS
    assert warnings
    assert quotas
    assert not sorted(code for code in warnings if not texts["warningsOf"].get(code))
    assert not sorted(name for name in quotas if not texts["quotasOf"].get(name))
