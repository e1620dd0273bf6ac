"""Messengers: one folder each, all alike. See ``connectors.base``."""
