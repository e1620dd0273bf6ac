"""The demo company itself, the people who work there, and the chat on its site.

Each step may have been broken off before it was written down as done, so each first looks whether its work is there.
"""

from bson import ObjectId

from crm.channels.schemas import ConnectionCreate
from crm.core.api import Principal, Role
from crm.core.database import Database, RawDocument
from crm.core.feature import Core
from crm.services import Services
from crm.team.schemas import MemberCreate, OrganizationUpdate, SignUp

OWNER_EMAIL = "demo@aitys.example"
OPERATOR_EMAIL = "operator@aitys.example"

SHOP_HOURS = [("09:00", "19:00")]
SHOP_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat")


async def found_company(core: Core, services: Services, password: str) -> None:
    """Sign the owner up and set the shop's hours as its documents name them."""
    if await core.database.collection("users").find_one({"email": OWNER_EMAIL}) is None:
        await services.accounts.sign_up(
            SignUp.model_validate(
                {
                    "email": OWNER_EMAIL,
                    "password": password,
                    "name": "Асель (демо)",
                    "organization_name": "Tau Demo",
                    "language": "ru",
                }
            )
        )
    principal = await owner(core.database)
    hours = dict.fromkeys(SHOP_DAYS, SHOP_HOURS)
    await services.organizations.change(
        principal, OrganizationUpdate.model_validate({"business_hours": {**hours, "sun": []}})
    )


async def hire_operator(core: Core, services: Services, password: str) -> None:
    """Add an operator with the owner's first password."""
    if await core.database.collection("users").find_one({"email": OPERATOR_EMAIL}) is not None:
        return
    await services.members.add(
        await owner(core.database),
        MemberCreate.model_validate(
            {
                "email": OPERATOR_EMAIL,
                "name": "Арман (демо)",
                "role": Role.OPERATOR,
                "password": password,
            }
        ),
    )


async def connect_webchat(core: Core, services: Services, _password: str) -> None:
    """Put the chat on the demo shop's page."""
    principal = await owner(core.database)
    if await webchat(core.database, principal.organization_id) is not None:
        return
    await services.connections.create(
        principal.organization_id,
        ConnectionCreate(channel="webchat", name="Tau Demo", config={"title": "Tau Demo"}),
        principal.actor,
    )


async def owner(database: Database) -> Principal:
    """Return the owner of the demo company as the one who acts."""
    user = await database.collection("users").find_one({"email": OWNER_EMAIL})
    assert user is not None, "the company is founded first"
    membership = await database.collection("memberships").find_one(
        {"user_id": user["_id"], "role": Role.OWNER}
    )
    assert membership is not None, "who signs up owns the organization"
    return Principal(
        user_id=user["_id"],
        organization_id=membership["organization_id"],
        role=Role.OWNER,
        session_id="",
        csrf_token="",
        user_name=user["name"],
    )


async def webchat(database: Database, organization_id: ObjectId) -> RawDocument | None:
    """Return the chat's stored connection."""
    return await database.collection("connections").find_one(
        {"organization_id": organization_id, "channel": "webchat"}
    )
