"""The widget on other people's pages: strict policies, colours, languages, phones, screen readers."""

import asyncio

import pytest
from playwright.async_api import Browser, FilePayload, expect

from connectors.webchat.visitors import signature_of
from crm.contract import Button, ChatQuote
from tests.contract.conftest import Webchat
from tests.contract.sites import Site, open_site
from tests.support.patience import PATIENCE_SECONDS, until

STRICT = (
    "default-src 'none'; script-src {url}; connect-src {url} {socket}; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
BARE = """<!doctype html><html lang="ru"><title>Бет</title><h1>Бет</h1>
<script src="{url}/widget.js" data-connection="{connection}" {attributes} async></script></html>"""
RTL = BARE.replace('lang="ru"', 'lang="ar" dir="rtl"')
CONTRAST = """(pairs) => {
  const root = document.querySelector('aitys-chat').shadowRoot;
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const shine = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = parse(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  return pairs.map((selector) => {
    const element = root.querySelector(selector);
    const [a, b] = [shine(parse(getComputedStyle(element).color)), shine(ground(element))];
    return [selector, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99"
    b"=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


async def test_a_strict_policy_is_not_violated(site: Site, webchat: Webchat) -> None:
    """No styles, pictures, fonts or frames are allowed, no string becomes code or markup."""
    socket = webchat.url.replace("http", "ws")
    policy = STRICT.format(url=webchat.url, socket=socket)
    webchat.headers["Content-Security-Policy"] = policy
    webchat.configure(prechat={"name": "required"}, proactive={"after_seconds": 1})
    complaints: list[str] = []
    site.page.on("console", lambda line: complaints.append(line.text))
    await site.page.add_init_script(
        "window.violations = []; document.addEventListener('securitypolicyviolation',"
        " (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"
    )
    await site.visit(html=BARE)
    await site.part("invitation").get_by_role("button").first.click()
    await site.part("field-name").fill("Айдана")
    await site.part("consent").check()
    await site.part("start").click()
    await site.part("picker").set_input_files(
        FilePayload(name="a.png", mimeType="image/png", buffer=PNG)
    )
    await expect(site.part("upload")).to_have_attribute("data-state", "done")
    await site.part("send").click()
    await expect(site.part("picture").locator(".drawn")).to_be_visible()
    quote = ChatQuote(id="1", author_kind="contact", text="?")
    buttons = [Button(title="Нөмір", share="phone"), Button(title="Сайт", url="https://tau.kz")]
    await site.reply("**Сәлем** https://tau.kz", reply_to=quote, buttons=buttons)
    await site.part("chip").first.click()
    await expect(site.part("field-phone")).to_be_focused()
    assert await site.part("panel").evaluate("el => getComputedStyle(el).position") == "fixed"
    await site.part("close").click()
    await site.visit(html=BARE)
    await site.part("launcher").click()
    await expect(site.messages).to_have_count(3)
    assert await site.page.evaluate("window.violations") == []
    assert [line for line in complaints if "policy" in line.lower()] == []


@pytest.mark.parametrize(
    "accent", ["#0f766e", "#ffd400", "#ffffff", "#000000", "#7fff00", "#777777"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_texts_are_readable_on_any_accent(
    site: Site, webchat: Webchat, accent: str, theme: str
) -> None:
    webchat.configure(accent=accent, theme=theme, launcher={"ru": "Сұра"})
    await site.open(html=BARE)
    await site.write("Сәлем")
    await site.reply("**Сәлем!** https://tau.kz", buttons=[Button(title="Иә", payload="/y")])
    await site.reply("Мен", author_kind="operator", author_name="Айдана")
    await site.reply("Соңы", buttons=[Button(title="Иә", payload="/y")])
    await expect(site.messages).to_have_count(4)
    places = [
        ".launcher",
        ".logo",
        ".title",
        ".status",
        ".contact .body",
        ".bot .body",
        ".bot .body a",
        ".bot .mark",
        ".bot .face",
        ".operator .body",
        ".operator .face",
        ".item:last-child .chip",
        ".time",
        ".tool",
        "textarea",
    ]
    found = await site.page.evaluate(CONTRAST, places)
    assert [pair for pair in found if pair[1] < 4.5] == []


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_nothing_is_cut_in_any_language(
    browser: Browser, webchat: Webchat, language: str, width: int
) -> None:
    """The longest form there is, with every complaint shown."""
    webchat.configure(
        prechat={
            "name": "required",
            "phone": "required",
            "email": "required",
            "own": "required",
            "question": {language: "Номер заказа " * 8},
        }
    )
    site = await open_site(browser, webchat, viewport={"width": width, "height": 800})
    await site.open(attributes=f'data-language="{language}"', html=BARE)
    await site.part("start").click()
    wide = """root => [...root.querySelectorAll('*')].filter((one) => one.checkVisibility() && !one.closest('.hidden')
        && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline').map((one) => one.className)"""
    assert await site.part("panel").evaluate(wide) == []
    assert await site.page.evaluate("document.documentElement.scrollWidth") <= width
    box = await site.part("start").bounding_box()
    assert box is not None
    await site.part("start").scroll_into_view_if_needed()
    assert site.errors == []
    await site.context.close()


async def test_a_page_from_right_to_left(site: Site) -> None:
    await site.open(html=RTL)
    launcher, panel = (
        await site.part("launcher").bounding_box(),
        await site.part("panel").bounding_box(),
    )
    assert launcher is not None
    assert panel is not None
    assert launcher["x"] > 1000
    assert panel["x"] + panel["width"] <= 1200
    await site.write("Сәлем")
    bubble = await site.messages.first.locator(".body").bounding_box()
    assert bubble is not None
    assert bubble["x"] > panel["x"] + panel["width"] / 2, "the visitor's own stands to the right"


async def test_it_is_not_printed(site: Site) -> None:
    await site.visit()
    await expect(site.part("launcher")).to_be_visible()
    await site.page.emulate_media(media="print")
    await expect(site.part("launcher")).to_be_hidden()


async def test_the_pages_font_and_variables(site: Site) -> None:
    html = BARE.replace(
        "<h1>",
        "<style>body {{ font-family: 'Courier New', monospace }}"
        " aitys-chat {{ --aitys-bottom: 90px; --aitys-width: 333px }}</style><h1>",
    )
    await site.open(html=html)
    family = "el => getComputedStyle(el).fontFamily"
    assert "Courier" in await site.part("input").evaluate(family)
    launcher, panel = (
        await site.part("launcher").bounding_box(),
        await site.part("panel").bounding_box(),
    )
    assert launcher is not None
    assert panel is not None
    assert round(launcher["y"] + launcher["height"]) == 800 - 90
    assert panel["width"] == 333
    await site.visit(html=BARE)  # a page without a font of its own
    assert "Times" not in await site.part("launcher").evaluate(family)


async def test_tab_stays_inside_a_full_screen(phone: Site) -> None:
    await phone.open()
    await expect(phone.part("panel")).to_have_attribute("aria-modal", "true")
    focused = "document.activeElement.shadowRoot && document.activeElement.shadowRoot.activeElement.dataset.testid"
    seen = set()
    for _ in range(12):
        await phone.page.keyboard.press("Tab")
        seen.add(await phone.page.evaluate(focused))
    assert seen == {"aitys-sound", "aitys-close", "aitys-attach", "aitys-input", "aitys-send"}
    await phone.page.keyboard.press("Shift+Tab")
    assert await phone.page.evaluate(focused) in seen


async def test_the_on_screen_keyboard_leaves_the_field_in_sight(phone: Site) -> None:
    """The visual viewport shrinks: the window ends where the keyboard begins."""
    await phone.page.add_init_script(
        "const view = new EventTarget(); Object.assign(view, {height: 844, offsetTop: 0});"
        "Object.defineProperty(window, 'visualViewport', {value: view});"
    )
    await phone.open()
    await phone.page.evaluate(
        "visualViewport.height = 460; visualViewport.offsetTop = 30;"
        "visualViewport.dispatchEvent(new Event('resize'))"
    )
    box = await phone.part("panel").bounding_box()
    assert box == {"x": 0, "y": 30, "width": 390, "height": 460}
    field = await phone.part("input").bounding_box()
    assert field is not None
    assert field["y"] + field["height"] <= 490


async def test_an_invitation_comes_once(site: Site, webchat: Webchat) -> None:
    webchat.configure(
        proactive={"after_seconds": 1, "paths": ["/page/*"], "text": {"ru": "Подсказать?"}}
    )
    await site.visit()
    await site.page.wait_for_timeout(2_500)
    await expect(site.part("invitation")).to_be_hidden()  # not on this page
    await site.visit(path="/page/tents")
    await expect(site.part("invitation")).to_contain_text("Подсказать?")
    await site.part("dismiss").click()
    await expect(site.part("invitation")).to_be_hidden()
    await site.visit(path="/page/bags")
    await site.page.wait_for_timeout(2_500)
    await expect(site.part("invitation")).to_be_hidden()


async def test_who_does_not_want_invitations_gets_none(site: Site, webchat: Webchat) -> None:
    webchat.configure(proactive={"after_seconds": 1})
    await site.visit(attributes='data-proactive="off"')
    await expect(site.part("launcher")).to_be_visible()
    await site.page.wait_for_timeout(2_500)
    await expect(site.part("invitation")).to_be_hidden()


async def test_the_title_counts_what_is_new(site: Site) -> None:
    await site.open()
    await site.write("Сәлем")
    await site.reply("Бір")
    await expect(site.messages).to_have_count(2)
    await until(lambda: site.webchat.inbox.read)
    await site.part("close").click()
    await site.reply("Екі")
    await site.reply("Үш")
    await expect(site.page).to_have_title("(2) Бет")
    await site.page.evaluate("document.title = '(жаңа) Бет'")
    await site.reply("Төрт")
    await expect(site.page).to_have_title("(3) (жаңа) Бет")
    await site.part("launcher").click()
    await expect(site.page).to_have_title("(жаңа) Бет")
    await expect(site.part("fresh").locator("visible=true")).to_have_count(1)


GAP = "(s) => s.scrollHeight - s.scrollTop - s.clientHeight"
UNTIL_AT_END = f"""(log) => new Promise((done) => {{
  const look = () => (({GAP})(log.parentNode) < 2 ? done(true) : requestAnimationFrame(look));
  look();
}})"""
A_FEW_FRAMES = """() => new Promise((done) => {
  let left = 5;
  const next = () => (left-- ? requestAnimationFrame(next) : done(true));
  next();
})"""


async def test_the_end_stays_in_sight_while_a_picture_grows(site: Site) -> None:
    await site.open()
    for number in range(15):
        await site.write(f"{number}")
    await expect(site.messages).to_have_count(15)
    log = site.part("log")
    # The picture is drawn before the browser tells of the way to the end that was asked for.
    await log.evaluate(
        "(log) => { log.style.paddingBottom = '400px'; log.parentNode.dispatchEvent(new Event('scroll')) }"
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await log.evaluate(UNTIL_AT_END)
    await log.evaluate("(log) => { log.parentNode.scrollTop -= 300 }")
    await log.evaluate(A_FEW_FRAMES)
    await log.evaluate("(log) => { log.style.paddingBottom = '500px' }")
    await log.evaluate(A_FEW_FRAMES)
    left = await log.evaluate(f"(log) => ({GAP})(log.parentNode)")
    assert left > 300, "who reads above is left there"


async def test_only_what_is_before_the_eyes_is_read(site: Site) -> None:
    await site.open()
    await site.write("Сәлем")
    first = await site.reply("Бірінші")
    await until(lambda: site.webchat.inbox.read == [first.id])
    await site.part("close").click()
    long = [await site.reply(f"№{number}\n" + "ұзақ\n" * 12) for number in range(8)]
    await expect(site.part("unread")).to_have_text("8")
    await until(lambda: long[-1].id in site.webchat.inbox.shown)
    assert site.webchat.inbox.read == [first.id], "arrived is not read"
    await site.part("launcher").click()
    await until(lambda: long[0].id in site.webchat.inbox.read)
    assert long[-1].id not in site.webchat.inbox.read
    scroll = "el => { const s = el.getRootNode().querySelector('.scroll'); s.scrollTop = s.scrollHeight }"
    await site.part("log").evaluate(scroll)
    await until(lambda: long[-1].id in site.webchat.inbox.read)


async def test_a_page_in_the_background_reads_nothing(site: Site) -> None:
    turn = (
        "(state) => { Object.defineProperty(document, 'visibilityState', "
        "{ value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')) }"
    )
    await site.open()
    await site.write("Сәлем")
    await site.page.evaluate(turn, "hidden")
    ours = await site.reply("Жауап")
    await expect(site.page).to_have_title("(1) Бет")
    await until(lambda: ours.id in site.webchat.inbox.shown)
    await site.page.wait_for_timeout(500)
    assert site.webchat.inbox.read == []
    await site.page.evaluate(turn, "visible")
    await until(lambda: site.webchat.inbox.read == [ours.id])
    await expect(site.page).to_have_title("Бет")


async def test_tabs_are_in_step(site: Site) -> None:
    await site.open()
    await site.write("Сәлем")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    second = await site.context.new_page()
    await site.visit(second)
    unread = second.get_by_test_id("aitys-unread")
    await site.page.bring_to_front()
    await site.reply("Жауап")
    await expect(second.get_by_test_id("aitys-message")).to_have_count(2)
    await until(lambda: site.webchat.inbox.read)
    await expect(unread).to_be_hidden()
    assert len(set(site.webchat.inbox.read)) == 1


async def test_earlier_messages_are_paged(site: Site) -> None:
    await site.open()
    await site.write("Сәлем")
    for number in range(120):
        await site.reply(f"№{number}")
    await expect(site.messages).to_have_count(121)
    await site.visit()
    await expect(site.messages).to_have_count(50)
    await expect(site.part("older")).to_be_visible()
    await site.part("older").press("Enter")
    # Reaching the button is a way up already: then two pages may come.
    await expect(site.messages.nth(99)).to_be_attached()
    await site.part("log").evaluate(
        "el => { el.getRootNode().querySelector('.scroll').scrollTop = 0 }"
    )
    await expect(site.messages).to_have_count(121)
    await expect(site.part("older")).to_be_hidden()
    texts = await site.messages.locator(".text").all_text_contents()
    assert texts == ["Сәлем", *(f"№{number}" for number in range(120))]


async def test_read_by_us_is_shown(site: Site, webchat: Webchat) -> None:
    await site.open()
    await site.write("Сәлем")
    await expect(site.messages).to_contain_text("Отправлено")
    (message,) = webchat.inbox.received
    await webchat.connector.mark_read(
        webchat.connection, message.chat_id, platform_id=message.external_id
    )
    await expect(site.messages).to_have_attribute("data-state", "read")
    await expect(site.messages).to_contain_text("Прочитано")


@pytest.mark.parametrize(
    ("text", "hrefs"),
    [
        ("[x](javascript:alert(1))", []),
        ("[x](https://ok.kz) **[y](https://b.kz)**", ["https://ok.kz/", "https://b.kz/"]),
        ("[<img src=x>](https://ok.kz/?a=<b>)", ["https://ok.kz/?a="]),
        ("[x](data:text/html,hi) vbscript:x", []),
        ("https://ok.kz/'\"<b>", ["https://ok.kz/"]),
    ],
)
async def test_marks_make_nothing_dangerous(site: Site, text: str, hrefs: list[str]) -> None:
    await site.open()
    await site.write("?")
    await site.reply(
        text,
        buttons=[
            Button(title="бұзу", url="javascript:alert(1)"),
            Button(title="<img src=x onerror=alert(1)>", url="https://ok.kz"),
        ],
    )
    await expect(site.messages).to_have_count(2)
    links = await site.messages.nth(1).locator(".body a").all()
    assert [await link.get_attribute("href") for link in links] == hrefs
    assert await site.messages.locator("img, script, iframe").count() == 0
    await expect(site.part("chip")).to_have_count(1)
    await expect(site.part("chip")).to_have_attribute("rel", "noopener noreferrer nofollow")


async def test_marks_are_shown(site: Site) -> None:
    await site.open()
    await site.write("**мен** _жазған_")
    await site.reply("**Жуан** _көлбеу_ `код` a_b_c 2 * 3 ** 4 [сайт](https://tau.kz/x)")
    body = site.messages.nth(1).locator(".text")
    await expect(body).to_have_text("Жуан көлбеу код a_b_c 2 * 3 ** 4 сайт")
    await expect(body.locator("strong")).to_have_text("Жуан")
    await expect(body.locator("em")).to_have_text("көлбеу")
    await expect(body.locator("code")).to_have_text("код")
    await expect(site.messages.first.locator(".text")).to_have_text("**мен** _жазған_")
    await site.reply("Бағасы:\n- тау: **7 000 ₸**\n* қала: 6 000 ₸\n-5 °C")
    listed = site.messages.nth(2).locator(".text")
    await expect(listed).to_have_text("Бағасы:\n• тау: 7 000 ₸\n• қала: 6 000 ₸\n-5 °C")


async def test_a_signed_in_visitor(browser: Browser, webchat: Webchat) -> None:
    secret = "an-identity-secret-of-32-letters"
    webchat.configure(identity_secret=secret)
    tag = (
        f'data-user-id="u1" data-user-signature="{signature_of(secret, "u1")}" '
        'data-user-name="Айдана"'
    )
    laptop = await open_site(browser, webchat)
    await laptop.open(attributes=tag)
    await laptop.write("Ноутбуктен")
    await expect(laptop.messages).to_have_attribute("data-state", "sent")
    tablet = await open_site(browser, webchat)
    await tablet.open()
    await tablet.write("Кіргенге дейін")
    await expect(tablet.messages).to_have_attribute("data-state", "sent")
    user = {"id": "u1", "signature": signature_of(secret, "u1"), "name": "Айдана"}
    await tablet.page.evaluate("user => Aitys.identify(user)", user)
    await expect(tablet.messages).to_have_count(1)
    await expect(tablet.messages).to_contain_text("Ноутбуктен")
    assert webchat.inbox.received[0].sender.name == "Айдана"
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('aitys:'))"
    tokens = [key for key in await laptop.page.evaluate(kept) if key.endswith(":token")]
    assert tokens == [], "the chat of a user opens with their signature only"
    await tablet.page.evaluate("Aitys.logout()")
    await expect(tablet.messages).to_have_count(0)
    left = [key for key in await tablet.page.evaluate(kept) if not key.endswith(":token")]
    assert left == [], "nothing of them stays; the next visitor has a token of their own"
    await tablet.write("Басқа адам")
    await expect(tablet.messages).to_have_attribute("data-state", "sent")
    last = webchat.inbox.received[-1]
    assert (last.sender.name, last.sender.username) == (None, None)
    assert last.chat_id not in {one.chat_id for one in webchat.inbox.received[:-1]}
    for site in (laptop, tablet):
        assert site.errors == []
        await site.context.close()


async def test_a_forged_visitor_is_nobody(site: Site, webchat: Webchat) -> None:
    webchat.configure(identity_secret="s" * 32)
    await site.open(attributes='data-user-id="u1" data-user-signature="0000"')
    await site.write("Сәлем")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    assert webchat.inbox.received[0].sender.username is None


async def test_the_page_talks_with_the_chat(site: Site, webchat: Webchat) -> None:
    html = BARE.replace(
        "<script",
        "<script>window.Aitys = [['on', 'message', (message) => (window.heard = message)],"
        " ['language', 'en']]</script><script",
    )
    await site.visit(html=html)
    await expect(site.part("launcher")).to_have_attribute("aria-label", "Open chat")
    await site.page.evaluate("Aitys.open({ text: 'Draft' })")
    await expect(site.part("input")).to_have_value("Draft")
    await site.part("send").click()
    await site.reply("Answer")
    await site.page.wait_for_function("window.heard && window.heard.text === 'Answer'")
    await site.page.evaluate("Aitys.hide()")
    await expect(site.part("launcher")).to_be_hidden()
    await site.page.evaluate("Aitys.show()")
    await expect(site.part("launcher")).to_be_visible()
    await site.page.evaluate(
        "window.opened = 0; window.off = Aitys.on('open', () => (window.opened += 1)); 0"
    )
    await site.page.evaluate("Aitys.toggle(); window.off(); Aitys.close(); Aitys.open()")
    assert await site.page.evaluate("window.opened") == 1
    assert await site.page.evaluate("typeof Aitys.on('unread', () => {})") == "function"
