"""What must be right before the product can run: `aitys run` looks before it starts, `aitys doctor` tells all."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pymongo.errors import PyMongoError

from crm.cli.databases import reachable_database
from crm.cli.installation import Installation
from crm.cli.locks import holder_of
from crm.cli.mongod import check_mongod, find_mongod, is_free
from crm.cli.processes import StartError
from crm.core.database import Database
from crm.core.settings import Settings, SettingsError

NEEDED_BYTES = 512 * 1024**2
FIRST_OWN_PORT = 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        title: what.
        note: how it is, when it is right.
        trouble: a sentence on what is wrong, with the way out; empty when it is right.
    """

    title: str
    note: str = ""
    trouble: str = ""


def examine_installation(installation: Installation) -> Iterator[Finding]:
    """Look at what `make setup` makes."""
    again = "run `make setup`"
    if installation.engine_python.exists():
        yield Finding("Engine environment", "there")
    else:
        yield Finding("Engine environment", trouble=f"The engine is not installed: {again}.")
    if installation.has_model():
        yield Finding("Trained assistant", "there")
    else:
        yield Finding("Trained assistant", trouble=f"The assistant is not trained yet: {again}.")
    if (installation.console / "index.html").exists():
        yield Finding("Operator console", "there")
    else:
        yield Finding("Operator console", trouble=f"The console is not built yet: {again}.")


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Look at the MongoDB server's program, the data folder and the disk."""
    if settings.mongodb_uri is None:
        try:
            yield Finding("MongoDB server", f"version {check_mongod(find_mongod())}")
        except StartError as error:
            yield Finding("MongoDB server", trouble=str(error))
    yield _examine_folder(settings.data_dir)
    yield _examine_disk(settings.data_dir)


def examine_port(settings: Settings) -> Finding:
    """Look whether the web process can listen."""
    title = f"Port {settings.port}"
    if is_free(settings.host, settings.port):
        return Finding(title, "free")
    if settings.port < FIRST_OWN_PORT and os.geteuid() != 0:
        trouble = (
            f"Only the administrator may listen on port {settings.port}: set AITYS_PORT to {FIRST_OWN_PORT} or more, for"
            " example AITYS_PORT=8080, and put a reverse proxy in front."
        )
    else:
        trouble = (
            f"Port {settings.port} on {settings.host} is taken by another program, or the address is not this"
            " machine's: stop that program, or choose another port, for example AITYS_PORT"
            f"={min(settings.port + 1, 65_535)}."
        )
    return Finding(title, trouble=trouble)


async def examine_database(settings: Settings) -> Finding:
    """Look whether the database answers and can do what is needed; starts the embedded one for it when it stands still."""
    title = "Database"
    if settings.mongodb_uri is None and not (settings.data_dir / "db").exists():
        return Finding(title, "not made yet, the first start does it")
    try:
        async with reachable_database(settings) as ready:
            database = await Database.connect(ready)
            await database.close()
    except (StartError, SettingsError) as error:
        return Finding(title, trouble=str(error))
    except PyMongoError as error:
        return Finding(title, trouble=explain_unreachable(error))
    return Finding(title, "answers")


def examine_model(settings: Settings) -> Finding:
    """Tell which language model the installation has for tenants without one of their own, and what it may cost."""
    title = "Language model"
    if settings.llm_model is None:
        return Finding(title, "none of the installation's own: the bot quotes the documents")
    prices, limit = settings.llm_prices, settings.llm_monthly_limit
    if prices is None or limit is None:
        return Finding(
            title,
            f"{settings.llm_model}, without a spending limit (AITYS_LLM_PRICE, AITYS_LLM_MONTHLY_LIMIT)",
        )
    return Finding(
        title,
        f"{settings.llm_model}, at most {limit:g} {prices['currency']} a month for each tenant",
    )


def explain_unreachable(error: PyMongoError) -> str:
    """Return a sentence for a MongoDB that was set and does not answer."""
    reason = str(error).split(",", 1)[0]
    return f"The MongoDB of AITYS_MONGODB_URI cannot be used ({reason}): check the address, the user and that it runs."


async def examine_everything(settings: Settings, installation: Installation) -> list[Finding]:
    """Look at everything; whether Aitys is running now is no trouble."""
    findings = [
        *examine_installation(installation),
        *await asyncio.to_thread(lambda: list(examine_machine(settings))),
    ]
    findings.append(examine_model(settings))
    holder = holder_of(settings.data_dir)
    findings.append(
        Finding("Aitys", f"is running (process {holder})") if holder else examine_port(settings)
    )
    if not any(
        finding.trouble
        for finding in findings
        if finding.title in {"MongoDB server", "Data folder"}
    ):
        findings.append(await examine_database(settings))
    return findings


def _examine_folder(data_dir: Path) -> Finding:
    place = data_dir
    while not place.exists() and place != place.parent:
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Finding("Data folder", str(data_dir))
    return Finding(
        "Data folder",
        trouble=(
            f"The data folder {data_dir} cannot be written to: give {place} to the user who starts Aitys, or set"
            " AITYS_DATA_DIR to another folder."
        ),
    )


def _examine_disk(data_dir: Path) -> Finding:
    place = data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free >= NEEDED_BYTES:
        return Finding("Disk", f"{free / 1024**3:.1f} GB free")
    return Finding(
        "Disk",
        trouble=(
            f"Too little disk space: {NEEDED_BYTES // 1024**2} MB are needed in {place}, {free // 1024**2} MB are free;"
            " make room, or set AITYS_DATA_DIR to a folder on another disk."
        ),
    )
