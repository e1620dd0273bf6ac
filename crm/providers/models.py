"""The collections of what left the house, and their indexes.

`provider_calls` is the ledger: one document for each prompt that was about to leave, `provider_spend` what the calls of
an organization and month cost. Both are written raw: they stand in the way of every answer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.knowledge.letters import words
from crm.core.database import RawDocument

CALLS: Final = "provider_calls"
SPEND: Final = "provider_spend"

SENDING: Final = "sending"
DONE: Final = "done"
FAILED: Final = "failed"

KEPT: Final = timedelta(days=180)
"""How long an entry of the ledger is kept; sums of months stay."""
LOST_AFTER: Final = timedelta(minutes=10)
"""An entry still open then belongs to a process that died: the most it may have cost counts as spent."""
MAX_SEARCHED_WORDS: Final = 300

_SHOWN: Final = (
    "at",
    "purpose",
    "model",
    "host",
    "state",
    "conversation_id",
    "trial_id",
    "said",
    "input_tokens",
    "output_tokens",
    "cost",
    "currency",
    "error",
    "attempts",
    "elapsed_ms",
    "masked_prompt",
    "raw_answer",
)


def month_of(moment: datetime, organization: Mapping[str, Any]) -> str:
    """Return `2026-11`, by the organization's own clock."""
    zone = ZoneInfo(organization.get("timezone") or "UTC")
    return moment.astimezone(zone).strftime("%Y-%m")


def providers_allowed(organization: Mapping[str, Any]) -> bool:
    """Tell whether anything may leave for a provider; True unless the tenant forbids it."""
    return bool((organization.get("privacy") or {}).get("providers_allowed", True))


def call_read(document: RawDocument) -> RawDocument:
    """Return an entry as the privacy page shows it; of a row of the list what was read of it."""
    read: RawDocument = {name: document[name] for name in _SHOWN if name in document}
    return {"id": document.get("id", document.get("_id")), **read}


def searched(text: str) -> list[str]:
    """Return the folded words by which an entry is found; of single letters only figures: they number markers."""
    found = dict.fromkeys(word for word in words(text) if len(word) > 1 or word.isdecimal())
    return list(found)[:MAX_SEARCHED_WORDS]
