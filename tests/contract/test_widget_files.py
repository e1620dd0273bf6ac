"""Files in the widget, both ways: picked, dropped, pasted, cancelled, refused, shown."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from crm.contract import Attendance, Button, FileRefusedError, KeptFile, MessageKind
from tests.contract.conftest import Webchat
from tests.contract.sites import Site
from tests.contract.test_widget_page import BARE, PNG
from tests.support.patience import until

DROP = """([kind, name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: kind }));
  const panel = document.querySelector('aitys-chat').shadowRoot.querySelector('.panel');
  for (const type of ['dragenter', 'dragover', 'drop']) {
    panel.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""
PASTE = """async () => {
  const canvas = document.createElement('canvas');
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], 'image.png', { type: 'image/png' }));
  const field = document.querySelector('aitys-chat').shadowRoot.querySelector('textarea');
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


def file(name: str, content: bytes = PNG, mime: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": mime, "buffer": content}


async def test_a_picture_and_a_document(site: Site, webchat: Webchat) -> None:
    await site.open()
    await site.part("picker").set_input_files(
        [file("шатыр.png"), file("чек.pdf", b"%PDF-1", "application/pdf")]
    )
    await expect(site.part("upload")).to_have_count(2)
    for place in range(2):
        await expect(site.part("upload").nth(place)).to_have_attribute("data-state", "done")
    await site.write("Міне")
    await expect(site.part("upload")).to_have_count(0)
    await expect(site.messages).to_have_attribute("data-state", "sent")
    (message,) = webchat.inbox.received
    assert message.text == "Міне"
    assert [one.kind for one in message.attachments] == [MessageKind.IMAGE, MessageKind.DOCUMENT]
    assert [one.name for one in message.attachments] == ["шатыр.png", "чек.pdf"]
    await expect(site.part("picture").locator(".drawn")).to_be_visible()
    await expect(site.part("file")).to_contain_text("чек.pdf")
    assert str(await site.part("file").get_attribute("href")).startswith(webchat.url)
    assert await site.part("file").get_attribute("rel") == "noopener noreferrer"
    await site.visit()  # and so it stands after a reload
    await expect(site.part("picture").locator(".drawn")).to_be_visible()


async def test_dropped_and_pasted(site: Site, webchat: Webchat) -> None:
    await site.open(html=BARE)
    await site.page.evaluate(DROP, ["text/plain", "тізім.txt", "бір"])
    await site.page.evaluate(PASTE)
    await expect(site.part("upload")).to_have_count(2)
    await site.part("send").click()  # while they may still be under way
    await until(lambda: webchat.inbox.received)
    names = [one.name for one in webchat.inbox.received[0].attachments]
    assert names == ["тізім.txt", "image.png"]
    await expect(site.messages).to_have_count(1)


async def test_one_is_cancelled(site: Site, webchat: Webchat) -> None:
    """What is cancelled is not sent; the rest goes on."""
    keep = webchat.inbox.keep_file

    async def slow(*given: Any, **options: Any) -> KeptFile:
        if options["name"] == "баяу.png":
            await asyncio.sleep(600)
        return await keep(*given, **options)

    webchat.inbox.keep_file = slow  # type: ignore[method-assign]
    await site.open()
    await site.part("picker").set_input_files([file("баяу.png"), file("тез.png")])
    await expect(site.part("upload").nth(1)).to_have_attribute("data-state", "done")
    await expect(site.part("upload").nth(0)).to_have_attribute("data-state", "sending")
    await expect(site.part("upload").nth(0).get_by_role("progressbar")).to_be_visible()
    await site.part("remove").nth(0).click()
    await expect(site.part("upload")).to_have_count(1)
    await site.part("send").click()
    await until(lambda: webchat.inbox.received)
    assert [one.name for one in webchat.inbox.received[0].attachments] == ["тез.png"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("file_type_not_allowed", "Такие файлы не принимаются"),
        ("file_infected", "В файле найден вирус"),
        ("file_too_large", "Файл больше 1 МБ"),
        ("files_full", "закончилось место"),
        ("files_daily_limit", "На сегодня файлов достаточно"),
        ("anything_else", "Не загрузилось"),
    ],
)
async def test_a_refusal_is_told_in_words(
    site: Site, webchat: Webchat, code: str, words: str
) -> None:
    async def refuse(_connection: Any, chunks: Any, **_: Any) -> KeptFile:
        async for _chunk in chunks:
            pass
        raise FileRefusedError(code, "No.")

    webchat.configure(max_megabytes=1)
    webchat.inbox.keep_file = refuse  # type: ignore[method-assign, assignment]
    await site.open()
    await site.part("picker").set_input_files([file("a.png")])
    await expect(site.part("upload")).to_contain_text(words)
    await expect(site.part("upload").get_by_role("alert")).to_be_visible()
    await expect(site.part("retry")).to_be_hidden()
    await site.write("Бәрібір")
    await expect(site.messages).to_have_count(1)
    assert webchat.inbox.received[0].attachments == []


async def test_what_is_too_large_is_not_even_sent(site: Site, webchat: Webchat) -> None:
    webchat.configure(max_megabytes=1)
    await site.open()
    await site.part("picker").set_input_files([file("a.png", b"x" * 1_100_000), file("b.png", b"")])
    await expect(site.part("upload").nth(0)).to_contain_text("Файл больше 1 МБ")
    await expect(site.part("upload").nth(1)).to_contain_text("Файл пустой")
    assert webchat.inbox.files == {}


async def test_a_fault_of_ours_may_be_tried_again(site: Site, webchat: Webchat) -> None:
    await site.open()
    await site.write("Сәлем")
    await expect(site.messages).to_have_attribute("data-state", "sent")
    webchat.inbox.unavailable = True
    await site.part("picker").set_input_files([file("a.png")])
    await expect(site.part("upload")).to_have_attribute("data-state", "failed")
    webchat.inbox.unavailable = False
    await site.part("retry").click()
    await expect(site.part("upload")).to_have_attribute("data-state", "done")


async def test_where_no_files_are_taken_there_is_no_clip(site: Site, webchat: Webchat) -> None:
    webchat.configure(files=False)
    await site.open(html=BARE)
    await expect(site.part("attach")).to_be_hidden()
    await site.page.evaluate(DROP, ["text/plain", "a.txt", "бір"])
    await expect(site.part("tray")).to_be_hidden()


async def test_files_of_ours_and_a_picture_that_is_gone(site: Site, webchat: Webchat) -> None:
    await site.open()
    await site.write("?")
    inbox, gone = webchat.inbox, "e" * 24
    inbox.files[gone] = (KeptFile(id=gone, name="<b>жоқ</b>.png", mime="image/png", size=9), b"no")
    await site.reply("", author_kind="operator", files=[inbox.shown_file(gone)])
    await expect(site.part("file")).to_contain_text("<b>жоқ</b>.png")
    await expect(site.part("picture")).to_have_count(0)


async def test_nobody_is_there(site: Site, webchat: Webchat) -> None:
    """An e-mail is asked for, and goes with all that follows."""
    await site.open()
    await site.write("Адам керек")
    chat = await site.chat_id()
    tomorrow = datetime.now(UTC).astimezone() + timedelta(days=1)
    webchat.inbox.attendances[chat] = Attendance(answers="nobody", opens_at=tomorrow)
    await site.write("Алло")
    await expect(site.part("ask-email")).to_contain_text("Сейчас ответить некому")
    await expect(site.part("ask-email")).to_contain_text(f"вернутся завтра в {tomorrow:%H:%M}")
    await expect(site.part("status")).to_have_text("Сейчас нерабочее время")
    await expect(site.part("ask-email")).to_contain_text("связаться с вами")
    await expect(site.part("ask-email")).not_to_contain_text("ответим туда")
    webchat.inbox.attendances[chat] = Attendance(answers="nobody", opens_at=tomorrow, follows=True)
    await site.write("Ау")
    await expect(site.part("ask-email")).to_contain_text("ответим туда")
    await site.part("field-email").fill("oops")
    await site.part("give-email").click()
    await expect(site.part("ask-email")).to_contain_text("Проверьте адрес")
    await expect(site.part("field-email")).to_be_focused()
    await site.part("field-email").fill("a@b.kz")
    await site.part("give-email").click()
    await expect(site.part("ask-email")).to_be_hidden()
    await until(lambda: len(webchat.inbox.received) == 4)
    assert webchat.inbox.received[3].data["offline_email"] == "a@b.kz"
    await site.visit()
    await site.write("Тағы")
    await until(lambda: len(webchat.inbox.received) == 5)
    assert webchat.inbox.received[4].sender.email == "a@b.kz"
    await expect(site.part("ask-email")).to_have_count(0)


async def test_the_form_before_the_chat(site: Site, webchat: Webchat) -> None:
    webchat.configure(
        prechat={
            "name": "required",
            "phone": "optional",
            "own": "required",
            "question": {"ru": "Номер заказа"},
            "privacy_url": "https://tau.kz/privacy",
        }
    )
    await site.open(attributes='data-suggestions-ru="Есть доставка?|Где вы?"')
    await expect(site.part("input")).to_be_hidden()
    await expect(site.part("field-name")).to_be_focused()
    await expect(site.part("suggestion")).to_have_count(2)
    await expect(site.part("suggestion").first).to_be_hidden()
    await site.part("field-name").fill("Айдана")
    await site.part("field-phone").fill("12")
    await site.part("start").click()
    await expect(site.part("form")).to_contain_text("Проверьте номер")
    await site.part("field-phone").fill("8 701 123 45 67")
    await site.part("field-own").fill("17")
    await site.part("start").click()
    await expect(site.part("form").get_by_role("alert")).to_contain_text("Без согласия")
    assert webchat.inbox.received == []
    await site.part("consent").check()
    await site.part("start").click()
    await expect(site.part("input")).to_be_focused()
    await site.write("Қайда?")
    await until(lambda: len(webchat.inbox.received) == 2)
    form, question = webchat.inbox.received
    assert form.text == "Имя: Айдана\nТелефон: 8 701 123 45 67\nНомер заказа: 17"
    assert (form.answerable, form.data["form"]["answer"]) == (False, "17")
    assert (question.sender.name, question.sender.phone) == ("Айдана", "+77011234567")
    await site.visit()
    await expect(site.messages).to_have_count(2)
    await expect(site.part("form")).to_have_count(0)


async def test_a_phone_where_a_button_asks_for_it(site: Site, webchat: Webchat) -> None:
    await site.open()
    await site.write("?")
    await site.reply("Нөміріңіз?", buttons=[Button(title="Қалдыру", share="phone")])
    await site.part("chip").click()
    await site.part("field-phone").fill("+7 701 123 45 67")
    await site.part("give-phone").click()
    await until(lambda: len(webchat.inbox.received) == 2)
    shared = webchat.inbox.received[1]
    assert (shared.kind, shared.data["phone"]) == (MessageKind.CONTACT, "+77011234567")
    await expect(site.part("ask-phone")).to_have_count(0)


async def test_sound_is_off_until_it_is_wanted(site: Site) -> None:
    await site.page.add_init_script(
        "window.rung = 0; window.AudioContext = class { constructor() { window.rung += 1; throw 1; } };"
    )
    await site.open()
    await site.write("?")
    await site.reply("Бір")
    await expect(site.messages).to_have_count(2)
    await expect(site.part("sound")).to_have_attribute("aria-pressed", "false")
    await site.part("close").click()
    await site.reply("Екі")
    await expect(site.part("unread")).to_have_text("1")
    assert await site.page.evaluate("window.rung") == 0
    await site.part("launcher").click()
    await site.part("sound").click()
    await expect(site.part("sound")).to_have_attribute("aria-pressed", "true")
    assert await site.page.evaluate("window.rung") == 1
    await site.part("close").click()
    await site.reply("Үш")
    await expect(site.part("unread")).to_have_text("1")
    assert await site.page.evaluate("window.rung") == 2
