"""The demo shop has two chats: one that greets and invites, and one that asks first."""

from crm.core.database import Database
from crm.core.settings import Settings
from crm.demo.company import OWNER_EMAIL, owner, webchat
from crm.demo.seed import seed_demo
from crm.demo.shop.routes import SHOP_CHAT, WORKSHOP_CHAT

LANGUAGES = {"ru", "kk", "en"}


async def test_the_shops_chat_greets_and_the_workshops_asks(
    settings: Settings, database: Database
) -> None:
    for _ in range(2):  # again changes nothing
        access = await seed_demo(settings, database)
        assert access is not None
        assert access.email == OWNER_EMAIL
    organization_id = (await owner(database)).organization_id
    chats = {"organization_id": organization_id, "channel": "webchat"}
    assert await database.collection("connections").count_documents(chats) == 2
    shop = await webchat(database, organization_id, SHOP_CHAT)
    workshop = await webchat(database, organization_id, WORKSHOP_CHAT)
    assert shop is not None
    assert workshop is not None
    assert {language for language, text in shop["config"]["greeting"].items() if text} == LANGUAGES
    assert shop["config"]["proactive"]["after_seconds"] > 0
    assert shop["config"]["prechat"]["name"] == "no", "whoever tries the shop writes at once"
    assert workshop["config"]["prechat"]["name"] == "required"
    assert shop["status"] == workshop["status"] == "active"
