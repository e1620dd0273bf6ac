"""The demo company's documents, in three languages."""

from pathlib import Path

from crm.core.feature import Core
from crm.demo.company import owner
from crm.knowledge.errors import NameTaken
from crm.services import Services

DOCUMENTS = Path(__file__).with_name("knowledge")


async def add_documents(core: Core, services: Services, _password: str) -> None:
    """Publish every document of the `knowledge` folder."""
    principal = await owner(core.database)
    for path in sorted(DOCUMENTS.iterdir()):
        text = path.read_text(encoding="utf-8")
        try:
            await services.knowledge.create(
                principal.organization_id, name=path.name, content=text, actor=principal.actor
            )
        except NameTaken:  # added by a start that was broken off
            continue
