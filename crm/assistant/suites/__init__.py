"""Proof before publishing: test suites, replays of real conversations, their runs, and the gate."""
