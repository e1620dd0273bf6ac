"""Reading a mailbox: every mail once, whatever breaks in between.

What was taken in is noted by (UIDVALIDITY, UID) after the inbox has stored it. When a server gives
its folder a new UIDVALIDITY, all UIDs are new: mails since the last look are gone through again,
and those that are known by their Message-ID change nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final

from connectors.email.client import Servers
from connectors.email.config import EmailConfig
from connectors.email.errors import ImapError, imap_error
from connectors.email.imap import Envelope, Folder, ImapSession
from connectors.email.reception import give_up_on, take_in, take_in_sent
from crm.contract import Connection, Inbox

_log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 240.0
"""Shorter than the 29 minutes of RFC 2177: routers forget silent connections sooner."""
WATCHING_SECONDS: Final = 90.0
"""How soon what people sent elsewhere is looked for."""
POLL_SECONDS: Final = 30.0
"""How often a server without IDLE is asked."""
TRIES: Final = 4
"""So often one mail may end a session or be refused by the inbox before it is passed over."""
HEAD_BYTES: Final = 256_000
"""How much of a mail over the limit is read."""
SMALL_BYTES: Final = 1_000_000
"""Mails up to this size lie in memory while they are fetched, larger ones on the disk."""
_LONGEST_PAUSE_SECONDS: Final = 30.0
_HISTORY: Final[Mapping[str, int]] = {"none": 0, "day": 1, "week": 7, "month": 31}


class Desk:
    """Where mails of all mailboxes are opened: few at a time, for one takes up to eight times its size.

    The large ones wait for each other only.
    """

    def __init__(self, *, small: int = 8, large: int = 2) -> None:
        self._small = asyncio.Semaphore(small)
        self._large = asyncio.Semaphore(large)

    def place(self, size: int) -> asyncio.Semaphore:
        """What to hold while a mail of this size is in memory."""
        return self._large if size > SMALL_BYTES else self._small


type State = dict[str, Any]
type Sleep = Callable[[float], Awaitable[None]]
type Noted = Callable[[int], None]


class Mailbox:
    """Reads one connection's mailbox until it is cancelled or something breaks."""

    def __init__(
        self,
        *,
        servers: Servers,
        connection: Connection,
        config: EmailConfig,
        inbox: Inbox,
        noted: Noted,
        desk: Desk,
        idle_seconds: float = IDLE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._servers = servers
        self._connection = connection
        self._config = config
        self._inbox = inbox
        self._noted = noted
        self._desk = desk
        self._idle_seconds = idle_seconds
        self._poll_seconds = poll_seconds
        self._sleep = sleep
        self._state: State = {}
        self._idle_refused = False

    async def read(self) -> None:
        """Read until cancelled.

        Raises:
            ConnectorError: the session broke; begin again.
        """
        await self._recall()
        async with self._servers.imap(self._config) as session:
            sent = await self._sent_folder(session) if self._config.watch_sent else None
            while True:
                if sent is not None:
                    await self._look(session, sent, sent=True)
                await self._look(session, self._config.folder, sent=False)
                await self._wait(session)

    async def _wait(self, session: ImapSession) -> None:
        if "IDLE" not in session.capabilities or self._idle_refused:
            await self._sleep(self._poll_seconds)
            return
        watching = min(self._idle_seconds, WATCHING_SECONDS)
        try:
            await session.wait(watching if self._config.watch_sent else self._idle_seconds)
        except ImapError as error:
            if error.status == "BYE":
                raise
            self._idle_refused = True  # it is offered, and not meant

    async def _sent_folder(self, session: ImapSession) -> str | None:
        """The folder of sent mails, where the server names it (RFC 6154)."""
        try:
            entries = await session.folders()
        except ImapError:
            return None
        return next((one.name for one in entries if "\\sent" in one.flags), None)

    async def _look(self, session: ImapSession, name: str, *, sent: bool) -> None:
        """Take in what is new in a folder."""
        try:
            folder = await session.examine(name)
        except ImapError as error:
            if sent:
                return
            raise imap_error(error) from error
        key = f"sent:{name}" if sent else f"in:{name}"
        place = self._state["folders"].get(key)
        if place is None:
            uids, place = await self._begin(session, folder, sent=sent)
            self._state["folders"][key] = place
            await self._note()
        elif place["validity"] != folder.uid_validity:
            uids, place = await self._begin_anew(session, folder, place)
            self._state["folders"][key] = place
            await self._note()
        elif folder.uid_next is not None and folder.uid_next <= place["uid"] + 1:
            uids = []
        else:
            uids = await session.uids_after(place["uid"])
        for uid in uids:
            await self._take(session, uid, place, sent=sent)
        self._noted(place["uid"])

    async def _begin(
        self, session: ImapSession, folder: Folder, *, sent: bool
    ) -> tuple[list[int], State]:
        """Where to begin in a folder that is read for the first time: with what is new from now on.

        From now on means since the settings were checked; the check has noted where the folder ended.
        """
        moment = datetime.now(UTC)
        account = self._connection.account
        checked: Mapping[str, Any] = account.data if account else {}
        days = 0 if sent else _HISTORY[self._config.history]
        if days:
            uids = await session.uids_since((moment - timedelta(days=days)).date())
            place = _place(folder, await self._last_before(session, folder, uids), moment)
            place["backfill_until"] = uids[-1] if uids else 0
            return uids, place
        here = (checked.get("validity"), checked.get("folder"))
        if not sent and here == (folder.uid_validity, folder.name):
            last = int(checked.get("uid") or 0)
            return await session.uids_after(last), _place(folder, last, moment)
        return [], _place(folder, await self._last_before(session, folder, []), moment)

    async def _begin_anew(
        self, session: ImapSession, folder: Folder, place: State
    ) -> tuple[list[int], State]:
        """Go through what arrived since the last look, and a little before."""
        _log.warning("folder of connection %s has a new UIDVALIDITY", self._connection.id)
        seen_at: datetime = place["seen_at"]
        uids = await session.uids_since((seen_at - timedelta(days=2)).date())
        renewed = _place(folder, await self._last_before(session, folder, uids), seen_at)
        renewed["begun_at"] = place["begun_at"]
        renewed["renewed_until"] = uids[-1] if uids else 0
        return uids, renewed

    @staticmethod
    async def _last_before(session: ImapSession, folder: Folder, uids: list[int]) -> int:
        """The UID behind which is what will be read: that before ``uids``, else the folder's last."""
        if uids:
            return uids[0] - 1
        if folder.uid_next is not None:
            return folder.uid_next - 1
        return await session.last_uid()

    async def _take(self, session: ImapSession, uid: int, place: State, *, sent: bool) -> None:
        """Take in one mail, and note it.

        That it is tried is noted before: a mail at which this process dies does not kill it for ever.
        """
        tries = place["tries"] + 1 if place["trying"] == uid else 1
        place |= {"trying": uid, "tries": tries}
        await self._note()
        if tries <= TRIES:
            envelope = await session.envelope(uid)
            if envelope is not None:
                # A server may give it slowly: meanwhile it takes no memory.
                with tempfile.SpooledTemporaryFile(SMALL_BYTES) as file:
                    if await self._fetch(session, envelope, file):
                        await self._hand_over(file, envelope, place, sent=sent)
        elif not sent:
            _log.error("mail %s of connection %s cannot be read", uid, self._connection.id)
            name = f"{place['validity']}.{uid}".encode()
            await self._persist(
                lambda: give_up_on(name, inbox=self._inbox, connection=self._connection)
            )
        place |= {"uid": uid, "trying": None, "tries": 0, "seen_at": datetime.now(UTC)}
        await self._note()

    async def _fetch(self, session: ImapSession, envelope: Envelope, file: IO[bytes]) -> bool:
        limit = self._config.max_megabytes * 1_000_000
        whole = envelope.size <= limit
        return await session.copy(envelope.uid, file, limit=limit if whole else HEAD_BYTES)

    async def _hand_over(
        self, file: IO[bytes], envelope: Envelope, place: State, *, sent: bool
    ) -> None:
        renewed = envelope.uid <= place["renewed_until"]
        inbox, connection, config = self._inbox, self._connection, self._config
        turn = self._desk.place(file.tell())

        def read() -> bytes:
            file.seek(0)
            return file.read()

        async def take() -> None:
            async with turn:
                if sent:
                    await take_in_sent(read(), inbox=inbox, connection=connection, config=config)
                    return
                await take_in(
                    read(),
                    inbox=inbox,
                    connection=connection,
                    config=config,
                    size=envelope.size,
                    received_at=envelope.received_at,
                    backfilled=envelope.uid <= place["backfill_until"],
                    not_before=place["begun_at"] if renewed else None,
                )

        async def give_up() -> None:
            if not sent:
                async with turn:
                    await give_up_on(read(), inbox=inbox, connection=connection)

        await self._persist(take, give_up)

    async def _persist(
        self,
        work: Callable[[], Awaitable[None]],
        otherwise: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Do it until the inbox takes it.

        When it fails again and again, and what is to be done otherwise does not, the fault is this
        mail's and not the database's.
        """
        failures = 0
        while True:
            try:
                await work()
            except Exception as error:  # nothing may be passed over that is not stored
                failures += 1
                _log.error("inbox unavailable while reading mail: %s", type(error).__name__)
            else:
                return
            if otherwise is not None and failures >= TRIES:
                with contextlib.suppress(Exception):
                    await otherwise()
                    return
            await self._sleep(min(2.0 ** (failures - 1), _LONGEST_PAUSE_SECONDS))

    async def _recall(self) -> None:
        account = f"{self._config.login}@{self._config.imap_host}"
        found: list[Mapping[str, Any]] = []

        async def ask() -> None:
            found.append(await self._inbox.state(self._connection))

        await self._persist(ask)
        known = found[0]
        folders = known.get("folders", ()) if known.get("account") == account else ()
        self._state = {
            "account": account,
            "folders": {place["name"]: _recalled(place) for place in folders},
        }

    async def _note(self) -> None:
        # A dot or a dollar may stand in a folder's name: names are values here, not keys.
        folders = [{**place, "name": name} for name, place in self._state["folders"].items()]
        state = {"account": self._state["account"], "folders": folders}
        await self._persist(lambda: self._inbox.note_state(self._connection, state))


def _place(folder: Folder, uid: int, moment: datetime) -> State:
    """How far a folder was read: up to this UID."""
    return {
        "validity": folder.uid_validity,
        "uid": uid,
        "begun_at": moment,
        "seen_at": moment,
        "trying": None,
        "tries": 0,
        "backfill_until": 0,
        "renewed_until": 0,
    }


def _recalled(place: Mapping[str, Any]) -> State:
    return {
        name: value.replace(tzinfo=UTC)
        if isinstance(value, datetime) and value.tzinfo is None
        else value
        for name, value in place.items()
    }
