"""The addresses of trials."""

from crm.assistant.history import AssistantHistory
from crm.assistant.trial_schemas import TrialRead, TrialSay, TrialStart, TrialTurnRead
from crm.assistant.trial_store import TrialBusy, TrialFull
from crm.assistant.trials import TrialFailed, Trials
from crm.assistant.why import Explanations
from crm.core.api import Access, Id, Principal, endpoint
from crm.core.database import RawDocument
from crm.core.errors import NotFound

_TRIAL = "/api/assistant/trials/{trial_id}"


class TrialRoutes:
    """Talking to the assistant without consequences."""

    def __init__(
        self, *, trials: Trials, history: AssistantHistory, explanations: Explanations
    ) -> None:
        self._trials = trials
        self._history = history
        self._explanations = explanations

    @endpoint(
        "POST",
        "/api/assistant/trials",
        access=Access.ADMIN,
        response=TrialRead,
        status=201,
        errors=[NotFound],
    )
    async def start_trial(self, principal: Principal, body: TrialStart) -> RawDocument:
        """Begin a trial."""
        content, knowledge_version, version = await self._history.target(
            principal.organization_id, body.target
        )
        trial_id = await self._trials.start(
            principal.organization_id,
            content=content,
            knowledge_version=knowledge_version,
            version=version,
            language=body.language,
        )
        return await self._read(principal, trial_id)

    @endpoint("GET", _TRIAL, access=Access.ADMIN, response=TrialRead)
    async def read_trial(self, principal: Principal, trial_id: Id) -> RawDocument:
        """Read a trial."""
        return await self._read(principal, trial_id)

    @endpoint(
        "POST",
        _TRIAL + "/messages",
        access=Access.ADMIN,
        response=TrialTurnRead,
        errors=[TrialBusy, TrialFailed, TrialFull],
    )
    async def say_in_trial(self, principal: Principal, trial_id: Id, body: TrialSay) -> RawDocument:
        """Say something to the assistant."""
        turn = await self._trials.say(
            principal.organization_id, trial_id, body.text, payload=body.payload
        )
        return await self._shown(principal, turn.document())

    async def _read(self, principal: Principal, trial_id: Id) -> RawDocument:
        trial = await self._trials.read(principal.organization_id, trial_id)
        names = ("version", "knowledge_version", "language", "created_at")
        turns = [await self._shown(principal, turn) for turn in trial["turns"]]
        return {"id": trial["_id"], **{name: trial[name] for name in names}, "turns": turns}

    async def _shown(self, principal: Principal, turn: RawDocument) -> RawDocument:
        """Return a turn with its passages' texts: a trace holds their ids and scores only."""
        for reply in turn["replies"]:
            trace = reply["trace"]
            if trace.get("passages"):
                trace["passages"] = await self._explanations.passages(
                    principal.organization_id, trace
                )
        return turn
