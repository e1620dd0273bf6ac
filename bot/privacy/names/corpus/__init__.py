"""Synthetic chat messages with and without names, to train on. Nothing here is needed when the product runs."""
