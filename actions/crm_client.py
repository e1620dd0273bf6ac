"""The CRM's internal API, as the skills use it.

Every write carries a `source_key`, by which the CRM does it once however often it is asked. That makes
retrying safe, here and when the whole turn is run again.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 6.0
ATTEMPT_SECONDS = 3.0
FIRST_PAUSE_SECONDS = 0.1
JSON = dict[str, Any]


class CrmUnavailable(Exception):
    """The CRM did not answer in time; nothing is known of the write. The turn must be tried again."""


class CrmRejected(Exception):
    """The CRM refused a request; trying it again as it is will not help. `code` is its word for why, if it gave one."""

    def __init__(self, text: str, code: str = "") -> None:
        self.code = code
        super().__init__(text)


class CrmClient:
    """Calls the internal API with retries within a deadline.

    Args:
        url: the web process, without a path.
        token: bearer token of the internal API.
        deadline_seconds: how long one call may take with all its attempts.
    """

    def __init__(self, url: str, token: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._url = url
        self._token = token
        self._deadline = deadline_seconds
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def context(self, organization_id: str, conversation_id: str) -> JSON:
        """Return what the CRM knows around a conversation."""
        return await self._call("GET", organization_id, f"conversations/{conversation_id}/context")

    async def create_lead(self, organization_id: str, conversation_id: str, lead: JSON) -> JSON:
        """Make contact, deal and task from `{product, name, phone, source_key}`; return their ids."""
        path = f"conversations/{conversation_id}/lead"
        return await self._call("POST", organization_id, path, lead)

    async def create_task(self, organization_id: str, conversation_id: str, task: JSON) -> JSON:
        """Make a task from `{kind, title, description, priority, due_at, source_key}`."""
        path = f"conversations/{conversation_id}/tasks"
        return await self._call("POST", organization_id, path, task)

    async def request_handoff(
        self, organization_id: str, conversation_id: str, *, reason: str, source_key: str
    ) -> JSON:
        """Put the conversation before people; return `{open_now, opens_at}`."""
        body = {"reason": reason, "source_key": source_key}
        path = f"conversations/{conversation_id}/handoff"
        return await self._call("POST", organization_id, path, body)

    async def update_contact(
        self, organization_id: str, conversation_id: str, changes: JSON
    ) -> JSON:
        """Store what was learnt: any of name, phone, email, language, facts."""
        path = f"conversations/{conversation_id}/contact"
        return await self._call("PATCH", organization_id, path, changes)

    async def record_consent(
        self, organization_id: str, conversation_id: str, *, granted: bool, source_key: str
    ) -> JSON:
        """Record that marketing messages are welcome, or are not."""
        body = {"kind": "marketing", "granted": granted, "source_key": source_key}
        path = f"conversations/{conversation_id}/consents"
        return await self._call("POST", organization_id, path, body)

    async def record_feedback(
        self,
        organization_id: str,
        conversation_id: str,
        *,
        rating: int | None,
        comment: str,
        source_key: str,
    ) -> JSON:
        """Store a rating of 1 to 5, if there is one, and the words."""
        body = {"rating": rating, "comment": comment, "source_key": source_key}
        path = f"conversations/{conversation_id}/feedback"
        return await self._call("POST", organization_id, path, body)

    async def knowledge(self, organization_id: str, version: int) -> JSON:
        """Return one immutable version of an organization's passages."""
        path = f"organizations/{organization_id}/knowledge/{version}"
        return await self._call("GET", organization_id, path)

    async def uses_providers(self) -> bool:
        """Return whether some organization has a language model in place."""
        return bool((await self._call("GET", "", "provider-use"))["in_use"])

    async def open_provider_call(self, organization_id: str, call: JSON) -> JSON:
        """Write down what is about to leave for a provider; return `{call_id}`."""
        path = f"organizations/{organization_id}/provider-calls"
        return await self._call("POST", organization_id, path, call)

    async def close_provider_call(self, organization_id: str, call_id: str, result: JSON) -> None:
        """Write down what came back of it."""
        path = f"organizations/{organization_id}/provider-calls/{call_id}"
        await self._call("PATCH", organization_id, path, result)

    async def _call(
        self, method: str, organization_id: str, path: str, body: Mapping[str, Any] | None = None
    ) -> JSON:
        """Call until an answer comes or the deadline passes.

        Raises:
            CrmUnavailable: no answer in time, or only server errors.
            CrmRejected: a client error.
        """
        until = time.monotonic() + self._deadline
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._attempt(method, organization_id, path, body)
            except CrmUnavailable:
                if time.monotonic() + pause >= until:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def _attempt(
        self, method: str, organization_id: str, path: str, body: Mapping[str, Any] | None
    ) -> JSON:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS),
            )
        headers = {"X-Aitys-Organization": organization_id}
        url = f"{self._url}/internal/{path}"
        try:
            async with self._session.request(method, url, json=body, headers=headers) as answer:
                if answer.status >= 500 or answer.status == 429:
                    raise CrmUnavailable(f"{method} {path} was answered with {answer.status}")
                if answer.status >= 400:
                    code = await _code(answer)
                    raise CrmRejected(f"{method} {path} was answered with {answer.status}", code)
                # What only records something answers without a body.
                found = await answer.json() if answer.status != 204 else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CrmUnavailable(f"{method} {path}: {type(error).__name__}") from error
        return found if isinstance(found, dict) else {}


async def _code(answer: aiohttp.ClientResponse) -> str:
    """Return the code of a problem document (RFC 9457)."""
    try:
        problem = await answer.json(content_type=None)
    except (aiohttp.ClientError, ValueError):
        return ""
    return str(problem.get("code") or "") if isinstance(problem, dict) else ""
