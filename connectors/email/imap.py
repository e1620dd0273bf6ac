"""A mailbox over IMAP: as much of RFC 3501 as reading mails needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from connectors.email.errors import ImapError, imap_login_error
from connectors.email.imap_syntax import Quoted, Token, folder_bytes, folder_name
from connectors.email.imap_wire import COMMAND_SECONDS, RESPONSE_CODE, ImapWire
from crm.contract import RejectedError

CHUNK_BYTES: Final = 1_000_000
"""How much of a mail is asked for at a time: a slow line is no reason to begin anew."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder. ``uid_next`` is None where the server does not tell."""

    name: str
    uid_validity: int
    uid_next: int | None
    exists: int


@dataclass(frozen=True, slots=True)
class FolderEntry:
    r"""A folder of a mailbox, with its flags in small letters (``\\sent``)."""

    name: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that lies in a folder, before it is fetched."""

    uid: int
    size: int
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Storage:
    """How full a mailbox is, in bytes."""

    used: int
    limit: int


class ImapSession(ImapWire):
    """A connection as its mailbox is read through it."""

    async def log_in(self, username: str, password: str) -> None:
        """Raises AuthenticationFailedError, RetryableError, RejectedError."""
        try:
            if "AUTH=PLAIN" in self.capabilities:
                secret = f"\0{username}\0{password}".encode()
                await self._authenticate("PLAIN", secret)
            elif "LOGINDISABLED" in self.capabilities:
                raise RejectedError("tls_required", "The mailbox takes no password without TLS.")
            else:
                await self.command("LOGIN", username, password)
        except ImapError as error:
            raise imap_login_error(error) from None
        await self._learn_capabilities()

    async def log_in_with_token(self, username: str, token: str) -> None:
        """XOAUTH2 (https://developers.google.com/workspace/gmail/imap/xoauth2-protocol).

        Raises AuthenticationFailedError, RetryableError.
        """
        secret = f"user={username}\x01auth=Bearer {token}\x01\x01".encode()
        try:
            await self._authenticate("XOAUTH2", secret)
        except ImapError as error:
            raise imap_login_error(error) from None
        await self._learn_capabilities()

    async def examine(self, name: str) -> Folder:
        """Open a folder for reading only: no mail is marked as read. Raises ImapError."""
        self.exists = 0
        answers = await self.command("EXAMINE", folder_bytes(name))
        codes = _codes(answers)
        self.news = False
        validity = codes.get("UIDVALIDITY")
        if validity is None:
            raise ImapError("NO", "", "the folder has no UIDVALIDITY")
        return Folder(name, validity, codes.get("UIDNEXT"), self.exists)

    async def folders(self) -> list[FolderEntry]:
        """All folders."""
        found: list[FolderEntry] = []
        for answer in await self.command("LIST", "", "*"):
            match answer:
                case [b"*", b"LIST", list() as flags, _, bytes() | int() as name, *_]:
                    names = frozenset(
                        one.decode("ascii", "replace").lower()
                        for one in flags
                        if isinstance(one, bytes)
                    )
                    octets = name if isinstance(name, bytes) else str(name).encode()
                    found.append(FolderEntry(folder_name(octets), names))
                case _:
                    continue
        return found

    async def uids_after(self, uid: int) -> list[int]:
        """The UIDs in the open folder that are larger, in order."""
        # ``n:*`` always names at least the last mail, even where its UID is smaller.
        return [one for one in await self._search(f"UID {uid + 1}:*") if one > uid]

    async def uids_since(self, day: date) -> list[int]:
        """The UIDs of mails that arrived on this day or later, in order."""
        months = [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
        return await self._search(f"SINCE {day.day}-{months[day.month - 1]}-{day.year}")

    async def envelope(self, uid: int) -> Envelope | None:
        """A mail's size and when it arrived; None when it is gone."""
        items = await self._fetch(uid, "(UID RFC822.SIZE INTERNALDATE)")
        if items is None:
            return None
        size = items.get("RFC822.SIZE")
        return Envelope(
            uid, size if isinstance(size, int) else 0, _moment(items.get("INTERNALDATE"))
        )

    async def mail(self, uid: int, *, limit: int) -> bytes | None:
        """A mail's bytes, at most ``limit`` of them; None when it is gone. Not marked as read."""
        found = bytearray()
        while len(found) < limit:
            size = min(CHUNK_BYTES, limit - len(found))
            items = await self._fetch(uid, f"(UID BODY.PEEK[]<{len(found)}.{size}>)")
            if items is None:
                return None
            chunk = next((value for name, value in items.items() if name.startswith("BODY[")), None)
            if not isinstance(chunk, bytes):
                break
            found += chunk
            if len(chunk) < size:
                break
        return bytes(found)

    async def wait(self, seconds: float) -> None:
        """Wait until something is new in the open folder, or so long (IDLE, RFC 2177)."""
        if self.news:
            return
        tag = self._next_tag()
        await self._write(f"{tag} IDLE\r\n".encode())
        async with asyncio.timeout(COMMAND_SECONDS):
            answer = await self._answer()
            while answer[:1] != [b"+"]:
                self._check_tagged(answer, tag)
                self._note(answer)
                answer = await self._answer()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.news:
                    self._note(await self._answer(may_wait=True))
        await self._write(b"DONE\r\n")
        await self._until(tag)

    async def noop(self) -> None:
        """Learn what is new without waiting."""
        await self.command("NOOP")

    async def storage(self, folder: str) -> Storage | None:
        """How full the mailbox is (RFC 2087); None where it is not told."""
        if "QUOTA" not in self.capabilities:
            return None
        for answer in await self.command("GETQUOTAROOT", folder_bytes(folder)):
            match answer:
                case [b"*", b"QUOTA", _, list() as resources, *_]:
                    for place in range(0, len(resources) - 2, 3):
                        name, used, limit = resources[place : place + 3]
                        if name == b"STORAGE" and isinstance(used, int) and isinstance(limit, int):
                            return Storage(used * 1024, limit * 1024)
                case _:
                    continue
        return None

    async def _search(self, criteria: str) -> list[int]:
        found: set[int] = set()
        for answer in await self.command("UID SEARCH", raw=criteria):
            if answer[:2] == [b"*", b"SEARCH"]:
                found.update(one for one in answer[2:] if isinstance(one, int))
        return sorted(found)

    async def _fetch(self, uid: int, items: str) -> dict[str, Token] | None:
        for answer in await self.command("UID FETCH", raw=f"{uid} {items}"):
            match answer:
                case [b"*", int(), b"FETCH", list() as pairs]:
                    found = {
                        name.decode("ascii", "replace").upper(): pairs[place + 1]
                        for place, name in enumerate(pairs[:-1])
                        if place % 2 == 0 and isinstance(name, bytes)
                    }
                    if found.get("UID") == uid:
                        return found
                case _:
                    continue
        return None


def _codes(answers: Sequence[list[Token]]) -> dict[str, int]:
    """The numbers that stand in answers' response codes (``[UIDNEXT 4392]``)."""
    found: dict[str, int] = {}
    for answer in answers:
        octets = answer[2] if len(answer) > 2 and isinstance(answer[2], Quoted) else b""
        match = RESPONSE_CODE.match(octets)
        if match and (match[2] or b"").isdigit():
            found[match[1].decode("ascii", "replace").upper()] = int(match[2])
    return found


def _moment(value: Token) -> datetime | None:
    if not isinstance(value, bytes):
        return None
    try:
        moment = datetime.strptime(value.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return moment.astimezone(UTC)
