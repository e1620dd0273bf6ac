"""A page of somebody's site with the chat on it, in a real browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from crm.contract import ChatMessage
from tests.support.browser import PATIENCE_MS
from tests.support.patience import until

if TYPE_CHECKING:
    from tests.contract.conftest import Webchat

PAGE = """<!doctype html><html lang="ru"><meta charset="utf-8"><title>Бет</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>* {{ color: red !important; font-size: 40px }} div {{ display: none }}</style>
<h1>Бет</h1><button id="outside">x</button><p style="height: 3000px">
<script src="{url}/widget.js" data-connection="{connection}" {attributes} async></script></html>"""


@dataclass
class Site:
    """A page of somebody's site with the chat on it."""

    webchat: Webchat
    context: BrowserContext
    page: Page
    errors: list[str]

    def part(self, name: str, **options: Any) -> Locator:
        return self.page.get_by_test_id(f"aitys-{name}", **options)

    @property
    def messages(self) -> Locator:
        return self.part("message")

    async def visit(
        self,
        page: Page | None = None,
        *,
        attributes: str = "",
        host: str = "127.0.0.1",
        html: str = PAGE,
        path: str = "/page",
    ) -> None:
        self.webchat.pages["/page"] = html.format(
            url=self.webchat.url, connection=self.webchat.connection.id, attributes=attributes
        )
        url = self.webchat.url.replace("127.0.0.1", host)
        await (page or self.page).goto(f"{url}{path}")

    async def open(self, **options: Any) -> None:
        await self.visit(**options)
        await self.part("launcher").click()
        await expect(self.part("panel")).to_be_visible()

    async def write(self, text: str) -> None:
        await self.part("input").fill(text)
        await self.part("input").press("Enter")

    async def chat_id(self) -> str:
        await until(lambda: self.webchat.inbox.received)
        return self.webchat.inbox.received[-1].chat_id

    async def reply(self, text: str, **options: Any) -> ChatMessage:
        inbox, connection = self.webchat.inbox, self.webchat.connection
        return inbox.reply(connection, await self.chat_id(), text, **options)


async def open_site(browser: Browser, webchat: Webchat, **options: Any) -> Site:
    """A browser of its own for one visitor; what the page complains of is noted."""
    settings = {"locale": "ru-RU", "reduced_motion": "reduce", **options}
    context = await browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return Site(webchat, context, page, errors)
