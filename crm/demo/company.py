"""The demo company itself, the people who work there, and the chat on its site.

Each step may have been broken off before it was written down as done, so each first looks whether its work is there.
"""

from bson import ObjectId

from crm.channels.schemas import ConnectionCreate
from crm.core.api import Principal, Role
from crm.core.database import Database, RawDocument
from crm.core.feature import Core
from crm.demo.shop.routes import SHOP_CHAT, WORKSHOP_CHAT
from crm.services import Services
from crm.team.schemas import MemberCreate, OrganizationUpdate, SignUp

OWNER_EMAIL = "demo@aitys.example"
OPERATOR_EMAIL = "operator@aitys.example"

GREETING = {
    "ru": "Здравствуйте! Я ИИ-ассистент магазина. Спросите о товарах, доставке или прокате, "
    "а если понадобится, я позову сотрудника.",
    "kk": "Сәлеметсіз бе! Мен дүкеннің ЖИ-көмекшісімін. Тауар, жеткізу не жалға алу туралы сұраңыз, "
    "қажет болса, маманды шақырамын.",
    "en": "Hello! I’m the shop’s AI assistant. Ask me about goods, delivery or rental, and I’ll bring in a "
    "colleague whenever you need one.",
}
INVITATION = {
    "after_seconds": 30,
    "paths": ["/demo", "/demo/"],
    "text": {
        "ru": "Помочь с выбором? Подскажу цены, размеры и доставку.",
        "kk": "Таңдауға көмектесейін бе? Бағасын, өлшемін, жеткізуін айтып беремін.",
        "en": "Shall I help you choose? I know prices, sizes and delivery.",
    },
}
WORKSHOP = {
    "ru": "Здравствуйте! Я ИИ-ассистент мастерской. Расскажите, что с велосипедом, и мы подберём время.",
    "kk": "Сәлеметсіз бе! Мен шеберхананың ЖИ-көмекшісімін. Велосипедке не болғанын айтыңыз, уақыт белгілейміз.",
    "en": "Hello! I’m the workshop’s AI assistant. Tell me what is wrong with the bike, and we’ll find a time.",
}
BOOKING = {
    "name": "required",
    "phone": "optional",
    "own": "optional",
    "question": {
        "ru": "Что случилось с велосипедом?",
        "kk": "Велосипедке не болды?",
        "en": "What is wrong with the bike?",
    },
}

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
    """Put the chat on the demo shop's page: it greets, and after a while speaks first."""
    await _connect(core, services, SHOP_CHAT, {"greeting": GREETING, "proactive": INVITATION})


async def connect_workshop(core: Core, services: Services, _password: str) -> None:
    """Give the workshop a chat of its own, which asks for name, phone and trouble first."""
    await _connect(core, services, WORKSHOP_CHAT, {"greeting": WORKSHOP, "prechat": BOOKING})


async def _connect(core: Core, services: Services, name: str, config: RawDocument) -> None:
    principal = await owner(core.database)
    if await webchat(core.database, principal.organization_id, name) is not None:
        return
    await services.connections.create(
        principal.organization_id,
        ConnectionCreate(channel="webchat", name=name, config={"title": name, **config}),
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


async def webchat(
    database: Database, organization_id: ObjectId, name: str = SHOP_CHAT
) -> RawDocument | None:
    """Return a chat's stored connection."""
    return await database.collection("connections").find_one(
        {"organization_id": organization_id, "channel": "webchat", "name": name}
    )
