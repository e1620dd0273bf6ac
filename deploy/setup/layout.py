"""Where things lie, and which versions are wanted."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOOLS = ROOT / ".tools"
UV = TOOLS / "bin" / "uv"
DOWNLOADED_PYTHONS = TOOLS / "python"
LOGS = TOOLS / "log"

REQUIREMENTS = ROOT / "requirements"
APP = ROOT / ".venv"
APP_VERSIONS = ("3.13", "3.12")
ENGINE = ROOT / ".venv-engine"
ENGINE_VERSIONS = ("3.10",)

CONSOLE = ROOT / "crm" / "console"
MODELS = ROOT / "models"
NAMES_MODEL = MODELS / "privacy" / "names.crfsuite"

# Bytes that the environments and their downloads take on an empty machine, and what a later run may need.
FIRST_TIME_BYTES = 8 * 1024**3
LATER_BYTES = 512 * 1024**2
