"""The addresses of tasks."""

from bson import ObjectId

from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument
from crm.tasks.schemas import TaskCreate, TaskPage, TaskQuery, TaskRead, TaskUpdate
from crm.tasks.service import Tasks


class TaskRoutes:
    """Tasks."""

    def __init__(self, *, tasks: Tasks) -> None:
        self._tasks = tasks

    @endpoint("GET", "/api/tasks", access=Access.VIEWER, response=TaskPage)
    async def list(self, principal: Principal, query: TaskQuery) -> RawDocument:
        """List tasks."""
        return await self._tasks.list(principal.organization_id, query)

    @endpoint("POST", "/api/tasks", access=Access.OPERATOR, response=TaskRead, status=201)
    async def create(self, principal: Principal, body: TaskCreate) -> RawDocument:
        """Make a task."""
        return await self._tasks.create(
            principal.organization_id, body.model_dump(), actor=principal.actor
        )

    @endpoint("GET", "/api/tasks/{task_id}", access=Access.VIEWER, response=TaskRead)
    async def read(self, principal: Principal, task_id: ObjectId) -> RawDocument:
        """Read a task."""
        return await self._tasks.read(principal.organization_id, task_id)

    @endpoint("PATCH", "/api/tasks/{task_id}", access=Access.OPERATOR, response=TaskRead)
    async def update(
        self, principal: Principal, task_id: ObjectId, body: TaskUpdate
    ) -> RawDocument:
        """Change a task."""
        return await self._tasks.change(principal.organization_id, task_id, body, principal.actor)

    @endpoint("DELETE", "/api/tasks/{task_id}", access=Access.OPERATOR)
    async def delete(self, principal: Principal, task_id: ObjectId) -> None:
        """Delete a task."""
        await self._tasks.delete(principal.organization_id, task_id, principal.actor)
