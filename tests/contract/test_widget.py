"""The widget in a real browser, against the real connector and an inbox in memory."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from connectors.webchat import WebchatConnector
from crm.contract import Button
from crm.demo.shop import demo_routes
from tests.contract.conftest import Webchat
from tests.contract.sites import Site, open_site
from tests.support.patience import until


async def test_a_question_and_an_answer(site: Site) -> None:
    await site.open()
    await expect(site.part("greeting")).to_contain_text("ИИ-ассистент")
    await expect(site.part("status")).to_have_text("ИИ-ассистент компании")
    await site.write("Есть доставка?")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    await expect(site.part("greeting")).to_be_hidden()
    buttons = [Button(title="Заказать", payload="/place_order")]
    await site.reply("Да, за два дня.\n\nИсточник: Доставка", buttons=buttons)
    answer = site.messages.nth(1)
    await expect(answer.locator(".text")).to_have_text("Да, за два дня.")
    await expect(site.part("source")).to_have_text("Источник: Доставка")
    await expect(answer).to_contain_text("ИИ")
    await site.part("chip").click()
    await until(lambda: len(site.webchat.inbox.received) == 2)
    tap = site.webchat.inbox.received[1]
    assert (tap.text, tap.payload, tap.sender.language) == ("Заказать", "/place_order", "ru")
    await expect(site.messages.nth(2)).to_contain_text("Заказать")
    await expect(site.part("chip")).to_be_hidden()
    await until(lambda: site.webchat.inbox.read)


async def test_an_operator_answers(site: Site) -> None:
    await site.open()
    await site.write("Адам керек")
    await site.reply("Айдана подключилась", author_kind="system")
    await site.reply("Здравствуйте!", author_kind="operator", author_name="Айдана")
    await expect(site.part("status")).to_have_text("На связи Айдана")
    await expect(site.messages.nth(2)).to_contain_text("Айдана")
    await expect(site.messages.nth(1)).to_have_attribute("data-author", "system")
    site.webchat.inbox.show_typing(site.webchat.connection, await site.chat_id())
    await expect(site.part("typing")).to_be_visible()
    await site.reply("Чем помочь?", author_kind="operator", author_name="Айдана")
    await expect(site.part("typing")).to_be_hidden()
    await site.part("input").press_sequentially("иә")
    await until(lambda: site.webchat.inbox.typed)


async def test_what_is_written_offline_goes_out_once(site: Site) -> None:
    await site.open()
    await site.write("бірінші")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    site.webchat.inbox.unavailable = True  # stored nowhere, and no new welcome either
    await site.write("екінші")
    await site.webchat.connector.close()
    await site.write("үшінші")
    await expect(site.part("offline")).to_be_visible()
    await expect(site.messages.nth(2)).to_have_attribute("data-state", "waiting")
    missed = await site.reply("жоқта келген")
    site.webchat.inbox.unavailable = False
    await expect(site.part("offline")).to_be_hidden(timeout=20_000)
    await expect(site.messages).to_have_count(4)
    for place in range(4):
        await expect(site.messages.nth(place)).to_have_attribute("data-state", "sent")
    await expect(site.messages.nth(1)).to_contain_text(missed.text)
    texts = [received.text for received in site.webchat.inbox.received]
    assert texts == ["бірінші", "екінші", "үшінші"]


async def test_a_lost_acknowledgement_doubles_nothing(site: Site) -> None:
    """The server stores the message and dies before it says so."""
    receive = site.webchat.inbox.receive

    async def dies(*given: Any) -> int:
        site.webchat.inbox.receive = receive  # type: ignore[method-assign]
        await receive(*given)
        raise ConnectionResetError

    site.webchat.inbox.receive = dies  # type: ignore[method-assign, assignment]
    await site.open()
    await site.write("бір рет")
    await until(lambda: site.webchat.inbox.deliveries == 2)
    await expect(site.messages).to_have_attribute("data-state", "sent")
    await expect(site.messages).to_have_count(1)
    assert len(site.webchat.inbox.received) == 1


async def test_unsent_messages_survive_a_reload(site: Site) -> None:
    await site.open()
    await site.write("бірінші")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    site.webchat.inbox.unavailable = True
    await site.write("екінші")
    await until(lambda: site.webchat.inbox.deliveries >= 2)
    await site.visit()
    await expect(site.part("panel")).to_be_visible()  # it stood open before
    await expect(site.messages).to_have_attribute("data-state", "waiting")
    site.webchat.inbox.unavailable = False
    await expect(site.messages).to_have_count(2)
    await expect(site.messages.nth(0)).to_contain_text("бірінші")
    await expect(site.messages.nth(1)).to_contain_text("екінші")
    assert [received.text for received in site.webchat.inbox.received] == ["бірінші", "екінші"]


async def test_a_returning_visitor_has_history_and_unread(site: Site) -> None:
    await site.open()
    await site.write("Сәлем")
    await site.reply("Сәлем!")
    await expect(site.messages).to_have_count(2)
    await until(lambda: site.webchat.inbox.read)
    await site.part("close").click()
    await expect(site.part("launcher")).to_be_focused()
    await site.reply("Тағы сұрақ бар ма?")
    await expect(site.part("unread")).to_have_text("1")
    await site.visit()
    await expect(site.part("unread")).to_have_text("1")
    await expect(site.part("panel")).to_be_hidden()
    await site.part("launcher").click()
    await expect(site.messages).to_have_count(3)
    await expect(site.part("unread")).to_be_hidden()
    await until(lambda: len(site.webchat.inbox.read) == 2)


async def test_two_tabs_show_one_chat(site: Site) -> None:
    await site.open()
    await site.write("бірінші беттен")
    await expect(site.messages).to_have_count(1)
    second = await site.context.new_page()
    await site.visit(second)
    await second.get_by_test_id("aitys-launcher").click()
    await expect(second.get_by_test_id("aitys-message")).to_have_count(1)
    await second.get_by_test_id("aitys-input").fill("екінші беттен")
    await second.get_by_test_id("aitys-send").click()
    await expect(site.messages).to_have_count(2)
    await expect(second.get_by_test_id("aitys-message")).to_have_count(2)
    assert len({received.chat_id for received in site.webchat.inbox.received}) == 1


async def test_nothing_written_becomes_markup(site: Site) -> None:
    await site.open()
    nasty = '<img src=x onerror="window.hacked=1"><b>b</b> javascript:alert(1)'
    await site.write(nasty)
    await site.reply(
        nasty + ' https://tau.kz/a?b=1&c="2". (http://ok.kz) www.shop.kz, a@b.kz +7 701 123-45-67',
        author_name="<i>x</i>",
        buttons=[Button(title="<u>y</u>", payload="/y")],
    )
    await expect(site.messages).to_have_count(2)
    await expect(site.messages.nth(0).locator(".text")).to_have_text(nasty)
    assert await site.page.evaluate("window.hacked") is None
    assert await site.messages.locator("img, b, i:not(.dots i), u").count() == 0
    links = site.messages.nth(1).locator("a")
    found = [await link.get_attribute("href") for link in await links.all()]
    assert found == [
        "https://tau.kz/a?b=1&c=",
        "http://ok.kz/",
        "https://www.shop.kz/",
        "mailto:a@b.kz",
        "tel:+77011234567",
    ]
    assert await links.first.get_attribute("rel") == "noopener noreferrer nofollow"


async def test_long_words_and_lines_stay_inside(site: Site) -> None:
    await site.open()
    await site.write("ұ" * 500)
    await site.part("input").fill("бір")
    await site.part("input").press("Shift+Enter")
    await site.part("input").press_sequentially("екі 👨‍👩‍👧")
    await site.part("input").press("Enter")
    await expect(site.messages.nth(1).locator(".text")).to_have_text("бір\nекі 👨‍👩‍👧")
    wide = "el => el.scrollWidth > el.clientWidth"
    assert await site.part("log").evaluate(wide) is False


async def test_the_keyboard_is_enough(site: Site) -> None:
    await site.visit()
    await site.part("launcher").focus()
    await site.page.keyboard.press("Enter")
    await expect(site.part("input")).to_be_focused()
    await expect(site.part("launcher")).to_have_attribute("aria-expanded", "true")
    await site.page.keyboard.type("Сәлем")
    await site.page.keyboard.press("Tab")
    await expect(site.part("send")).to_be_focused()
    await site.page.keyboard.press("Enter")
    await expect(site.messages).to_have_count(1)
    await site.page.keyboard.press("Escape")
    await expect(site.part("panel")).to_be_hidden()
    await expect(site.part("launcher")).to_be_focused()
    await expect(site.part("log")).to_have_attribute("aria-live", "polite")
    for name in ("launcher", "close", "send", "input", "log"):
        assert await site.part(name).get_attribute("aria-label"), name


async def test_the_pages_language_is_spoken(site: Site) -> None:
    await site.open()
    for language, words in (("kk", "Хабарлама жазыңыз…"), ("en", "Write a message…")):
        await site.page.evaluate(f"document.documentElement.lang = '{language}'")
        await expect(site.part("input")).to_have_attribute("placeholder", words)
        await site.write(language)
        await expect(site.messages.last).to_have_attribute("data-state", "sent")
    languages = [received.sender.language for received in site.webchat.inbox.received]
    assert languages == ["kk", "en"]


async def test_the_tag_has_the_last_word(site: Site) -> None:
    attributes = (
        'data-language="en" data-theme="dark" data-accent="#ffcc00" data-position="left" '
        'data-title="Shop" data-suggestions-en="How much?|Where?"'
    )
    await site.visit(attributes=attributes)
    await site.part("launcher").click()
    await expect(site.part("panel")).to_contain_text("Shop")
    host = site.page.locator("aitys-chat")
    await expect(host).to_have_attribute("data-theme", "dark")
    assert await host.evaluate("el => el.style.getPropertyValue('--on-accent')") == "#101817"
    box = await site.part("launcher").bounding_box()
    assert box is not None
    assert box["x"] < 100
    await site.part("suggestion").first.click()
    await expect(site.messages).to_contain_text("How much?")


async def test_on_a_phone_it_fills_the_screen(phone: Site) -> None:
    await phone.open()
    box = await phone.part("panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    await expect(phone.part("launcher")).to_be_hidden()
    overflow = "document.documentElement.style.overflow"
    assert await phone.page.evaluate(overflow) == "hidden"
    await phone.write("Сәлем")
    await expect(phone.messages).to_have_attribute("data-state", "sent")
    field = await phone.part("input").bounding_box()
    assert field is not None
    assert field["y"] + field["height"] <= 844
    await phone.part("close").click()
    assert await phone.page.evaluate(overflow) == ""
    await expect(phone.part("launcher")).to_be_visible()


@pytest.mark.parametrize("status", [403, 404])
async def test_where_it_may_not_be_shown_nothing_is(site: Site, status: int) -> None:
    if status == 403:
        site.webchat.configure(allowed_origins=["https://elsewhere.kz"])
    else:
        site.webchat.inbox.connections.clear()
    async with site.page.expect_response("**/config") as answer:
        await site.visit(host="localhost")
    assert (await answer.value).status == status
    await site.page.wait_for_timeout(200)
    assert await site.page.locator("aitys-chat").count() == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_an_allowed_site_shows_it(site: Site, host: str) -> None:
    port = site.webchat.url.rpartition(":")[2]
    site.webchat.configure(allowed_origins=[f"http://localhost:{port}"])
    await site.visit(host=host)  # another site that is allowed, and our own, which always is
    await site.part("launcher").click()
    await site.write("Сәлем")
    await expect(site.messages).to_have_attribute("data-state", "sent")


async def test_the_demo_shop(browser: Browser, webchat: Webchat) -> None:
    app = web.Application()
    connector = WebchatConnector()
    known: list[str | None] = [webchat.connection.id]
    asked: list[str] = []

    async def connection_id(name: str) -> str | None:
        asked.append(name)
        return known[0]

    app.add_routes(connector.routes(webchat.inbox))
    app.add_routes(demo_routes(connection_id))
    async with TestServer(app) as server:
        site = await open_site(browser, webchat, viewport={"width": 1200, "height": 800})
        outside: list[str] = []
        site.page.on(
            "request",
            lambda request: (
                outside.append(request.url)
                if not request.url.startswith((str(server.make_url("/")), "data:"))
                else None
            ),
        )
        await site.page.goto(str(server.make_url("/demo?lang=kk")))
        await expect(site.page.get_by_role("heading", level=1)).to_contain_text("Тауға")
        await expect(site.page.locator(".goods li")).to_have_count(8)
        await site.page.get_by_role("button", name="Сұрау: Kolsai 4").click()
        await expect(site.part("input")).to_have_value(
            "Сәлеметсіз бе! Kolsai 4 туралы айтып беріңізші"
        )
        await site.part("send").click()
        await expect(site.messages).to_have_attribute("data-state", "sent")
        assert webchat.inbox.received[0].sender.language == "kk"
        await site.part("close").click()
        await site.page.get_by_role("button", name="English").click()
        await expect(site.page.get_by_role("heading", level=1)).to_contain_text("Gear")
        await expect(site.part("launcher")).to_have_attribute("aria-label", "Open chat")
        webchat.configure(prechat={"name": "required"})
        await site.page.get_by_role("link", name="Book the workshop").click()
        await expect(site.part("panel")).to_be_visible()
        assert asked == ["Tau Demo", "Tau Service"]
        known[0] = None  # not seeded yet: the page stands without a chat
        await site.page.goto(str(server.make_url("/demo")))
        await expect(site.page.get_by_role("heading", level=1)).to_be_visible()
        assert await site.page.locator("aitys-chat").count() == 0
        assert outside == []
        assert site.errors == []
        await site.context.close()
        await connector.close()
