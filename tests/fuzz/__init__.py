"""Random bodies against every parser of what strangers send. `make fuzz` tries 100,000 of each."""
