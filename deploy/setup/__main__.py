"""Sets the product up, or one part of it: `python3 -m deploy.setup [STEP...]`."""

from __future__ import annotations

import os
import sys
import time

OLDEST_PYTHON = (3, 9)

if sys.version_info < OLDEST_PYTHON:  # before anything is imported that an older Python cannot read
    sys.exit("Python 3.9 or newer is needed to set Aitys up: make setup PYTHON=/path/to/python3")

from deploy.setup import environments, products  # noqa: E402 - see above
from deploy.setup.progress import Narrator, Step, run_steps  # noqa: E402

STEPS = (
    Step("disk", "Disk space", environments.check_disk),
    Step("tools", "Installer (uv)", environments.install_tools, after=("disk",)),
    Step("app", "Application environment", environments.APP.install, after=("tools",)),
    Step("engine", "Engine environment (large)", environments.ENGINE.install, after=("tools",)),
    Step("command", "The aitys command", environments.install_command, after=("app",)),
    Step("console", "Operator console", products.build_console, after=("app",)),
    Step("names", "Training for names", products.train_names_model, after=("app",)),
    Step("model", "Training of the assistant", products.train_model, after=("engine",)),
)


def main(names: list[str]) -> int:
    """Run the named steps and what they come after; all without names. Return the exit code."""
    by_name = {step.name: step for step in STEPS}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        sys.stderr.write(f"No step {unknown[0]!r}; there are: {', '.join(by_name)}.\n")
        return 2
    wanted: set[str] = set()
    queue = names or list(by_name)
    while queue:
        name = queue.pop()
        wanted.add(name)
        queue.extend(by_name[name].after)
    began = time.monotonic()
    sys.stdout.write("Setting up Aitys\n")
    try:
        succeeded = run_steps([step for step in STEPS if step.name in wanted], Narrator())
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped; what is done is kept.\n")
        sys.stdout.flush()
        os._exit(130)  # the terminal has told the running commands too: nothing is left to wait for
    if not succeeded:
        return 1
    sys.stdout.write(f"Set up in {time.monotonic() - began:.0f} s.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
