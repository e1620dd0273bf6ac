"""What every feature stands on: settings, database, migrations, events, errors, the typed API.

Nothing here imports a feature.
"""
