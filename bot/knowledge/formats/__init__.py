"""Bytes of a file -> sections: one module a format. Pure, and meant to run where it can be killed: files are hostile."""
