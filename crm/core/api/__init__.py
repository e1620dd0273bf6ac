"""The typed REST API: handlers declare who may call them, what they take and what they answer.

A feature writes its routes as methods of a class and hands an instance to `ApiApplication.add`:

    class ContactRoutes:
        def __init__(self, *, contacts: ContactService) -> None: ...

        @endpoint("GET", "/api/contacts/{contact_id}", access=Access.VIEWER, response=ContactRead)
        async def read(self, principal: Principal, contact_id: ObjectId) -> RawDocument:
            return await self._contacts.read(principal.organization_id, contact_id)

Parameters are bound by name: `principal`, `body` and `query` (pydantic models), `upload` (a file that comes in), `request`,
`client` and the names in the path. What is declared is also the OpenAPI document.
"""

from crm.core.api.application import ApiApplication
from crm.core.api.endpoints import Endpoint, endpoint
from crm.core.api.fields import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.principal import Access, Authenticator, Principal, Role
from crm.core.api.replies import Reply
from crm.core.api.uploads import Upload

__all__ = [
    "Access",
    "ApiApplication",
    "Authenticator",
    "ChangeModel",
    "Endpoint",
    "Id",
    "Principal",
    "Reply",
    "RequestModel",
    "ResponseModel",
    "Role",
    "Upload",
    "endpoint",
    "not_given",
]
