"""One turn: a customer's message in, the bot's replies out, and either everything is saved or nothing is.

Rasa's processor logs the exception of a failed action and goes on as if the action had done nothing. A customer would be told
that an order is taken when it is not. Here the action is wrapped by `_Watched`, which notes the exception before Rasa swallows
it; the turn then ends with `TurnAborted`, before anything is saved, and the caller may send the same message again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.errors import TurnAborted
from bot.engine.expectations import (
    LEAVE_MESSAGE,
    chosen_button,
    expected_meaning,
    is_message,
    offer_of,
)
from bot.engine.handoff_words import called_by
from bot.engine.language import answer_language, detect, requested_language, without_names
from bot.engine.messages import (
    BadRequest,
    Payload,
    RecordRequest,
    TurnRequest,
    parse_payload,
    text_to_parse,
)
from bot.engine.replies import CHANNEL, CollectedReplies, answer_of
from bot.engine.runner import PlannedGraphRunner
from bot.engine.trackers import ConversationTracker

# Slots that hold for the customer's next message only, and what they are without being set again.
ONE_TURN_SLOTS: dict[str, Any] = {"failures": 0.0}
# What a form gathers; forgotten when a new session begins, for a price list of last week is no order of today.
FORM_SLOTS = (
    "product",
    "quantity",
    "comment",
    "callback_time",
    "callback_day",
    "requested_slot",
    "offer",
)
# Answers that are names of people or places: their letters say nothing about the customer's language.
NAMES_ASKED_FOR = ("name", "city")


class _Watched(Action):
    """Runs another action and keeps the exception with which it failed."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.error: Exception | None = None

    def name(self) -> str:
        return self._action.name()

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        try:
            return await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise
        except Exception as error:
            self.error = error
            raise

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        return self._action.event_for_successful_execution(prediction)


@dataclass(frozen=True)
class _Understanding:
    """What a message means, and which language it and its answer are in."""

    parse_data: dict[str, Any]
    language: str
    requested: str | None
    romanised: bool


class TurnProcessor(MessageProcessor):
    """Rasa's processor with all-or-nothing turns, recorded answers, and the language set before anything is predicted."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        name, metadata, runner = MessageProcessor._load_model(model_path)
        if isinstance(runner, DaskGraphRunner):
            runner = PlannedGraphRunner.taking_over(runner)
        return name, metadata, runner

    async def handle_turn(self, turn: TurnRequest) -> dict[str, Any]:
        """Answer one message; the same message id again gives the recorded answer and runs nothing.

        The caller runs one turn of a conversation at a time; a second engine is caught by the store's version.

        Returns:
            `{replies, intent, language, skill}` as the channel's contract says.

        Raises:
            TurnAborted: Something failed and nothing was saved.
        """
        tracker = await self._open(turn.conversation_id)
        recorded = tracker.replies.get(turn.message_id)
        if recorded is not None:
            return recorded
        output = CollectedReplies()
        await self._update_tracker_session(tracker, output, dict(turn.metadata))
        if tracker.is_paused():
            self._hear(tracker, turn.text, turn.message_id, dict(turn.metadata))
            answer = answer_of(tracker, [], None, [])
        else:
            first = len(tracker.events)
            self._understand_into(tracker, turn)
            await self.run_action_extract_slots(output, tracker)
            await self._run_prediction_loop(output, tracker)
            fresh = list(tracker.events)[first:]
            self._expire_slots(tracker, fresh, offer_of(output.replies))
            answer = answer_of(tracker, output.replies, tracker.latest_message, fresh)
        tracker.new_reply = (turn.message_id, answer)
        await self.save_tracker(tracker)
        return answer

    async def record(self, request: RecordRequest) -> None:
        """Remember what people said while the bot was silent, and pause or resume the bot. Idempotent by message id.

        A hand-back after an operator wrote ends a half-filled form: the operator has dealt with it, and asking on would be
        deaf. What was learnt stays in the slots. A take-over in which nobody wrote changes nothing.

        Raises:
            TurnAborted: Something failed and nothing was saved.
        """
        tracker = await self._open(request.conversation_id)
        if not tracker.events:
            await self._update_tracker_session(tracker, CollectedReplies(), None)
        before = len(tracker.events)
        if request.pause is True and not tracker.is_paused():
            tracker.update(ConversationPaused(), self.domain)
        for message in request.events:
            if message.id in tracker.recorded_ids or message.id in tracker.replies:
                continue
            tracker.recorded_ids.add(message.id)
            tracker.new_recorded_ids.append(message.id)
            if message.role == "customer":
                self._hear(tracker, message.text, message.id, {"message_id": message.id})
            else:
                said = {"message_id": message.id, "role": message.role}
                tracker.update(BotUttered(message.text, {}, said), self.domain)
        if request.pause is False and tracker.is_paused():
            self._resume(tracker)
        if len(tracker.events) > before:
            await self.save_tracker(tracker)

    async def parse(self, text: str) -> dict[str, Any]:
        """Return what the NLU makes of a text: intent, ranking and entities; used by `/model/parse`."""
        message = UserMessage(text=text_to_parse(text))
        return await self.parse_message(message)

    async def _open(self, conversation_id: str) -> ConversationTracker:
        tracker = await self.get_tracker(conversation_id)
        if not isinstance(tracker, ConversationTracker):
            raise TypeError("the tracker store must make ConversationTracker objects")
        return tracker

    def _understand_into(self, tracker: ConversationTracker, turn: TurnRequest) -> None:
        meaning = self._understand(tracker, turn)
        metadata = {
            **turn.metadata,
            "language": meaning.language,
            "romanised": meaning.romanised,
            "requested_language": meaning.requested,
        }
        tracker.update(
            UserUttered(
                turn.text,
                meaning.parse_data["intent"],
                meaning.parse_data["entities"],
                meaning.parse_data,
                input_channel=CHANNEL,
                message_id=turn.message_id,
                metadata=metadata,
            ),
            self.domain,
        )
        rules = {
            "language": meaning.language,
            "people": "human" not in turn.rules.off,
            "switched_off": list(turn.rules.off) or None,
            "languages": list(turn.rules.languages),
        }
        for name, value in rules.items():
            if tracker.get_slot(name) != value:
                tracker.update(SlotSet(name, value), self.domain)
        if meaning.requested is not None and not tracker.get_slot("language_pinned"):
            tracker.update(SlotSet("language_pinned", True), self.domain)

    def _understand(self, tracker: ConversationTracker, turn: TurnRequest) -> _Understanding:
        payload = turn.payload or self._typed_choice(tracker, turn.text)
        called = None if payload else called_by(turn.text, turn.rules.handoff_words)
        requested: str | None = None
        # A button's title is our own text and says nothing about the customer's language.
        said = ""
        if payload is not None:
            parse_data = _certain(turn.text, payload.intent, payload.entities)
            requested = payload.entities.get("language")
        elif called is not None:
            parse_data = _certain(turn.text, "ask_human", {"handoff_word": called})
            said = turn.text
        elif (expected := expected_meaning(turn.text, tracker.get_slot("offer"))) is not None:
            parse_data = _certain(turn.text, *expected)
        else:
            parse_data = self._parsed(tracker, turn.text)
            if parse_data["intent"]["name"] == "change_language":
                requested = requested_language(turn.text)
            said = without_names(
                turn.text,
                parse_data["entities"] or [],
                is_name=self._asked_for(tracker) in NAMES_ASKED_FOR,
            )
            if is_message(turn.text, parse_data["intent"], tracker.get_slot("offer")):
                parse_data = _certain(turn.text, LEAVE_MESSAGE, {})
        if requested not in turn.rules.languages:
            requested = None
        language = answer_language(
            said,
            current=tracker.get_slot("language"),
            pinned=bool(tracker.get_slot("language_pinned")),
            requested=requested,
            hint=turn.metadata.get("language"),
            fallback=turn.metadata.get("fallback_language"),
        )
        if language not in turn.rules.languages:
            language = turn.rules.default_language or turn.rules.languages[0]
        return _Understanding(parse_data, language, requested, detect(said).romanised)

    def _parsed(self, tracker: ConversationTracker, text: str) -> dict[str, Any]:
        parsed = self._parse_message_with_graph(UserMessage(text=text_to_parse(text)), tracker)
        names = ("intent", "entities", "intent_ranking")
        return {**{name: parsed.get(name) for name in names}, "text": text}

    @staticmethod
    def _asked_for(tracker: ConversationTracker) -> str | None:
        """Return the detail that the active form has just asked for."""
        return tracker.get_slot("requested_slot") if tracker.active_loop_name else None

    def _typed_choice(self, tracker: ConversationTracker, text: str) -> Payload | None:
        """Return the button of the last reply whose number was typed."""
        for event in reversed(tracker.events):
            if isinstance(event, UserUttered):
                break
            if isinstance(event, BotUttered):
                buttons = (event.data or {}).get("buttons") or []
                try:
                    return parse_payload(chosen_button(text, buttons, self._asked_for(tracker)))
                except BadRequest:
                    return None  # a button of an older release
        return None

    async def _update_tracker_session(
        self,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        expired = bool(tracker.applied_events()) and self._has_session_expired(tracker)
        await super()._update_tracker_session(tracker, output_channel, metadata)
        if expired:
            for name in FORM_SLOTS:
                if tracker.get_slot(name) is not None:
                    tracker.update(SlotSet(name, None), self.domain)

    def _hear(
        self, tracker: ConversationTracker, text: str, message_id: str, metadata: dict[str, Any]
    ) -> None:
        """Put a customer's message on the tracker without understanding it."""
        intent: dict[str, Any] = {"name": None, "confidence": 0.0}
        parse_data: Any = {"text": text, "intent": intent, "entities": []}
        event = UserUttered(
            text,
            intent,
            [],
            parse_data,
            input_channel=CHANNEL,
            message_id=message_id,
            metadata=metadata,
        )
        tracker.update(event, self.domain)

    def _resume(self, tracker: ConversationTracker) -> None:
        events = list(tracker.events)
        pause = max(
            place for place, event in enumerate(events) if isinstance(event, ConversationPaused)
        )
        operator_wrote = any(
            isinstance(event, BotUttered) and (event.metadata or {}).get("role") == "operator"
            for event in events[pause:]
        )
        tracker.update(ConversationResumed(), self.domain)
        if operator_wrote and tracker.active_loop_name:
            tracker.update(ActiveLoop(None), self.domain)
            tracker.update(SlotSet("requested_slot", None), self.domain)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME), self.domain)

    def _expire_slots(
        self, tracker: ConversationTracker, fresh: list[Event], offer: str | None
    ) -> None:
        """Note what the turn offers, and take back what was meant for this message only."""
        if tracker.get_slot("offer") != offer:
            tracker.update(SlotSet("offer", offer), self.domain)
        set_now = {event.key for event in fresh if isinstance(event, SlotSet)}
        for name, initial in ONE_TURN_SLOTS.items():
            if name not in set_now and tracker.get_slot(name) not in (initial, None):
                tracker.update(SlotSet(name, initial), self.domain)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _Watched(action)
        started = time.monotonic()
        goes_on = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if watched.error is not None:
            seconds = time.monotonic() - started
            raise TurnAborted(f"{action.name()} failed after {seconds:.1f} s") from watched.error
        return goes_on


def _certain(text: str, intent_name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return parse data of a message whose meaning needs no guess."""
    intent = {"name": intent_name, "confidence": 1.0}
    entities = [
        {"entity": name, "value": value, "start": 0, "end": 0, "extractor": "certain"}
        for name, value in values.items()
    ]
    return {"text": text, "intent": intent, "entities": entities, "intent_ranking": [intent]}
