"""The `aitys` command: starts the product, looks after its processes, and tells what is wrong with a machine."""
