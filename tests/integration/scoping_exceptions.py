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
    "knowledge_files.",  # GridFS names the organization in the metadata; see `Originals.read`
)
"""Beginnings of names of collections whose documents belong to no single organization."""

KEYED: Final = frozenset({"assistant_drafts", "knowledge_versions", "knowledge_embedded"})
"""One document an organization, by the organization's own id."""

_MEMBERSHIPS: Final = "Which organizations a person belongs to is asked before there is one."
_LEFT: Final = (
    "A sweep looks in all organizations for what waits or was left, and goes on in that one."
)
_CONNECTION: Final = "A platform names the connection, and that the organization."
_HELD: Final = "A conversation and its messages, by ids that the turn, delivery or handover under way has loaded."

ACROSS: Final[Mapping[str, str]] = {
    "crm/team/accounts.py:Accounts.describe": _MEMBERSHIPS,
    "crm/team/accounts.py:Accounts.sign_in": _MEMBERSHIPS,
    "crm/assistant/suites/places.py:Places._waiting": _LEFT,
    "crm/knowledge/ingestion.py:Ingestion._claim_next": _LEFT,
    "crm/providers/ledger.py:ProviderLedger.settle_lost": _LEFT,
    "crm/channels/service.py:Connections.load": _CONNECTION,
    "crm/channels/service.py:Connections.note_failure": _CONNECTION,
    "crm/inbox/asking.py": _HELD,
    "crm/inbox/chat.py": _HELD,
    "crm/inbox/desk.py:Desk.write": _HELD,
    "crm/inbox/gateway.py": _CONNECTION,
    "crm/inbox/handover.py": _HELD,
    "crm/inbox/leases.py": _HELD,
    "crm/inbox/outbox.py": _HELD,
    "crm/inbox/store.py": _HELD,
    "crm/inbox/summary.py": _HELD,
    "crm/inbox/turns.py": _HELD,
}
"""By module, or by module and function."""
