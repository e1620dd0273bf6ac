"""Guards against blow-up that hold on any machine: what four times the material costs, not how long it takes."""

import gc
import time
from collections.abc import Callable

TIMES = 4
# Linear work costs 4 times as much, quadratic work 16 times: half-way, as factors go.
BOUND = 8.0
ROUNDS = 3
ROUNDS_IN_DOUBT = 9
# Shorter than this is no blow-up on any machine, and too short to compare.
NEGLIGIBLE_SECONDS = 0.002
# A measurement of something quick is of as many runs as fill this.
MEASURED_SECONDS = 0.002


def assert_gentle_growth[Material](
    work: Callable[[Material], object],
    material: Callable[[int], Material],
    size: int,
    *,
    bound: float = BOUND,
) -> None:
    """Four times the material costs `work` far less than sixteen times the processor time.

    Args:
        work: What is measured; it works in the thread that calls it, and may be called any number of times.
        material: Makes what `work` gets, of the size given; not measured.
        size: The larger of the two sizes: large enough for anything quadratic to show, best the product's own limit.
        bound: How many times the processor time is too much; less where the size should hardly matter.

    Raises:
        AssertionError: It costs too much in each of many measurements. The message has both figures.
    """
    few, much = material(size // TIMES), material(size)
    small = large = float("inf")
    collecting = gc.isenabled()
    gc.disable()
    try:
        for done in range(1, ROUNDS_IN_DOUBT + 1):
            # In turns, so that a neighbour's work slows both; the least of each is the nearest to the truth.
            large = min(large, _seconds(work, much))
            if large < NEGLIGIBLE_SECONDS:
                return
            small = min(small, _seconds(work, few))
            if done >= ROUNDS and large < bound * small:
                return
    finally:
        if collecting:
            gc.enable()
    raise AssertionError(
        f"{TIMES} times the material costs {large / small:.1f} times the processor time"
        f" ({small * 1000:.2f} ms at {size // TIMES}, {large * 1000:.2f} ms at {size});"
        f" {bound:g} times would be too much"
    )


def _seconds[Material](work: Callable[[Material], object], material: Material) -> float:
    """Processor time of one run, in this thread alone: nobody else's work counts."""
    runs = 0
    began = time.thread_time()
    while True:
        work(material)
        runs += 1
        passed = time.thread_time() - began
        if passed >= MEASURED_SECONDS:
            return passed / runs
