"""What the product does when its parts die, hang or come late. `python -m tests.faults` is the long form."""
