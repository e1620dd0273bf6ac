"""Times as customers write them, in Russian, Kazakh and English, and back into words."""
