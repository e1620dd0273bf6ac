"""How the assistant of an organization speaks, and a place to try it."""
