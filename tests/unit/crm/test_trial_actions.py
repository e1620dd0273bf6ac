"""Whatever a skill may do in a conversation, a trial has its own harmless side of it."""

import inspect

from crm.bot_api.service import SkillActions
from crm.bot_api.trial_actions import TrialActions

LOOKS_UP_ONLY = {"find"}


def test_a_trial_answers_all_that_skills_may_ask() -> None:
    for name, method in inspect.getmembers(SkillActions, inspect.isfunction):
        if name.startswith("_") or name in LOOKS_UP_ONLY:
            continue
        own = getattr(TrialActions, name, None)
        assert own is not None, f"give TrialActions its {name}"
        asked, answered = (list(inspect.signature(each).parameters) for each in (method, own))
        assert asked[2:] == answered[2:], name
