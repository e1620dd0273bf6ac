"""Where the customer's order is."""

from collections.abc import Sequence

from actions.skill import Event, Skill, Turn

RESPONSES = {"open": "utter_status", "won": "utter_status_won", "lost": "utter_status_lost"}


class CheckStatus(Skill):
    """Tells the stage of the contact's newest deal."""

    action_name = "action_check_status"
    switch = "status"
    asks_documents = True

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """Name the stage in the customer's language, or say that there is no deal and offer a person."""
        deal = (await turn.context()).get("newest_deal")
        if not deal:
            turn.say("utter_status_none")
            return []
        stage = deal.get("stage") or {}
        names = stage.get("name") or {}
        turn.say(
            RESPONSES.get(stage.get("kind", "open"), "utter_status"),
            deal_title=deal.get("title", ""),
            deal_stage=names.get(turn.language) or names.get("ru") or "",
        )
        return []
