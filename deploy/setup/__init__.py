"""Set-up of a fresh machine: `python3 -m deploy.setup`, called by `make setup`.

Runs on the machine's own Python (3.9 or newer) before anything is installed, so it uses the standard library only.
"""
