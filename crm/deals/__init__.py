"""Deals on their way through the pipeline."""
