"""Rasa's agent with our processor, and without its silent fallbacks."""

import logging
from pathlib import Path
from typing import Any

import aiohttp
from rasa.core.agent import Agent
from rasa.core.nlg import NaturalLanguageGenerator, TemplatedNaturalLanguageGenerator
from rasa.core.nlg.response import RESPONSE_CONDITION
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.engine.messages import LANGUAGES
from bot.engine.processor import TurnProcessor

logger = logging.getLogger(__name__)

# An answer may wait for a language model (8 s) and the CRM; after this the turn is tried again later.
ACTION_DEADLINE_SECONDS = 25


class MissingResponse(RasaException):
    """The domain has no text for what the bot should say."""


class ActionEndpoint(EndpointConfig):
    """The action server behind one pool of kept-alive connections.

    Rasa opens a new session for every call and sends the whole domain with it. Our actions do not read the domain, and the
    action server only insists that the field is there.
    """

    def __init__(self, url: str, token: str) -> None:
        super().__init__(
            url, headers={"Authorization": f"Bearer {token}"}, enable_selective_domain=True
        )
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the action server and return its JSON answer.

        Raises:
            ClientResponseError: It answered with an error.
            aiohttp.ClientError: It cannot be reached, or not in time.
        """
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=ACTION_DEADLINE_SECONDS, connect=3)
            self._session = aiohttp.ClientSession(headers=self.headers, timeout=timeout)
        body = {"domain": {}, **kwargs["json"]}
        async with self._session.request(method, str(self.url), json=body) as answer:
            if answer.status >= 400:
                raise ClientResponseError(answer.status, answer.reason, await answer.text())
            return await answer.json()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


# What a response is called that is said where no people answer in the chat.
ALONE = "_alone"
# Which skill a button begins.
BUTTON_SKILLS = {
    "/ask_question": "answer",
    "/place_order": "order",
    "/book_callback": "callback",
    "/check_status": "status",
    "/give_feedback": "feedback",
}


class LanguageResponses(TemplatedNaturalLanguageGenerator):
    """Responses of the domain in the conversation's language; never at random, never silently missing.

    They promise nothing that the assistant's version has switched off: buttons of other skills are left out, and where people
    do not answer in the chat, a response gives way to its namesake that ends in `_alone`.
    """

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any]:
        """Return one response.

        Raises:
            MissingResponse: There is none for this conversation's language; the turn must not go on in silence.
        """
        if tracker.get_slot("people") is False and utter_action + ALONE in self.responses:
            utter_action += ALONE
        response = await super().generate(utter_action, tracker, output_channel, **kwargs)
        if response is None:
            raise MissingResponse(f"{utter_action} has no response for this conversation")
        if response.get("buttons"):
            response["buttons"] = _possible(response["buttons"], tracker)
        # The condition chose the response and is of no use to who reads the reply.
        return {name: value for name, value in response.items() if name != RESPONSE_CONDITION}


def _possible(buttons: list[dict[str, Any]], tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """Return the buttons that lead somewhere in this conversation."""
    off = tracker.get_slot("switched_off") or ()
    languages = tracker.get_slot("languages") or LANGUAGES

    def leads_somewhere(payload: str) -> bool:
        intent, _, value = payload.partition(":")
        if intent == "/change_language":
            return value in languages
        if intent == "/skip":
            return bool(tracker.get_slot("skippable"))
        return BUTTON_SKILLS.get(intent) not in off

    return [button for button in buttons if leads_somewhere(button["payload"])]


class TurnAgent(Agent):
    """An agent whose processor aborts a turn that fails.

    Rasa wraps every tracker store so that on failure it continues with an empty conversation in memory, which would lose
    what was said and then overwrite it. Here the store is used bare: its error ends the turn.
    """

    processor: TurnProcessor | None

    def __init__(
        self, *, tracker_store: TrackerStore, action_endpoint: EndpointConfig, model: Path
    ) -> None:
        responses: NaturalLanguageGenerator = LanguageResponses({})
        super().__init__(
            generator=responses, tracker_store=tracker_store, action_endpoint=action_endpoint
        )
        self.load_model(model)

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """Load a model archive, or the newest one of a folder.

        Raises:
            rasa.exceptions.ModelNotFound: There is none.
        """
        self.processor = TurnProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses

    @staticmethod
    def _create_tracker_store(
        store: TrackerStore | None,
        domain: Domain | None,  # noqa: ARG004 - Rasa's signature
    ) -> TrackerStore:
        if store is None:
            raise ValueError("a tracker store is required")
        return store
