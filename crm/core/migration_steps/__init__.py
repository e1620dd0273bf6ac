"""Migrations that are too long to stand in the list. Each module is one, and is never changed once released."""
