"""The CRM's ledger of what leaves for providers, as the action server reaches it."""

from actions.crm_client import CrmClient, CrmRejected, CrmUnavailable
from bot.answering.calls import ClosedCall, MarkersTakenError, OpenCall
from bot.answering.failures import ProviderError

REFUSALS = frozenset({"providers_forbidden", "spend_limit_reached"})


class CrmLedger:
    """Writes down what leaves in one conversation. Safe to repeat: the CRM knows a call by its key."""

    def __init__(self, crm: CrmClient, organization_id: str, conversation_id: str) -> None:
        self._crm = crm
        self._organization_id = organization_id
        self._conversation_id = conversation_id

    async def open(self, call: OpenCall) -> str:
        """Write down what is about to leave; see `bot.answering.calls.Ledger`."""
        body = {name: getattr(call, name) for name in OpenCall.__slots__}
        body["conversation_id"] = self._conversation_id
        try:
            opened = await self._crm.open_provider_call(self._organization_id, body)
        except CrmRejected as error:
            code = error.code if error.code in REFUSALS else "ledger_unavailable"
            raise ProviderError(code) from None
        except CrmUnavailable:
            raise ProviderError("ledger_unavailable") from None
        if opened["call_id"] is None:
            raise MarkersTakenError(opened["markers"])
        return str(opened["call_id"])

    async def close(self, call_id: str, result: ClosedCall) -> None:
        """Write down what came back."""
        body = {name: getattr(result, name) for name in ClosedCall.__slots__}
        await self._crm.close_provider_call(self._organization_id, call_id, body)
