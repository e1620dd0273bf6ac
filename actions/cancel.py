"""Giving up what is under way, or taking an order back."""

from collections.abc import Sequence

from actions.skill import Event, Skill, Turn, leave_form, set_slot


class Cancel(Skill):
    """Ends the active form; without one, passes the wish to cancel the newest open deal to people."""

    action_name = "action_cancel"

    async def handle(self, turn: Turn) -> Sequence[Event]:
        """End the form and forget what it gathered of the order, or make a task. Nothing is cancelled by the bot alone."""
        if turn.tracker.active_loop_name:
            turn.say("utter_cancelled")
            forgotten = [
                set_slot(name, None) for name in ("product", "callback_time", "callback_day")
            ]
            return [*leave_form(), *forgotten]
        deal = (await turn.context()).get("newest_deal")
        if not deal or (deal.get("stage") or {}).get("kind") != "open":
            turn.say("utter_nothing_to_cancel")
            return []
        title = str(deal.get("title", ""))
        await turn.crm.create_task(
            turn.organization_id,
            turn.conversation_id,
            {
                "kind": "other",
                "title": f"Клиент отменяет: {title}"[:200],
                "description": turn.text[:2000],
                "priority": "urgent",
                "due_at": None,
                "source_key": turn.source_key("cancel"),
            },
        )
        turn.say("utter_cancel_passed_on", deal_title=title)
        return []
