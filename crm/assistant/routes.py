"""The assistant's addresses."""

from crm.assistant.schemas import AssistantRead, AssistantUpdate, TestAnswer, TestRequest
from crm.assistant.service import Assistants
from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument


class AssistantRoutes:
    """The persona and the test chat."""

    def __init__(self, *, assistants: Assistants) -> None:
        self._assistants = assistants

    @endpoint("GET", "/api/assistant", access=Access.VIEWER, response=AssistantRead)
    async def read(self, principal: Principal) -> RawDocument:
        """Read the assistant's persona."""
        return await self._assistants.read(principal.organization_id)

    @endpoint("PATCH", "/api/assistant", access=Access.ADMIN, response=AssistantRead)
    async def update(self, principal: Principal, body: AssistantUpdate) -> RawDocument:
        """Change the assistant's persona."""
        return await self._assistants.change(
            principal.organization_id, body.given(), actor=principal.actor
        )

    @endpoint("POST", "/api/assistant/test", access=Access.ADMIN, response=TestAnswer)
    async def test(self, principal: Principal, body: TestRequest) -> RawDocument:
        """Try a question on the assistant."""
        return await self._assistants.test(
            principal.organization_id,
            text=body.text,
            language=body.language,
            history=[turn.model_dump() for turn in body.history],
        )
