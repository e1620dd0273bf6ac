"""The demo company's test suite: what its assistant must get right before a change goes out."""

from pathlib import Path

from crm.assistant.suites.schemas import CaseWrite
from crm.assistant.suites.spreadsheets import read_cases
from crm.assistant.suites.store import SuiteNameTaken, SuiteStore
from crm.core.feature import Core
from crm.demo.company import owner
from crm.services import Services

CASES = Path(__file__).with_name("suite.csv")
NAME = "Главное"
ORDER = CaseWrite.model_validate(
    {
        "name": "Заказ до конца",
        "turns": ["хочу заказать палатку Kolsai 2", "Асель", "8 701 555 01 23"],
        "expect": {
            "contains": ["+7 701 555 01 23"],
            "effects": [{"kind": "lead", "data": {"product": "Kolsai 2", "name": "Асель"}}],
        },
    }
)


async def add_suite(core: Core, _services: Services, _password: str) -> None:
    """Store the suite."""
    principal = await owner(core.database)
    suites = SuiteStore(database=core.database, events=core.events)
    cases, errors = read_cases(CASES.read_text(encoding="utf-8"))
    assert not errors, errors
    try:
        suite = await suites.add_suite(
            principal.organization_id, NAME, required=True, actor=principal.actor
        )
    except SuiteNameTaken:  # added by a start that was broken off
        [suite] = await suites.named(principal.organization_id, NAME)
    if suite["cases"] == 0:
        await suites.add_cases(
            principal.organization_id,
            suite["_id"],
            [case.model_dump() for case in (*cases, ORDER)],
            actor=principal.actor,
        )
