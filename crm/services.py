"""The services of the features, put together the same way in every process."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Connector
from crm.assistant.founding import AssistantFounding
from crm.channels.alerts import Alerts
from crm.channels.health import ConnectionHealth
from crm.channels.models import ChannelConnection
from crm.channels.records import ConnectionRecords
from crm.channels.service import Connections
from crm.channels.templates import Templates
from crm.contacts.duplicates import Duplicates
from crm.contacts.models import Contact
from crm.contacts.related import RelatedCollection
from crm.contacts.service import Contacts
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import init_documents
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.deals.models import Deal, Pipeline
from crm.deals.pipelines import Pipelines
from crm.deals.service import Deals
from crm.files.wiring import FileParts, build_files
from crm.inbox.news import message_updated
from crm.inbox.wiring import InboxParts, build_inbox
from crm.knowledge.service import Knowledge
from crm.tasks.models import Task
from crm.tasks.service import Tasks
from crm.team.accounts import Accounts
from crm.team.members import Members
from crm.team.models import Membership, Organization, User
from crm.team.organizations import Organizations
from crm.team.passwords import DEFAULT_ROUNDS, Passwords
from crm.team.sessions import Sessions

DOCUMENTS = (Organization, User, Membership, Contact, Pipeline, Deal, Task, ChannelConnection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What features may ask of one another."""

    sessions: Sessions
    accounts: Accounts
    organizations: Organizations
    members: Members
    contacts: Contacts
    duplicates: Duplicates
    pipelines: Pipelines
    deals: Deals
    tasks: Tasks
    connection_records: ConnectionRecords
    connections: Connections
    connection_health: ConnectionHealth
    templates: Templates
    connectors: Mapping[str, Connector]
    files: FileParts
    inbox: InboxParts
    knowledge: Knowledge


async def open_core(settings: Settings, database: Database) -> Core:
    """Put the core together over a connected, migrated database, and bind the documents to it."""
    await init_documents(database, DOCUMENTS)
    return Core.build(settings, database)


def build_services(
    core: Core, connectors: Mapping[str, Connector], *, password_rounds: int = DEFAULT_ROUNDS
) -> Services:
    """Wire the services. Nothing is started and nothing is connected to.

    Args:
        core: the parts below.
        connectors: the messengers of this installation by their channel.
        password_rounds: the cost of a password's hash; tests take the least.
    """
    database, events = core.database, core.events
    sessions = Sessions(database=database, hub=core.hub)
    passwords = Passwords(password_rounds)
    pipelines = Pipelines(database=database, events=events)
    tasks = Tasks(database=database, events=events)
    alerts = Alerts(database=database, tasks=tasks)
    records = ConnectionRecords(
        database=database,
        events=events,
        secrets=core.secrets,
        connectors=connectors,
        alert=alerts.alert,
    )
    public_url = core.settings.public_url
    connections = Connections(records=records, connectors=connectors, public_url=public_url)

    async def announce(message: RawDocument, session: Session) -> None:
        await events.append(message["organization_id"], [message_updated(message)], session)

    files = build_files(
        settings=core.settings,
        database=database,
        connectors=connectors,
        connection=records.load,
        note_failure=records.note_failure,
        announce=announce,
        tell_owners=alerts.alert_of_room,
    )
    contacts = Contacts(
        database=database,
        events=events,
        related=[*_of_contacts(database), files.pictures],
    )
    inbox = build_inbox(
        settings=core.settings,
        database=database,
        events=events,
        hub=core.hub,
        connectors=connectors,
        load_connection=records.load,
        find_accounts=records.of_accounts,
        files=files,
        note_failure=records.note_failure,
        renew=connections.renew,
        contacts=contacts,
    )
    return Services(
        sessions=sessions,
        accounts=Accounts(
            database=database,
            sessions=sessions,
            passwords=passwords,
            founding=[AssistantFounding(database=database)],
        ),
        organizations=Organizations(database=database, events=events),
        members=Members(database=database, events=events, sessions=sessions, passwords=passwords),
        contacts=contacts,
        duplicates=Duplicates(database=database, events=events),
        pipelines=pipelines,
        deals=Deals(database=database, events=events, pipelines=pipelines),
        tasks=tasks,
        connection_records=records,
        connections=connections,
        connection_health=ConnectionHealth(
            records=records, resume=connections.resume, inbox=inbox.gateway, public_url=public_url
        ),
        templates=Templates(records=records, events=events),
        connectors=connectors,
        files=files,
        inbox=inbox,
        knowledge=Knowledge(database=database, events=events),
    )


def _of_contacts(database: Database) -> list[RelatedCollection]:
    """Return what moves along when two contacts turn out to be one person."""
    return [
        RelatedCollection(
            database=database,
            collection="deals",
            kind="deal",
            moments={"created_at": "created", "closed_at": "closed"},
            title="title",
            keeps_contact=True,
        ),
        RelatedCollection(
            database=database,
            collection="tasks",
            kind="task",
            moments={"created_at": "created", "done_at": "done"},
            title="title",
            keeps_contact=False,
        ),
        RelatedCollection(
            database=database,
            collection="conversations",
            kind="conversation",
            moments={"created_at": "created"},
            title="last_message.text",
            keeps_contact=True,
            copied_name="contact_name",
        ),
    ]
