"""Providers of language models: which one, what left the house for it, what it cost, and what operators get of it."""
