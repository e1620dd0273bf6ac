"""Starts the whole product on one machine, keeps it running, and stops it in order."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from pydantic import SecretStr
from pymongo.errors import PyMongoError

from crm.cli.checks import (
    examine_installation,
    examine_machine,
    examine_port,
    explain_unreachable,
)
from crm.cli.installation import Installation
from crm.cli.locks import data_folder_lock
from crm.cli.mongod import EmbeddedMongod, free_port
from crm.cli.processes import Process, Program, StartError
from crm.cli.programs import (
    actions_program,
    engine_program,
    is_loopback,
    phones_program,
    web_program,
    worker_program,
)
from crm.cli.terminal import Terminal
from crm.core.database import Database
from crm.core.errors import DomainError
from crm.core.migrations import migrate
from crm.core.settings import Settings, SettingsError
from crm.demo.phones import connect_phones
from crm.demo.seed import DemoAccess, seed_demo

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
PREDECESSOR_PATIENCE_SECONDS = 10.0

# Nothing new comes in first; what runs ends next; the database, which all of them need, last.
STOP_ORDER: tuple[tuple[str, ...], ...] = (
    ("web",),
    ("worker",),
    ("engine", "actions"),
    ("phones",),
    ("mongod",),
)


class Supervisor:
    """The product's processes on this machine.

    Args:
        settings: the whole product's settings; without a MongoDB address the embedded one is started.
        installation: what to start.
        terminal: where it is told how it goes.
        with_phones: start the messengers' fakes, too, and connect the demo company to them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        installation: Installation,
        terminal: Terminal,
        with_phones: bool = False,
    ) -> None:
        self.settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute()})
        self.demo: DemoAccess | None = None
        self.phones_url: str | None = None
        self.processes: dict[str, Process] = {}
        self._with_phones = with_phones
        self._installation = installation
        self._terminal = terminal
        self._keepers: list[asyncio.Task[None]] = []
        self._held = ExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything, and return when all of it works.

        Raises:
            StartError: something is wrong; call `stop` then.
        """
        await self._look_first()
        self._held.enter_context(data_folder_lock(self.settings.data_dir))
        if self.settings.mongodb_uri is None:
            with self._terminal.timed("Database"):
                await self._start_mongod()
        if self._with_phones:
            with self._terminal.timed("Phones"):
                await self._start_phones()
        await self._prepare_database()
        self._choose_internal_addresses()
        await self._start_processes()

    async def keep(self) -> None:
        """Start again whatever ends, until cancelled."""
        self._keepers = [asyncio.create_task(self._keep(p)) for p in self.processes.values()]
        await asyncio.gather(*self._keepers)

    async def stop(self) -> None:
        """End everything in order, what does not end by itself by force."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for names in STOP_ORDER:
            stopping = [self.processes[name] for name in names if name in self.processes]
            await asyncio.gather(*(process.stop() for process in stopping))
        self._held.close()

    def kill(self) -> None:
        """End everything at once."""
        for process in self.processes.values():
            process.kill()

    async def _look_first(self) -> None:
        troubles = [
            finding.trouble
            for finding in [
                *examine_installation(self._installation),
                *await asyncio.to_thread(lambda: list(examine_machine(self.settings))),
            ]
            if finding.trouble
        ]
        if not troubles:
            troubles = await self._port_troubles()
        if troubles:
            raise StartError("\n".join(troubles))

    async def _port_troubles(self) -> list[str]:
        """Give a predecessor that was just ended a moment to let go of the port."""
        give_up_at = time.monotonic() + 2.0
        while (trouble := examine_port(self.settings).trouble) and time.monotonic() < give_up_at:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.1)
        return [trouble] if trouble else []

    async def _start_mongod(self) -> None:
        server = EmbeddedMongod(self.settings.data_dir)
        await server.wait_for_predecessor(PREDECESSOR_PATIENCE_SECONDS)
        await self._add(server.prepare()).start()
        self.settings = self.settings.model_copy(update={"mongodb_uri": SecretStr(server.uri)})

    async def _start_phones(self) -> None:
        """Start the fakes, and let all else take them for the messengers."""
        names = ("port", "telegram", "whatsapp", "instagram")
        ports = {name: free_port() for name in names}
        await self._add(phones_program(self.settings, self._installation, ports)).start()
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self.phones_url = urls["port"]
        self.settings = self.settings.model_copy(
            update={
                "telegram_api_url": urls["telegram"],
                "graph_api_url": urls["whatsapp"],
                "instagram_api_url": urls["instagram"],
            }
        )

    async def _connect_phones(self, database: Database, url: str) -> None:
        if self.demo is None:
            raise StartError(
                "The phones need the demo company, and this database holds another one: "
                "set AITYS_DATA_DIR to an empty folder."
            )
        try:
            with self._terminal.timed("Demo channels"):
                await connect_phones(self.settings, database, url)
        except DomainError as error:
            raise StartError(f"The demo company's channels cannot be connected: {error}") from None

    async def _prepare_database(self) -> None:
        try:
            database = await Database.connect(self.settings)
        except SettingsError as error:
            raise StartError(str(error)) from None
        except PyMongoError as error:
            raise StartError(explain_unreachable(error)) from None
        try:
            with self._terminal.timed("Migrations"):
                await migrate(database)
            if self.settings.demo:
                with self._terminal.timed("Demo company"):
                    self.demo = await seed_demo(self.settings, database)
            if self.phones_url is not None:
                await self._connect_phones(database, self.phones_url)
        finally:
            await database.close()

    def _choose_internal_addresses(self) -> None:
        chosen = {
            name: f"http://127.0.0.1:{free_port()}"
            for name in ("engine_url", "actions_url")
            if name not in self.settings.model_fields_set
        }
        self.settings = self.settings.model_copy(update=chosen)

    async def _start_processes(self) -> None:
        settings, installation = self.settings, self._installation
        programs = [web_program(settings, installation), worker_program(settings, installation)]
        if is_loopback(settings.actions_url):
            programs.append(actions_program(settings, installation))
        if is_loopback(settings.engine_url):
            programs.append(engine_program(settings, installation))
        starts = [asyncio.create_task(self._start_one(program)) for program in programs]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def _start_one(self, program: Program) -> None:
        with self._terminal.timed(program.name.capitalize()):
            await self._add(program).start()

    def _add(self, program: Program) -> Process:
        def alarm(line: str) -> None:
            self._terminal.doubtful(f"{program.name}: {line[:300]}")

        process = Process(program, logs=self.logs, alarm=alarm)
        self.processes[program.name] = process
        return process

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.settings.data_dir / "logs"

    async def _keep(self, process: Process) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            obituary = await process.brief_obituary()
            if time.monotonic() - began > HEALTHY_AFTER_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._terminal.bad(f"{obituary} It is started again.")
            process.kill()  # what it started itself must not stand in the way of the next one
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                await process.start()
            except StartError:
                continue  # it is told at the top, and tried again after a longer pause
            self._terminal.good(f"{process.program.name.capitalize()} works again")


def announcement(supervisor: Supervisor, terminal: Terminal) -> Sequence[str]:
    """Return the lines that end a successful start: where to go."""
    settings = supervisor.settings
    lines = ["", f"Aitys is ready: {terminal.strong(settings.public_url)}", ""]
    if supervisor.demo is not None:
        lines += [
            f"  Demo sign-in   {supervisor.demo.email}   password: {supervisor.demo.password}",
            f"  Demo shop      {settings.public_url}{supervisor.demo.shop_path}",
        ]
    if supervisor.phones_url is not None:
        lines.append(f"  Demo phones    {supervisor.phones_url}")
    lines += [f"  Logs           {supervisor.logs}", "", "Ctrl-C stops it."]
    return lines
