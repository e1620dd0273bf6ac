"""The guard against blow-up lets pass what grows with its material, and nothing that grows with its square."""

import pytest

from tests.support.growth import assert_gentle_growth


def in_proportion(size: int) -> int:
    return sum(1 for _ in range(size * 100))


def squared(size: int) -> int:
    return sum(1 for _ in range(size) for _ in range(size))


def test_what_grows_in_proportion_passes() -> None:
    assert_gentle_growth(in_proportion, int, 1_000)


def test_what_grows_with_the_square_fails_with_both_figures() -> None:
    with pytest.raises(AssertionError, match=r"4 times .* ms at 250, .* ms at 1000\)"):
        assert_gentle_growth(squared, int, 1_000)


def test_what_should_hardly_grow_is_held_to_it() -> None:
    with pytest.raises(AssertionError, match="2 times would be too much"):
        assert_gentle_growth(in_proportion, int, 1_000, bound=2)
