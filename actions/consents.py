"""Marketing messages: stop them, or welcome them."""

from collections.abc import Sequence

from actions.skill import Event, Skill, Turn


class OptOut(Skill):
    """Records that marketing messages are not wanted."""

    action_name = "action_opt_out"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Record it with time and channel, and confirm."""
        await turn.crm.record_consent(
            turn.organization_id,
            turn.conversation_id,
            granted=False,
            source_key=turn.source_key("opt_out"),
        )
        turn.say("utter_opt_out")
        return []


class OptIn(Skill):
    """Records that marketing messages are welcome."""

    action_name = "action_opt_in"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Record it with time and channel, and confirm."""
        await turn.crm.record_consent(
            turn.organization_id,
            turn.conversation_id,
            granted=True,
            source_key=turn.source_key("opt_in"),
        )
        turn.say("utter_opt_in")
        return []
