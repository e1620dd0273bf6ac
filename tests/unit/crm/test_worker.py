"""The worker process."""

import subprocess
import sys

SCRIPT = """
import resource
from crm.worker.__main__ import raise_file_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
raise_file_limit()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
print("raised" if hard > 256 else "no more to be had")
"""


def test_a_worker_takes_all_the_descriptors_it_may_have() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "raised\n"
