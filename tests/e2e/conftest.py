"""The whole product with its demo company, a browser, and the people of the stories."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from crm.cli.supervisor import Supervisor
from tests.e2e.people import Admin, Operator, Visitor
from tests.fakes.instagram_server import InstagramServer
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.product.running import running_product
from tests.support.browser import PATIENCE_MS, running_browser

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "test-results"
WINDOW = {"width": 1440, "height": 900}

type OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="package")
async def telegram() -> AsyncIterator[TelegramServer]:
    """A Bot API on loopback."""
    async with TelegramServer() as server:
        yield server


@pytest.fixture(scope="package")
async def whatsapp() -> AsyncIterator[WhatsAppServer]:
    """A Graph API on loopback, for WhatsApp."""
    async with WhatsAppServer() as server:
        yield server


@pytest.fixture(scope="package")
async def instagram() -> AsyncIterator[InstagramServer]:
    """A Graph API on loopback, for Instagram."""
    async with InstagramServer() as server:
        yield server


@pytest.fixture(scope="package")
async def product(
    telegram: TelegramServer, whatsapp: WhatsAppServer, instagram: InstagramServer
) -> AsyncIterator[Supervisor]:
    """All processes, over an empty data folder that the demo company was put into."""
    async with running_product(
        demo=True,
        telegram_api_url=telegram.url,
        graph_api_url=whatsapp.url,
        instagram_api_url=instagram.url,
    ) as supervisor:
        yield supervisor


@pytest.fixture(scope="package")
def address(product: Supervisor) -> str:
    return product.settings.public_url


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    item.stash.setdefault(FAILED, False)
    item.stash[FAILED] |= report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture
async def open_page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[OpenPage]:
    """Opens pages, each in a browser context of its own; pictures of them are kept when the test fails."""
    contexts: list[BrowserContext] = []

    async def open_one(**options: Any) -> Page:
        context = await browser.new_context(
            **{"viewport": WINDOW, "locale": "ru-RU", "timezone_id": "Asia/Almaty", **options}
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return await context.new_page()

    yield open_one
    pages = [page for context in contexts for page in context.pages]
    if request.node.stash.get(FAILED, False):
        RESULTS.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            await page.screenshot(path=RESULTS / f"{request.node.name}-{number}.png")
    for context in contexts:
        await context.close()


@pytest.fixture
async def operator(open_page: OpenPage, product: Supervisor, address: str) -> Operator:
    """The demo company's owner at the console. The company is open at all hours."""
    assert product.demo is not None
    operator = Operator(await open_page(), address)
    await operator.sign_in(product.demo.email, product.demo.password)
    await operator.open_at_all_hours()
    return operator


@pytest.fixture
def new_admin(open_page: OpenPage, address: str) -> Callable[..., Awaitable[Admin]]:
    """Brings an admin of a new organization, so that the demo company stays as it is."""

    async def come() -> Admin:
        admin = Admin(await open_page(), address)
        return await admin.sign_up(f"{token_hex(6)}@aitys.example", "Дала")

    return come


@pytest.fixture
async def model(operator: Operator) -> AsyncIterator[FakeOpenAI]:
    """A language model on loopback, which the company uses while the test runs."""
    async with FakeOpenAI.running() as fake:
        llm = {"model": "openai:gpt-4.1-mini", "base_url": fake.base_url, "api_key": "sk-e2e"}
        await operator.call("PATCH", "/api/organization/llm", llm)
        yield fake
        await operator.call("PATCH", "/api/organization/llm", {"model": None})


@pytest.fixture
def new_visitor(open_page: OpenPage, address: str) -> Callable[..., Awaitable[Visitor]]:
    """Brings another visitor to the shop's page, with the chat open."""

    async def come(**options: Any) -> Visitor:
        return await Visitor(await open_page(**options)).open_chat(address)

    return come


@pytest.fixture
async def visitor(new_visitor: Callable[..., Awaitable[Visitor]]) -> Visitor:
    """A visitor with the chat open."""
    return await new_visitor()


@pytest.fixture
def picture() -> Callable[[Page, str], Awaitable[None]]:
    """Keeps a picture for the README when AITYS_PICTURES names a folder."""
    folder = os.environ.get("AITYS_PICTURES")

    async def take(page: Page, name: str) -> None:
        if folder:
            await page.wait_for_timeout(700)  # what fades in has done so
            await page.screenshot(path=Path(folder) / f"{name}.png")

    return take
