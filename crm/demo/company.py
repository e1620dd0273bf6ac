"""The demo company itself and the people who work there."""

from crm.core.feature import Core
from crm.team.accounts import Accounts
from crm.team.passwords import Passwords
from crm.team.schemas import SignUp
from crm.team.sessions import Sessions

OWNER_EMAIL = "demo@aitys.example"


async def found_company(core: Core, password: str) -> None:
    """Sign the owner up."""
    accounts = Accounts(
        database=core.database,
        sessions=Sessions(database=core.database, hub=core.hub),
        passwords=Passwords(),
    )
    await accounts.sign_up(
        SignUp.model_validate(
            {
                "email": OWNER_EMAIL,
                "password": password,
                "name": "Демо Владелец",
                "organization_name": "Tau Demo",
                "language": "ru",
            }
        )
    )
