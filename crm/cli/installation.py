"""Where the parts of an installed product lie."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Installation:
    """The source tree with what `make setup` made in it.

    Attributes:
        root: the source tree.
        python: interpreter of everything but the engine.
        engine_python: interpreter of the engine.
        models: folder of the trained models.
        console: the built operator console.
    """

    root: Path
    python: Path
    engine_python: Path
    models: Path
    console: Path

    @classmethod
    def here(cls) -> Self:
        """Return the installation this module belongs to."""
        root = Path(__file__).resolve().parents[2]
        return cls(
            root=root,
            python=Path(sys.executable),
            engine_python=root / ".venv-engine" / "bin" / "python",
            models=root / "models",
            console=root / "crm" / "console" / "dist",
        )

    def has_model(self) -> bool:
        """Whether a trained model is there."""
        return any(self.models.glob("*.tar.gz"))
