"""Channels that can be connected, and those that are."""
