"""Mails as real programs write them. Each is written after a documented form, named beside it."""

import pytest

from connectors.email.inbound import message_of, report_in, status_events
from connectors.email.mail import Mail
from crm.contract import InboundMessage, MessageKind, StatusUpdate
from tests.unit.connectors.email.conftest import CONNECTION, CUSTOMER, MAILS, OUR_ID, OURS, mail

_GMAIL = "https://support.google.com/mail: Gmail's reply, attribution line and div.gmail_quote"
_OUTLOOK = "https://learn.microsoft.com/outlook: header block above the quoted mail, div#divRplyFwdMsg, border-top"
_APPLE = "https://support.apple.com/guide/mail: blockquote type=cite, attribution within the quotation on iPhones"
_MOZILLA = "https://kb.mozillazine.org/Reply_header_settings"
_MAILRU = "https://help.mail.ru/mail: attribution with weekday, zone and 'от'"
_YANDEX = "https://yandex.ru/support/mail: attribution with date, quoted name and address"

NEW = {
    "gmail_ru_reply": (_GMAIL, "Да, беру два."),
    "gmail_en_reply": (_GMAIL, "Sure, two of them."),
    "gmail_kk_reply": (_GMAIL, "Иә, екеуін аламын."),
    "gmail_html_only": (_GMAIL, "Когда доставите?\n\nЖду"),
    "outlook_desktop_ru": (_OUTLOOK, "Добрый день!\nПришлите счёт."),
    "outlook_ru_fields": (_OUTLOOK, "Пришлите счёт, пожалуйста."),
    "outlook_html_only": (_OUTLOOK, "Нужен счёт"),
    "outlook_web": (_OUTLOOK, "Спасибо, получила"),
    "outlook_mobile_ru": (_OUTLOOK, "Хорошо, жду"),
    "outlook_kk": (_OUTLOOK, "Шотты жіберіңізші."),
    "outlook_original_message": (_OUTLOOK, "Когда приедет мастер?"),
    "apple_mail_ru": (_APPLE, "Беру красный."),
    "apple_mail_en_iphone": (_APPLE, "The red one."),
    "apple_iphone_ru": (_APPLE, "Красный"),
    "iphone_kk": (_APPLE, "Қызыл"),
    "thunderbird_ru": (_MOZILLA, "Красный.\nM, пожалуйста."),
    "thunderbird_en": (_MOZILLA, "The red one."),
    "mailru_web": (_MAILRU, "Спасибо, беру."),
    "mailru_unmarked": (_MAILRU, "Спасибо, беру."),
    "mailru_app": (_MAILRU, "Можно завтра?"),
    "yandex_web": (_YANDEX, "Здравствуйте! Есть ли в наличии?"),
    "yandex_mobile": (_YANDEX, "Ещё вопрос: доставка есть?"),
    "samsung_ru": ("Samsung Email's reply", "Алло, вы работаете?"),
    "only_a_quotation": ("RFC 3676, section 4.5", "> Здравствуйте!\n> Сколько вам нужно?"),
    "numbers_in_words": (
        "no quotation at all",
        ("Вчера в 10:00 мне ваш менеджер написал:\nскидка 20%. Это правда?\n\n"
        "С уважением к вашему труду мы хотим заказать ещё.\nКогда можно?"),
    ),
    "closing_kk": ("a letter's closing in Kazakh", "Жеткізу қанша тұрады?"),
    "disclaimer": ("a lawyer's footer", "Пришлите договор."),
    "koi8r": ("RFC 1489", "Здравствуйте! Сколько стоит доставка?"),
    "windows1251": ("RFC 2045, section 6.7", "Здравствуйте! Сколько стоит доставка?"),
    "undeclared_cp1251": ("8-bit headers of old web forms", "Здравствуйте! Сколько стоит доставка?"),
    "undeclared_koi8r": ("8-bit headers of old web forms", "Здравствуйте! Сколько стоит доставка?"),
    "wrong_charset": ("us-ascii with UTF-8 in it", "Сәлеметсіз бе! Қанша тұрады?"),
    "kz1048": ("https://www.iana.org/assignments/charset-reg/KZ-1048", "Сәлеметсіз бе! Қанша тұрады?"),
    "iso2022jp": ("RFC 1468", "自転車はありますか"),
    "unknown_charset": ("RFC 1428: charset=x-unknown", "Сколько стоит доставка?"),
    "no_headers": ("RFC 5322 without its header", "просто текст"),
    "no_end": ("RFC 2046, section 5.1: the closing boundary is missing", "Письмо оборвалось"),
    "bad_base64": ("RFC 2045, section 6.8: padding in the middle", "Сәлем"),
    "invite": ("RFC 5545 and RFC 5546", "Замер, кухня\n15.03.2026 10:00 (Asia/Almaty) — 15.03.2026 11:00 (Asia/Almaty)\nАлматы, Абая 10, офис 5"),
    "smime_signed": ("RFC 8551, section 3.5.3", "Подписано"),
    "flowed": ("RFC 3676", "Эта строка была разорвана почтовой программой.\nА эта нет."),
    "rfc2231_names": ("RFC 2231, section 4.1", "Документы"),
    "mail_in_mail": ("RFC 2046, section 5.2.1", "Смотрите вложение"),
    "site_form": ("a form of the company's own site", "Телефон: +7 701 123 45 67"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEW)
def test_what_is_new_is_told_from_what_is_quoted(name: str) -> None:
    found = mail(name)
    assert found.text == NEW[name][1]
    assert found.text in found.full_text or name in {
        "thunderbird_ru",
        "invite",
        "gmail_html_only",
        "outlook_html_only",
    }


@pytest.mark.parametrize(
    "name", ["gmail_ru_reply", "outlook_desktop_ru", "outlook_web", "yandex_web", "mailru_web"]
)
def test_people_can_see_all_of_it(name: str) -> None:
    found = mail(name)
    shown = message_of(found, chat_id="c", attachments=(), own={OURS}, silent=None, html=found.html)
    everything = shown.data["full_text"] + (shown.data.get("html") or "")
    assert any(word in everything for word in ("Сколько вам нужно", "Рады помочь", "старое письмо"))


def test_a_forwarded_mail_is_about_what_it_forwards() -> None:
    assert "Заказ 77 собран." in mail("gmail_forward_ru").text


def test_signatures_are_kept_for_people() -> None:
    assert mail("closing_kk").signature.endswith("+7 701 123 45 67")
    assert "ТОО «Алма»" in mail("thunderbird_ru").signature


@pytest.mark.parametrize("name", ["undeclared_cp1251", "undeclared_koi8r"])
def test_headers_of_raw_bytes(name: str) -> None:
    found = mail(name)
    assert found.subject == "Вопрос о доставке"
    assert found.sender is not None
    assert found.sender.name == "Айгуль"


def test_letters_that_were_cut_in_two_are_joined() -> None:
    assert mail("split_letters").subject == "Вопрос о доставке велосипеда № 1"


def test_names_of_files() -> None:
    names = [one.name for one in mail("rfc2231_names").files]
    assert names == ["Счёт № 1.pdf", "Договор.doc", "Фото.jpg"]
    (inner,) = mail("mail_in_mail").files
    assert (inner.name, inner.mime) == ("old.eml", "message/rfc822")
    assert b"old text" in inner.content


def test_a_mail_of_one_file_only() -> None:
    found = mail("only_a_file")
    assert [one.name for one in found.files] == ["act.pdf"]
    assert message(found).text == "Велосипед"


def test_without_headers_nobody_is_answered() -> None:
    found = message(mail("no_headers"))
    assert (found.answerable, found.sender.external_id) == (False, "unknown@invalid")
    returned = mail("no_from")
    assert returned.sender is not None
    assert returned.sender.value == "bounce@list.test"
    assert returned.automatic == "robot"


def test_what_cannot_be_shown_says_so() -> None:
    for name, reason in (("winmail", "tnef"), ("pgp_encrypted", "encrypted")):
        found = mail(name)
        assert reason in found.unsupported, name
        assert found.files, name
    bare = Mail(external_id="x", unsupported=("tnef",))
    shown = message_of(bare, chat_id="c", attachments=(), own={OURS}, silent=None, html=None)
    assert (shown.kind, shown.data["type"]) == (MessageKind.UNSUPPORTED, "tnef")
    assert mail("smime_signed").files == ()
    assert "Где граница?" in mail("no_boundary").text


def test_pictures_in_the_text_stand_there_and_nothing_is_fetched() -> None:
    found = mail("inline_picture")
    assert found.html is not None
    assert 'data-attachment="0"' in found.html
    assert "open?id=1" not in found.html
    assert 'data-remote-src="https://cdn.test/logo.png"' in found.html
    assert " src=" not in found.html
    assert found.inline == {0}
    assert found.text == "Вот фото: [фото]"


def test_a_form_of_ones_own_site_is_the_customers() -> None:
    found = mail("site_form")
    assert found.sender is not None
    assert (found.sender.value, found.automatic) == (CUSTOMER, None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("newsletter", "list"),
        ("out_of_office", "auto_submitted"),
        ("vacation", "auto_submitted"),
        ("no_reply", "robot"),
        ("bounce_foreign", "auto_submitted"),
    ],
)
def test_machines_are_not_answered(name: str, reason: str) -> None:
    found = mail(name)
    assert found.automatic == reason
    assert not message(found).answerable


def test_people_are() -> None:
    for name in NEW:
        if name != "no_headers":
            assert mail(name).automatic is None, name


@pytest.mark.parametrize(
    ("name", "state", "code", "words"),
    [
        ("bounce_postfix", "failed", "recipient_unknown", "User unknown"),
        ("bounce_full", "failed", "mailbox_full", "quota exceeded"),
        ("bounce_spam", "failed", "refused_as_spam", "rejected as spam"),
        ("bounce_exim", "failed", "recipient_unknown", "550 5.1.1 No such user"),
        ("bounce_qmail", "failed", "recipient_unknown", "no mailbox here"),
        ("bounce_exchange", "failed", "recipient_unknown", "RecipientNotFound"),
        ("dsn_delivered", "delivered", None, ""),
        ("read_receipt", "read", None, ""),
    ],
)
def test_reports_of_our_mails(name: str, state: str, code: str | None, words: str) -> None:
    found = mail(name)
    report = report_in(found, CONNECTION)
    assert report is not None
    (status,) = status_events(found, report)
    assert isinstance(status, StatusUpdate)
    assert (status.platform_id, status.state, status.code) == (OUR_ID, state, code)
    assert words in (status.detail or "")


@pytest.mark.parametrize("name", ["bounce_delayed", "bounce_warning_words"])
def test_a_delay_is_no_failure(name: str) -> None:
    found = mail(name)
    report = report_in(found, CONNECTION)
    assert report is not None
    assert status_events(found, report) == []


def test_a_report_of_somebody_elses_mail_is_a_mail() -> None:
    assert report_in(mail("bounce_foreign"), CONNECTION) is None


def test_every_fixture_is_read() -> None:
    named = {path.stem for path in MAILS.glob("*.eml")}
    assert len(named) >= 60
    assert set(NEW) <= named


def message(found: Mail) -> InboundMessage:
    return message_of(found, chat_id="c", attachments=(), own={OURS}, silent=None, html=None)
