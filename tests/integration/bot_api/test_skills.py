"""What skills write into the CRM happens once, and only in their own organization."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.bot_api.context import SkillContexts
from crm.bot_api.schemas import (
    ConsentWrite,
    ContactWrite,
    FeedbackWrite,
    HandoffWrite,
    LeadWrite,
    SkillContext,
    TaskWrite,
)
from crm.bot_api.service import SkillActions
from crm.contacts.consents import new_consent
from crm.contacts.models import new_contact
from crm.contacts.related import RelatedCollection
from crm.contacts.service import Contacts
from crm.core.clock import utc_now
from crm.core.documents import init_documents
from crm.core.errors import Invalid, NotFound
from crm.core.secrets import SecretBox
from crm.core.settings import Settings
from crm.deals.models import Deal
from crm.deals.pipelines import Pipelines
from crm.deals.service import Deals
from crm.providers.blocks import ContextBlocks
from crm.tasks.models import Task
from crm.tasks.service import Tasks
from tests.integration.inbox.conftest import Bench, bench

__all__ = ["bench"]


@dataclass
class Skills:
    """The skills' services over the inbox's bench."""

    actions: SkillActions
    contexts: SkillContexts
    bench: Bench

    async def conversation(self) -> dict[str, Any]:
        return await self.bench.conversation()

    async def count(self, collection: str) -> int:
        return await self.bench.database.db[collection].count_documents({})


def contexts_of(bench: Bench, settings: Settings) -> SkillContexts:
    secrets = SecretBox(settings.secret_key)
    blocks = ContextBlocks(database=bench.database, settings=settings, secrets=secrets)
    return SkillContexts(store=bench.inbox.store, blocks=blocks)


@pytest.fixture
async def skills(bench: Bench, settings: Settings) -> Skills:
    database, store = bench.database, bench.inbox.store
    await init_documents(database, [Deal, Task])
    pipelines = Pipelines(database=database, events=store.events)
    related = [
        RelatedCollection(
            database=database,
            collection="conversations",
            kind="conversation",
            moments={"created_at": "started"},
            title="channel",
            keeps_contact=True,
            copied_name="contact_name",
        )
    ]
    actions = SkillActions(
        store=store,
        contacts=Contacts(database=database, events=store.events, related=related),
        deals=Deals(database=database, events=store.events, pipelines=pipelines),
        tasks=Tasks(database=database, events=store.events),
        handover=bench.inbox.handover,
    )
    contexts = contexts_of(bench, settings)
    await database.db["pipelines"].insert_one(
        {
            "organization_id": bench.organization_id,
            "name": "Sales",
            "stages": [
                {"id": "new", "name": {"ru": "Новая", "kk": "Жаңа", "en": "New"}, "kind": "open"}
            ],
        }
    )
    await database.db["organizations"].update_one({}, {"$set": {"timezone": "Asia/Almaty"}})
    await bench.say("1", "хочу заказать палатку")
    return Skills(actions, contexts, bench)


LEAD = LeadWrite(
    product="Палатка", name="Демо Асель", phone="8 701 555 01 23", source_key="m1:lead"
)


async def test_a_lead_makes_contact_deal_and_task_once(skills: Skills) -> None:
    conversation = await skills.conversation()
    results = await asyncio.gather(*(skills.actions.add_lead(conversation, LEAD) for _ in range(4)))
    assert all(result == results[0] for result in results)
    assert await skills.count("deals") == 1
    assert await skills.count("tasks") == 1
    after = await skills.conversation()
    assert after["facts"] == {"product": "Палатка", "name": "Демо Асель", "phone": "+77015550123"}
    contact = await skills.bench.database.db["contacts"].find_one({"_id": after["contact_id"]})
    assert contact is not None
    assert contact["phone"] == "+77015550123"
    assert after["contact_name"] == "Демо Асель"


async def test_a_lead_keeps_every_detail_and_the_customers_words(skills: Skills) -> None:
    conversation = await skills.conversation()
    lead = LeadWrite(
        product="палатку " + "очень лёгкую " * 20,
        email="Asel@Example.com",
        quantity="2",
        city="Астана",
        comment="позвоните в дверь",
        source_key="m2:lead",
    )
    made = await skills.actions.add_lead(conversation, lead)
    database = skills.bench.database.db
    deal = await database["deals"].find_one({"_id": ObjectId(str(made["deal_id"]))})
    task = await database["tasks"].find_one({"_id": ObjectId(str(made["task_id"]))})
    contact = await database["contacts"].find_one({"_id": ObjectId(str(made["contact_id"]))})
    assert deal is not None
    assert task is not None
    assert contact is not None
    assert deal["details"] == {
        "product": lead.product,
        "email": "asel@example.com",
        "quantity": "2",
        "city": "Астана",
        "comment": "позвоните в дверь",
    }
    # Cut between words, and what counts stays.
    assert deal["title"].startswith("палатку очень лёгкую")
    assert deal["title"].endswith(" очень лёгкую… × 2") or deal["title"].endswith(" очень… × 2")
    assert len(deal["title"]) <= 200
    assert len(task["title"]) <= 200
    assert task["description"].splitlines()[0] == "asel@example.com"
    assert task["description"].splitlines()[-1].endswith("позвоните в дверь")
    assert contact["email"] == "asel@example.com"
    with pytest.raises(ValueError, match="lead_unreachable"):
        LeadWrite(product="палатку", source_key="m3:lead")


async def test_a_lead_with_a_known_phone_joins_the_known_contact(skills: Skills) -> None:
    known = new_contact(skills.bench.organization_id, name="Асель", phone="+77015550123")
    await skills.bench.database.db["contacts"].insert_one(known)
    made = await skills.actions.add_lead(await skills.conversation(), LEAD)
    assert made["contact_id"] == known["_id"]
    assert await skills.count("contacts") == 1
    assert (await skills.conversation())["contact_id"] == known["_id"]


async def test_whoever_types_anothers_phone_learns_and_renames_nothing(skills: Skills) -> None:
    known = new_contact(
        skills.bench.organization_id, name="Асель", phone="+77015550123", email="a@example.kz"
    )
    await skills.bench.database.db["contacts"].insert_one(known)
    await skills.bench.database.db["deals"].insert_one(
        {
            "organization_id": skills.bench.organization_id,
            "contact_id": known["_id"],
            "conversation_id": None,
            "title": "Чужой заказ",
            "stage_id": "new",
            "position": 0.0,
            "created_at": utc_now(),
            "updated_at": utc_now(),
        }
    )
    await skills.actions.learn(
        await skills.conversation(), ContactWrite(name="Чужой", phone="8 701 555 01 23")
    )
    stored = await skills.bench.database.db["contacts"].find_one({"_id": known["_id"]})
    assert stored is not None
    assert stored["name"] == "Асель"
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    context = SkillContext.model_validate(await skills.contexts.read(conversation, organization))
    assert context.newest_deal is None
    assert (context.contact.name, context.contact.email) == ("Чужой", None)
    await skills.actions.add_lead(conversation, LEAD)
    context = SkillContext.model_validate(
        await skills.contexts.read(await skills.conversation(), organization)
    )
    assert context.newest_deal is not None
    assert context.newest_deal.title == "Палатка", "one's own order may be told"


async def test_a_wrong_phone_changes_nothing(skills: Skills) -> None:
    bad = LEAD.model_copy(update={"phone": "12345"})
    with pytest.raises(Invalid):
        await skills.actions.add_lead(await skills.conversation(), bad)
    assert await skills.count("deals") == 0


async def test_another_organizations_conversation_is_not_found(skills: Skills) -> None:
    conversation = await skills.conversation()
    with pytest.raises(NotFound):
        await skills.actions.find(conversation["_id"], str(ObjectId()))
    with pytest.raises(NotFound):
        await skills.actions.find(conversation["_id"], None)


async def test_tasks_consents_and_feedback_are_written_once_each(skills: Skills) -> None:
    conversation = await skills.conversation()
    for _ in range(2):
        await skills.actions.add_task(
            conversation, TaskWrite(kind="callback", title="Перезвонить", source_key="m2:task")
        )
        await skills.actions.record_consent(
            conversation, ConsentWrite(kind="marketing", granted=False, source_key="m3:consent")
        )
        await skills.actions.add_feedback(
            conversation, FeedbackWrite(rating=5, comment="супер", source_key="m4:feedback")
        )
    assert await skills.count("tasks") == 1
    contact = await skills.bench.database.db["contacts"].find_one({})
    assert contact is not None
    assert [consent["granted"] for consent in contact["consents"]] == [False]
    assert (await skills.conversation())["rating"] == 5
    context = await skills.contexts.read(
        await skills.conversation(), await skills.actions.organization(conversation)
    )
    assert SkillContext.model_validate(context).contact.marketing_consent is False


async def test_what_was_taken_back_is_in_no_history(skills: Skills) -> None:
    conversation = await skills.conversation()
    await skills.bench.database.db["messages"].update_many(
        {"direction": "in"}, {"$set": {"deleted_at": utc_now()}}
    )
    context = SkillContext.model_validate(
        await skills.contexts.read(conversation, await skills.actions.organization(conversation))
    )
    assert "customer" not in [said.role for said in context.history]


async def test_a_word_that_comes_late_changes_no_later_one(skills: Skills) -> None:
    """A yes in a message that the platform kept for days, after a no of yesterday."""
    conversation = await skills.conversation()
    contacts = skills.bench.database.db["contacts"]
    no = new_consent(
        kind="marketing", granted=False, source="platform", at=utc_now() - timedelta(days=1)
    )
    await contacts.update_one({}, {"$set": {"consents": [no]}})
    await skills.bench.database.db["messages"].update_many(
        {"direction": "in"}, {"$set": {"sent_at": utc_now() - timedelta(days=3)}}
    )
    yes = ConsentWrite(kind="marketing", granted=True, source_key="late:consent")
    await skills.actions.record_consent(conversation, yes)
    context = SkillContext.model_validate(
        await skills.contexts.read(conversation, await skills.actions.organization(conversation))
    )
    assert context.contact.marketing_consent is False
    contact = await contacts.find_one({})
    assert contact is not None
    assert [one["granted"] for one in contact["consents"]] == [True, False]


async def test_the_context_tells_the_newest_deals_stage_and_the_history(skills: Skills) -> None:
    await skills.actions.add_lead(await skills.conversation(), LEAD)
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    context = SkillContext.model_validate(await skills.contexts.read(conversation, organization))
    assert context.newest_deal is not None
    assert context.newest_deal.stage.name["kk"] == "Жаңа"
    assert [said.role for said in context.history] == ["customer", "bot", "bot"]
    assert context.assistant.llm is None


async def test_the_settings_model_serves_organizations_without_their_own(
    skills: Skills, settings: Settings
) -> None:
    with_model = settings.model_copy(update={"llm_model": "openai:demo"})
    contexts = contexts_of(skills.bench, with_model)
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    content = AssistantContent().with_changes({"model": {"max_tokens": 300}})
    organization["assistant"] = {**content.document(), "version": 3}
    context = SkillContext.model_validate(await contexts.read(conversation, organization))
    assert context.assistant.llm is not None
    assert (context.assistant.llm.model, context.assistant.llm.max_tokens) == ("openai:demo", 300)
    organization["llm"] = {"model": "ollama:own", "base_url": None, "api_key_encrypted": None}
    context = SkillContext.model_validate(await contexts.read(conversation, organization))
    assert context.assistant.llm is not None
    assert context.assistant.llm.model == "ollama:own"
    off = content.with_changes({"model": {"enabled": False}})
    organization["assistant"] = {**off.document(), "version": 4}
    context = SkillContext.model_validate(await contexts.read(conversation, organization))
    assert context.assistant.llm is None
    assert (context.assistant.version, context.assistant.content) == (4, off.document())


async def test_what_limits_a_model_reaches_the_skills(skills: Skills, settings: Settings) -> None:
    many = settings.model_copy(update={"allow_private_addresses": False})
    contexts = contexts_of(skills.bench, many)
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    own = {"model": "openai:own", "base_url": "https://llm.example.kz", "api_key_encrypted": None}
    organization["llm"] = {**own, "fallback": own, "embeddings": own}
    content = AssistantContent().with_changes({"model": {"name": "anthropic:x"}})
    organization["assistant"] = {**content.document(), "version": 3}
    read = await contexts.read(conversation, organization)
    context = SkillContext.model_validate(read).assistant
    assert context.llm is not None
    assert context.llm.fallback is not None
    assert context.embeddings is not None
    assert context.llm.refused == "provider_not_allowed"
    assert context.llm.fallback.refused is None
    assert context.llm.public_only
    assert context.llm.fallback.public_only
    assert context.embeddings.public_only


async def test_the_context_names_who_is_written_about(skills: Skills, settings: Settings) -> None:
    bench, database = skills.bench, skills.bench.database
    await database.db["contacts"].insert_many(
        [
            new_contact(bench.organization_id, name="Айгерім Сапарова"),
            new_contact(bench.organization_id, name="Болат Ким"),
            new_contact(ObjectId(), name="Айгерім Чужая"),
        ]
    )
    user = {"_id": ObjectId(), "name": "Арман Оператор"}
    await database.db["users"].insert_one({**user, "email": "a@example.kz"})
    await database.db["memberships"].insert_one(
        {"organization_id": bench.organization_id, "user_id": user["_id"], "role": "operator"}
    )
    await bench.say("2", "передайте айгеримге и арману что заказ готов")
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    read = await skills.contexts.read(conversation, organization)
    # No provider is asked: nobody is looked for.
    assert read["privacy"]["known"] == []
    contexts = contexts_of(bench, settings.model_copy(update={"llm_model": "openai:demo"}))
    context = SkillContext.model_validate(await contexts.read(conversation, organization))
    assert set(context.privacy.known) == {"Айгерім Сапарова", "Арман Оператор", "Demo"}
    assert "PERSON" in context.privacy.kinds


async def test_instructions_come_with_their_variables(skills: Skills) -> None:
    conversation = await skills.conversation()
    organization = await skills.actions.organization(conversation)
    content = AssistantContent(name="Ару", instructions="{company}, {assistant}: {language}")
    organization["assistant"] = content.document()
    context = SkillContext.model_validate(await skills.contexts.read(conversation, organization))
    assert context.assistant.instructions == "Demo, Ару: English"
    assert context.assistant.content["instructions"] == content.instructions
    assert context.assistant.variables["kk"]["language"] == "қазақ тілі"


async def test_facts_and_contact_are_learned_and_handover_is_asked(skills: Skills) -> None:
    conversation = await skills.conversation()
    await skills.actions.learn(
        conversation, ContactWrite(name="Дана", email="Dana@example.kz", facts={"size": "M"})
    )
    after = await skills.conversation()
    assert after["facts"] == {"name": "Дана", "email": "dana@example.kz", "size": "M"}
    answer = await skills.actions.request_handoff(
        after, HandoffWrite(reason="asked", source_key="m5:handoff")
    )
    assert answer == {"open_now": True, "opens_at": None}
    assert (await skills.conversation())["status"] == "waiting"
