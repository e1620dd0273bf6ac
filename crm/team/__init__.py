"""Organizations, people, memberships and sign-in."""
