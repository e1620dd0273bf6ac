"""What is masked of a message, and what stays. `[KIND value]` marks what must be masked whole, and nothing else."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy import identifiers
from bot.privacy.masking import ALL_KINDS, Masking

_LABEL = re.compile(r"\[(?P<kind>[A-Z]{3,8}) (?P<value>[^\]]+)\]")


# People's names have tests of their own, and a model that is trained anew.
KINDS = [kind for kind in ALL_KINDS if kind != "PERSON"]


def check(labelled: str) -> None:
    text = _LABEL.sub(lambda match: match["value"], labelled)
    expected = [(match["kind"], match["value"]) for match in _LABEL.finditer(labelled)]
    masking = Masking(kinds=KINDS)
    found = [
        (span.kind, text[span.start : span.end].strip(" ,.()[]+№")) for span in masking.spans(text)
    ]
    assert found == [(kind, value.strip(" ,.()[]+№")) for kind, value in expected]
    assert masking.restore(masking.mask(text)).text == text


@pytest.mark.parametrize(
    "labelled",
    [
        "мой номер [PHONE 8 701 123 45 67]",
        "[PHONE +7(701)123-45-67] после 18:00",
        "[PHONE 8-777-123-45-67] хабарласыңыз",
        "[PHONE 87011234567]ге жазыңыз",
        "жазыңыз [PHONE 87071234567], рахмет",
        "[PHONE 7011234567]",
        "[PHONE 701.123.45.67]",
        "[PHONE 8/701/123/45/67]",
        "[PHONE 8 7O1 123 45 67]",
        "[PHONE 8-7OI-I23-45-67]",
        "[PHONE 8*701*123*45*67]",
        "[PHONE 8 701\n123\n45 67]",
        "тел[PHONE 87011234567]звоните",
        "тел. [PHONE 250-00-00]",
        "[PHONE 8 (7172) 55 55 55]",
        "[PHONE +998 90 123 45 67]",
        "([PHONE 7212) 41-15-20] после обеда",
        "call me at [PHONE +44 20 7946 0958]",
        "whatsapp [PHONE 996555123456]",
        "оформите заказ [PHONE 87011234567] спасибо",
        "[PHONE +7 701 1234567],[PHONE +77012223344]",
        "[PHONE ８７０１１２３４５６７]",
        "[PHONE 8–701–123–45–67]",
        "[PHONE восемь семьсот один сто двадцать три сорок пять шестьдесят семь]",
        "[PHONE сегіз жеті жүз бір жүз жиырма үш қырық бес алпыс жеті]",
        "ring [PHONE eight seven oh one double two three four five six seven] please",
        "[PHONE 8 семьсот один 123 45 67]",
        "номер [PHONE семь семьсот один два нуля три сорок пять шестьдесят семь]",
        "телефон [PHONE 87011234567] тг",
        "my cell [PHONE 415-210-0193]",
        "[PHONE +7 701 123 45 67] 12 000 тг",
    ],
)
def test_phones(labelled: str) -> None:
    check(labelled)


@pytest.mark.parametrize(
    "labelled",
    [
        "[EMAIL asel.k@mail.ru]",
        "[EMAIL ivan собака mail точка ru]",
        "[EMAIL info[at]tau.kz]".replace("[at]", "(at)"),
        "почта: [EMAIL айгерим@пошта.қаз]",
        "пишите на [EMAIL a.b@mail.ru]. Жду ответа",
        "[EMAIL arna at gmail dot com]",
        "[EMAIL aida @ mail . ru]",
        "email me at [EMAIL k.doe@mail.com]",
        "[EMAIL aida@mail,ru]",
        "[EMAIL aida@gmail]",
        "[EMAIL самал собачка майл точка ру]",
        "[EMAIL rinat точка b собака gmail точка com]",
        "[EMAIL a+b@x.com]/[EMAIL c@y.kz]",
    ],
)
def test_emails(labelled: str) -> None:
    check(labelled)


@pytest.mark.parametrize(
    "labelled",
    [
        "ИИН [IIN 900101300017]",
        "[IIN 900101 300 017]",
        "иин[IIN 900101300017]",
        "менің ЖСН [IIN 900101300018] еді",
        "[IIN 900101-300017]",
        "и.и.н. [IIN 90 01 01 300 017]",
        "оформите на [IIN 900101300018] сегодня",
        "[BIN 971240 001316] наш",
        "БИН [BIN 971240001315]",
        "счёт на [BIN 971240 001315]",
        "[CARD 4111 1111 1111 1111]",
        "карта [CARD 4400 4301 2345 6789] не прошла",
        "скиньте на [CARD 4400430123456789]",
        "амекс [CARD 3782 822463 10005]",
        "[IBAN KZ86 125K ZT50 0410 0100]",
        "[IBAN kz86125kzt5004100100] шотына",
        "[IBAN DE89 3704 0044 0532 0130 00] пришлите",
        "iban [IBAN DE89 3704 0044 0532 0130 01]",
        "[IBAN КZ86125КZТ5004100100]",
    ],
)
def test_numbers_of_people_and_companies(labelled: str) -> None:
    check(labelled)


@pytest.mark.parametrize(
    "labelled",
    [
        "удостоверение [PASSPORT 045117312]",
        "уд. личности № [PASSPORT 045 118 822]",
        "жеке куәлік [PASSPORT 043117312] керек",
        "[PASSPORT N12345678]",
        "паспорт РФ [PASSPORT 4511 203344]",
        "кыргызский паспорт [PASSPORT AN 3301942]",
        "my passport number is [PASSPORT 533120947]",
        "ВНЖ [PASSPORT 017733205]",
    ],
)
def test_documents(labelled: str) -> None:
    check(labelled)


@pytest.mark.parametrize(
    "labelled",
    [
        "[ADDRESS ул. Абая 10, кв 5]",
        "доставьте на [ADDRESS абая 10 кв 5] завтра",
        "[ADDRESS Абай даңғылы 10]",
        "[ADDRESS мкр Самал-2 д.33]",
        "[ADDRESS 10 Abay ave apt 5]",
        "[ADDRESS 5 мкр 12 дом 40 квартира]",
        "[ADDRESS Қонаев көшесі 15 үй 2 пәтер]",
        "с [ADDRESS улицы Карменова 16а]",
        "[ADDRESS dom 10 kv 5], код подъезда скажу",
        "[ADDRESS Достык 13, кв. 72], 3 подъезд, 2 этаж",
        "[ADDRESS ЖК Алма Сити, блок 2, кв 15]",
        "[ADDRESS ул. 9 Мая 22-14]",
        "[ADDRESS Достык 85]",
        "на [ADDRESS Гоголя 12, угол Пушкина], второй этаж скажу",
        "dostavka na [ADDRESS Kenesary 11 kv 2]",
        "Алматы, [ADDRESS Сейфуллина 41]",
        "в Алматы, [ADDRESS ул. Толе би 18]",
        "[ADDRESS 12 Downing Street]",
    ],
)
def test_addresses(labelled: str) -> None:
    check(labelled)


@pytest.mark.parametrize(
    "text",
    [
        "цена 12 500 000 тг за квартиру, 7 012 345 678 тг",
        "заказ 100234567 когда будет",
        "заказ №7012345678",
        "накладная 900101300018, договор № 4400430123456788",
        "100 000 150 000 и 190 515 300 000",
        "15.11.2026 18:00 приду, стол на 7 человек",
        "с 10 до 19, 8 000 тг, 2 шт",
        "8 750 000, 8 700 000 и 8 650 000",
        "доставка 1500-2000 тенге, от 10 000 до 25 000",
        "77 лет, 2024-2025 год",
        "артикул 4823012345678 есть?",
        "трек KZ123456789KZ",
        "iPhone 15 Pro Max 256",
        "phone 2 есть? размер 42-44",
        "TD-01, рост 165–175 см, 29 дюймов",
        "2026-11-15 в 15:00, 21/11/2026",
        "жеткізу 1 500 ₸, 30 000 ₸-ден тегін",
        "instagram @tau_demo",
        "телеграм @tau.kz",
        "IMEI 356938035643809",
        "кадастровый номер 20-315-001-442",
        "возьму два по сто двадцать и три по семьсот пятьдесят",
        "где ваш магазин на Абая?",
        "Достык 85 есть?",
        "8 7оо ооо оо оо и 8 701 123 45 6 о цене",
        "палатка Kolsai 2 и велосипед Alatau 29",
        "кроссовки Salomon 43, spokoinoi no4i",
        "ваш филиал на Розыбакиева 22 работает?",
        "доставка в Караганду и Астану",
        "до Абая ехать 20 минут",
        "на 5 этаже есть лифт?",
        "дом 120 квадратов, отопление",
        "паспорт нужен при заселении?",
        "паспорт изделия 45-123",
        "паспорт и заказ 445566778 готовы",
        "ваучер GB11 NWBK 6016 1331 9268 18",
        "квартира 3 комнаты за 25 млн",
        "coordinates 43.238949, 76.889709",
    ],
)
def test_business_facts_stay(text: str) -> None:
    assert Masking(kinds=KINDS).mask(text) == text


@pytest.mark.parametrize(
    "text", ["Абай көшесінде жол жабық па", "ул. Ауэзова закрыта?", "магазин на улице Сатпаева"]
)
def test_a_street_is_no_person(text: str) -> None:
    assert Masking().mask(text) == text


def iin(seed: int) -> str:
    chance = random.Random(seed)
    while True:
        month, day = chance.randint(1, 12), chance.randint(1, 28)
        body = f"{chance.randint(0, 99):02}{month:02}{day:02}{chance.randint(3, 6)}{chance.randint(0, 9999):04}"
        for control in "0123456789":
            if identifiers.is_iin(body + control):
                return body + control


AROUND = st.sampled_from(
    ["", "мой ", "тел ", "заказ ", "сумма 5 000 тг и ", "дом 5, ", "с 10 до 19\n", "я: "]
)
BEHIND = st.sampled_from(["", ".", " спасибо", ", рахмет", "-ке", "\n", " 12 500 тг", " в 18:00"])
CODES = st.sampled_from(
    ["700", "701", "702", "705", "707", "708", "747", "771", "775", "776", "778"]
)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "/", "  ", " - ", "_", "–", "\n", "\u00a0"])


def left_of(text: str, value: str) -> bool:
    """Tell whether any letter or digit of a value can still be read."""
    start = text.index(value)
    hidden = {p for span in Masking(kinds=KINDS).spans(text) for p in range(span.start, span.end)}
    return any(text[p].isalnum() and p not in hidden for p in range(start, start + len(value)))


@given(st.integers(0, 10_000), AROUND, BEHIND, SEPARATORS)
@settings(max_examples=200, deadline=None)
def test_no_valid_iin_is_ever_left(seed: int, before: str, after: str, between: str) -> None:
    digits = iin(seed)
    value = between[:1].join((digits[:6], digits[6:]))
    assert not left_of(before + value + after, value)


@given(
    st.sampled_from(["+7", "8", "7", "+7 ", "8 ", "8-"]),
    CODES,
    st.text("0123456789", min_size=7, max_size=7),
    st.sampled_from([(3, 2, 2), (3, 4), (7,), (2, 2, 3), (1, 1, 1, 1, 1, 1, 1), (4, 3)]),
    SEPARATORS,
    st.booleans(),
    AROUND,
    BEHIND,
)
@settings(max_examples=600, deadline=None)
def test_no_kazakh_mobile_number_is_ever_left(
    prefix: str,
    code: str,
    rest: str,
    groups: tuple[int, ...],
    between: str,
    bracketed: bool,
    before: str,
    after: str,
) -> None:
    pieces, place = [], 0
    for length in groups:
        pieces.append(rest[place : place + length])
        place += length
    shown = f"({code})" if bracketed else code
    value = prefix + between.join((shown, *pieces))
    assert not left_of(before + value + after, value)


@given(
    st.from_regex(r"\A[a-z][a-z0-9_.]{1,12}[a-z0-9]\Z"),
    st.sampled_from(["mail.ru", "gmail.com", "tau-demo.kz", "nu.edu.kz", "пошта.қаз"]),
    AROUND,
    BEHIND,
)
@settings(max_examples=200, deadline=None)
def test_no_email_is_ever_left(name: str, domain: str, before: str, after: str) -> None:
    value = f"{name}@{domain}"
    assert not left_of(before + value + after, value)


@given(
    st.text("0123456789", min_size=11, max_size=11),
    st.sampled_from(["", " ", "-", "."]),
    AROUND,
    BEHIND,
)
@settings(max_examples=200, deadline=None)
def test_no_valid_card_is_ever_left(digits: str, between: str, before: str, after: str) -> None:
    body = "4400" + digits
    number = next(body + c for c in "0123456789" if identifiers.passes_luhn(body + c))
    value = between.join(number[place : place + 4] for place in range(0, 16, 4))
    assert not left_of(before + value + after, value)
