"""Who takes part in the stories: a visitor of the shop's site, and an operator at the console."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

from playwright.async_api import FilePayload, Locator, Page, expect

from tests.support.patience import PATIENCE_SECONDS

Json = dict[str, Any]


async def eventually[Found](
    look: Callable[[], Awaitable[Found | None]],
    what: str,
    seconds: float = PATIENCE_SECONDS,
) -> Found:
    """Look again and again until something is found."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert loop.time() < give_up_at, f"after {seconds:.0f} s there is still no {what}"
        await asyncio.sleep(0.1)


class Visitor:
    """Somebody on the demo shop's page who opens the chat."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open_chat(self, address: str) -> Self:
        await self.page.goto(f"{address}/demo")
        await self.page.get_by_test_id("aitys-launcher").click()
        await expect(self.page.get_by_test_id("aitys-input")).to_be_visible()
        return self

    @property
    def replies(self) -> Locator:
        """What the bot has said."""
        return self.page.locator("[data-testid=aitys-message][data-author=bot]")

    @property
    def operator_messages(self) -> Locator:
        """What people of the company have written."""
        return self.page.locator("[data-testid=aitys-message][data-author=operator]")

    @property
    def chips(self) -> Locator:
        """What can be tapped under the last message."""
        return self.page.get_by_test_id("aitys-chip")

    async def sees(self, text: str) -> None:
        """Wait for a message of anybody."""
        message = self.page.get_by_test_id("aitys-message").filter(has_text=text)
        await expect(message.last).to_be_visible()

    async def say(self, text: str) -> None:
        await self.page.get_by_test_id("aitys-input").fill(text)
        await self.page.get_by_test_id("aitys-send").click()

    async def ask(self, text: str, *answer: str) -> str:
        """Say something and return what the bot says to it, which must hold each of the regular expressions."""
        before = await self.replies.count()
        await self.say(text)
        return await self.hears(*answer, since=before)

    async def tap(self, title: str, *answer: str) -> str:
        """Tap a button and return what the bot says to it."""
        before = await self.replies.count()
        await self.chips.filter(has_text=title).first.click()
        return await self.hears(*answer, since=before)

    async def hears(self, *answer: str, since: int = 0) -> str:
        """Wait for replies, from number `since` on, that hold each of the regular expressions; return them."""
        heard = ""

        async def look() -> str | None:
            nonlocal heard
            heard = "\n".join((await self.replies.all_inner_texts())[since:])
            wanted = all(re.search(pattern, heard, re.IGNORECASE) for pattern in answer)
            return heard if wanted else None

        try:
            return await eventually(look, f"reply with {answer}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the bot said: {heard!r}") from None


class Operator:
    """Somebody of the company, signed in to the console."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    async def sign_in(self, email: str, password: str) -> Self:
        await self.page.goto(f"{self.address}/sign-in")
        await self.page.get_by_test_id("sign-in-email").fill(email)
        await self.page.get_by_test_id("sign-in-password").fill(password)
        await self.page.get_by_test_id("sign-in-submit").click()
        await expect(self.page.get_by_test_id("sign-in-form")).to_have_count(0)
        return self

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.address}{path}")

    @property
    def rows(self) -> Locator:
        """The conversations of the list."""
        return self.page.get_by_test_id("conversation-row")

    def messages(self, author: str) -> Locator:
        """The messages of the open thread by customer, bot or operator."""
        return self.page.locator(f"[data-testid=message][data-author={author}]")

    async def open_conversation(self, conversation_id: str) -> None:
        row = self.page.locator(f"[data-conversation-id='{conversation_id}']")
        await row.click()
        await expect(self.page.get_by_test_id("thread")).to_be_visible()

    async def write(self, text: str) -> None:
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call the API as this person."""
        options: dict[str, Any] = {"method": method}
        if method != "GET":
            session = await self.call("GET", "/api/session")
            options["headers"] = {"X-CSRF-Token": session["csrf_token"]}
        if body is not None:
            options["data"] = body
        answer = await self.page.request.fetch(f"{self.address}{path}", **options)
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        found: Json = await answer.json() if answer.status != 204 else {}
        return found

    async def newest_conversation(self) -> Json:
        """The conversation in which something happened last."""
        found = await self.call("GET", "/api/conversations?view=all&limit=1")
        newest: Json = found["items"][0]
        return newest

    async def open_at_all_hours(self, *, day: tuple[str, str] = ("00:00", "24:00")) -> None:
        """Set the company's business hours, the same on each day."""
        hours = {name: [list(day)] for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        await self.call("PATCH", "/api/organization", {"business_hours": hours})


class Admin(Operator):
    """Somebody who prepares the assistant."""

    async def sign_up(self, email: str, organization: str) -> Self:
        """Begin an organization of one's own, with nothing in it."""
        await self.page.goto(f"{self.address}/sign-up")
        await self.page.get_by_test_id("sign-up-organization").fill(organization)
        await self.page.get_by_test_id("sign-up-name").fill("Айгүл")
        await self.page.get_by_test_id("sign-up-email").fill(email)
        await self.page.get_by_test_id("sign-up-password").fill("a-long-password")
        await self.page.get_by_test_id("sign-up-submit").click()
        await expect(self.page.get_by_test_id("sign-up-form")).to_have_count(0)
        return self

    async def ask_draft(self, text: str) -> str:
        """Ask the draft in the test chat and return the answer."""
        return await self._ask("draft", text)

    async def ask_published(self, text: str) -> str:
        """Ask what customers get in the test chat and return the answer."""
        return await self._ask("published", text)

    async def _ask(self, target: str, text: str) -> str:
        chat = self.page.get_by_test_id("test-chat")
        await chat.get_by_test_id(f"test-target-{target}").click()
        answered = await chat.get_by_test_id("how").count()
        await chat.get_by_test_id("test-text").fill(text)
        await chat.get_by_test_id("test-send").click()
        await expect(chat.get_by_test_id("how")).to_have_count(answered + 1)
        said = await chat.get_by_test_id("test-bot").all_inner_texts()
        return said[-1].replace("\u00a0", " ")

    async def upload(self, name: str, text: str) -> None:
        """Add a document and wait until it is read."""
        await self.go("/assistant")
        await self.page.get_by_test_id("upload-input").set_input_files([file(name, text)])
        document = self.page.get_by_test_id("pane-source")
        await expect(document).to_have_attribute("data-state", "ready")

    async def replace(self, name: str, text: str, *, shows: str) -> None:
        """Put a new file in place of the only document's, and wait until its passages show a text."""
        await self.go("/knowledge")
        await self.page.get_by_test_id("source-row").click()
        async with self.page.expect_file_chooser() as chooser:
            await self.page.get_by_test_id("replace-file").click()
        await (await chooser.value).set_files([file(name, text)])
        await expect(self.page.get_by_test_id("passage").first).to_contain_text(shows)

    async def add_suite(self, name: str, question: str, contains: str) -> None:
        """Make a suite of one question."""
        await self.go("/assistant/tests")
        await self.page.get_by_test_id("add-suite").first.click()
        await self.page.get_by_test_id("suite-name").fill(name)
        await self.page.get_by_test_id("suite-create").click()
        await self.page.get_by_test_id("add-case").click()
        await self.page.get_by_test_id("case-turn").fill(question)
        await self.page.get_by_test_id("case-contains").fill(contains)
        await self.page.get_by_test_id("case-contains").press("Enter")
        await self.page.get_by_test_id("case-save").click()

    async def run_suite(self, colour: str) -> None:
        """Run the suite on the screen against the draft and wait for its colour."""
        await self.page.get_by_test_id("run-suite").click()
        await expect(self.page.get_by_test_id("run")).to_have_attribute("data-colour", colour)

    async def switch(self, name: str, *, on: bool) -> None:
        """Turn a switch, and see it stand there."""
        await self.page.get_by_test_id(name).click()
        state = "true" if on else "false"
        await expect(self.page.get_by_test_id(name)).to_have_attribute("aria-checked", state)

    def version(self, number: int) -> Locator:
        """The row of a version in the history."""
        return self.page.locator(f"[data-testid=version-row][data-number='{number}']")


def file(name: str, text: str) -> FilePayload:
    """Return a file as a person would choose it."""
    return {"name": name, "mimeType": "text/markdown", "buffer": text.encode()}
