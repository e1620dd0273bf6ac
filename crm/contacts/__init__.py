"""The people a company talks to."""
