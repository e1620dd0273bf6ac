"""Password hashes (bcrypt)."""

import asyncio
import base64
import hashlib
from functools import cached_property

import bcrypt

DEFAULT_ROUNDS = 12


class Passwords:
    """Makes and checks hashes in threads: one takes about 0.2 s of a core, which must not hold up others.

    Args:
        rounds: the cost as a power of two; tests take the least, 4.
    """

    def __init__(self, rounds: int = DEFAULT_ROUNDS) -> None:
        self._rounds = rounds
        # A flood of sign-ins may not take all threads of the process.
        self._slots = asyncio.Semaphore(4)

    async def hash(self, password: str) -> str:
        """Return the salted hash of a password."""
        async with self._slots:
            return await asyncio.to_thread(self._hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the password is the right one.

        Without a hash (nobody has that e-mail) it takes as long and answers no, so that time tells nothing.
        """
        async with self._slots:
            known = password_hash or self._nobodys_hash
            right = await asyncio.to_thread(bcrypt.checkpw, _digest(password), known.encode())
            return right and password_hash is not None

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hash("")

    def _hash(self, password: str) -> str:
        return bcrypt.hashpw(_digest(password), bcrypt.gensalt(self._rounds)).decode("ascii")


def _digest(password: str) -> bytes:
    """Bring a password of any length to the 72 bytes without NUL that bcrypt takes."""
    return base64.b64encode(hashlib.sha256(password.encode()).digest())
