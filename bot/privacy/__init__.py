"""What keeps people out of the texts that a language model's provider sees.

`masking.Masking` replaces personal identifiers with typed, numbered markers and puts them back afterwards.
Nothing here talks to a network.
"""
