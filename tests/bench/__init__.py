"""Measurements against the plain alternatives, side by side in one run: `python -m tests.bench --help`."""
