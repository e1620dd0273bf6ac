"""Proof that no personal datum leaves: a recording proxy stands between us and the provider.

`python -m tests.leaks` runs 1,000 conversations; a short form is among the tests.
"""
