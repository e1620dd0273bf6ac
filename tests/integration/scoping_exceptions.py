"""What of the product reaches beyond one organization, each with its reason."""

from collections.abc import Mapping
from typing import Final

NO_TENANTS: Final = (
    "organizations",  # one a document
    "users",  # may belong to several
    "sessions",  # a user's, who may change between organizations
    "rate_limits",  # of addresses and accounts
    "migrations",
    "demo_steps",
    "taskiq",
    "paces",  # of chats, connections and organizations, whose ids are in the keys
    "knowledge_files.",  # GridFS names the organization in the metadata; see `Originals.read`
    "media.chunks",  # pieces of a file, by the file's id, which `media.files` gives
)
"""Beginnings of names of collections whose documents belong to no single organization."""

FIELDS: Final[Mapping[str, str]] = {
    # One document an organization, by the organization's own id:
    "assistant_drafts": "_id",
    "knowledge_embedded": "_id",
    "knowledge_versions": "_id",
    "media_usage": "_id",
    # GridFS keeps what the product knows of a file there:
    "media.files": "metadata.organization_id",
}
"""Where a collection's documents name their organization, when it is not `organization_id`."""

_MEMBERSHIPS: Final = "Which organizations a person belongs to is asked before there is one."
_LEFT: Final = (
    "A sweep looks in all organizations for what waits or was left, and goes on in that one."
)
_CONNECTION: Final = "A platform names the connection, and that the organization."
_ACCOUNT: Final = "An account of a platform serves one connection of the whole installation."
_POLLED: Final = "Whoever polls holds the connections of all organizations, each by its id."
_LINKED: Final = "A signed link names the file: whoever has it may read it."
_HELD: Final = "A conversation and its messages, by ids that the turn, delivery or handover under way has loaded."

ACROSS: Final[Mapping[str, str]] = {
    "crm/team/accounts.py:Accounts.describe": _MEMBERSHIPS,
    "crm/team/accounts.py:Accounts.sign_in": _MEMBERSHIPS,
    "crm/demo/company.py:owner": _MEMBERSHIPS,
    "crm/assistant/suites/places.py:Places._waiting": _LEFT,
    "crm/knowledge/ingestion.py:Ingestion._claim_next": _LEFT,
    "crm/providers/ledger.py:ProviderLedger.settle_lost": _LEFT,
    "crm/channels/health.py:ConnectionHealth._claim": _LEFT,
    "crm/channels/records.py:ConnectionRecords.load": _CONNECTION,
    "crm/channels/records.py:ConnectionRecords.of_accounts": _CONNECTION,
    "crm/channels/service.py:Connections._check_free": _ACCOUNT,
    "crm/channels/templates.py:Templates._claim": _LEFT,
    "crm/files/checking.py:Checking.sweep": _LEFT,
    "crm/files/fetching.py:Fetching._claim": _LEFT,
    "crm/files/store.py:FileStore.clean_up": _LEFT,
    "crm/files/store.py:FileStore.linked": _LINKED,
    "crm/files/usage.py:Usage.count_anew": _LEFT,
    "crm/files/usage.py:Usage.tell": _LEFT,
    "crm/inbox/asking.py": _HELD,
    "crm/inbox/away.py:Away.sweep": _LEFT,
    "crm/inbox/claims.py:Claims.due": _LEFT,
    "crm/inbox/claims.py:Claims.next": _HELD,
    "crm/inbox/claims.py:Claims.wake": _LEFT,
    "crm/inbox/handover.py": _HELD,
    "crm/inbox/leases.py": _HELD,
    "crm/inbox/polling.py": _POLLED,
    "crm/inbox/store.py": _HELD,
    "crm/inbox/summary.py": _HELD,
    "crm/inbox/turns.py": _HELD,
}
"""By module, or by module and function."""
