"""Puts the files' services together, the same way in every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Connector
from crm.core.database import Database
from crm.core.settings import Settings
from crm.files.bringing import Bringing
from crm.files.checking import Checking
from crm.files.errors import FileInfected, FileTooLarge
from crm.files.fetching import Announce, Fetching, FetchPace, LoadConnection, NoteFailure
from crm.files.giving import Giving
from crm.files.keeping import Keeping
from crm.files.limits import FileLimits
from crm.files.links import Links
from crm.files.pictures import ContactPictures
from crm.files.scanning import Scanner, scanner_of
from crm.files.store import File, FileStore
from crm.files.strangers import Strangers
from crm.files.thumbnails import Thumbnails
from crm.files.usage import TellOwners


@dataclass(frozen=True, slots=True, kw_only=True)
class FileParts:
    """The files' services of one process."""

    store: FileStore
    checking: Checking
    keeping: Keeping
    fetching: Fetching
    giving: Giving
    links: Links
    pictures: ContactPictures


def build_files(
    *,
    settings: Settings,
    database: Database,
    connectors: Mapping[str, Connector],
    connection: LoadConnection,
    note_failure: NoteFailure,
    announce: Announce,
    tell_owners: TellOwners | None = None,
    limits: FileLimits | None = None,
    scanner: Scanner | None = None,
    pace: FetchPace | None = None,
) -> FileParts:
    """Wire the files. Nothing is started and nothing is connected to.

    Args:
        settings: name limits and scanner, unless these are given.
        database: where files are kept.
        connectors: the messengers by their channel.
        connection: a connection by its id, with its credentials.
        note_failure: told when a platform refuses us.
        announce: tells consoles how a message looks now.
        tell_owners: tells them that their room runs out.
        limits: of files.
        scanner: that looks at files.
        pace: of fetching.
    """
    store = FileStore(
        database=database, limits=limits or FileLimits.of(settings), tell_owners=tell_owners
    )
    links = Links(settings=settings)

    async def refused(file: File, refusal: FileInfected | FileTooLarge) -> None:
        await fetching.refused(file, refusal)

    checking = Checking(
        store=store,
        scanner=scanner or scanner_of(settings.virus_scan),
        thumbnails=Thumbnails(),
        on_refused=refused,
    )
    strangers = Strangers(database=database, limits=store.limits)
    keeping = Keeping(store=store, checking=checking, strangers=strangers)
    fetching = Fetching(
        database=database,
        bringing=Bringing(store=store, keeping=keeping),
        connectors=connectors,
        connection=connection,
        note_failure=note_failure,
        announce=announce,
        pace=pace or FetchPace(),
    )
    return FileParts(
        store=store,
        checking=checking,
        keeping=keeping,
        fetching=fetching,
        giving=Giving(store=store, links=links),
        links=links,
        pictures=ContactPictures(database=database, store=store),
    )
