"""What Rasa loads: our channel, processor, tracker store and NLU components. Runs on Python 3.10 in its own environment."""
