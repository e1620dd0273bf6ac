"""Names, phones, e-mails and products in what people write."""

import re

import phonenumbers

MAX_PRODUCT = 200
MAX_NAME = 60
LOOKED_AT = 200
"""Characters of an answer in which a name or a city is looked for: who says it in more has not answered."""
REGION = "KZ"
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[\w-]{2,63}")
_DIGITS = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]*)*")
_NAME_LEADS = re.compile(
    r"^(?:(?:ну|да|ээ+|я|это|меня|мое|моё|имя|зовут|менің|менин|есімім|есимим|атым|аты-жөнім|мен|my|name|is|i'?m|i|am|its|it's|this|"
    r"call|me|меня\s+зовут)\b[\s,:-]*)+",
    re.IGNORECASE,
)
_NAME_TAILS = re.compile(
    r"[\s,]*\b(?:деп|болады|боламын|деген|зовут|is my name)\b.*$", re.IGNORECASE
)
_NOT_NAMES = re.compile(
    r"^(?:да|нет|ок|окей|хорошо|ладно|не знаю|потом|зачем|иә|ия|жоқ|жок|жарайды|yes|no|ok|okay|why|later|привет|салам|"
    r"сәлем|салем|hello|hi|спасибо|рахмет|рақмет|thanks)$",
    re.IGNORECASE,
)
# What people say around the thing they want; what is left is the thing.
_ORDER_WORDS = re.compile(
    r"(?<!\w)(?:здравствуйте|привет|добрый\s+день|сәлем(?:етсіз\s+бе)?|салем(?:етсиз\s+бе)?|салам|hello|hi|"
    r"я|мне|нам|мы|бы|у\s+вас|можно|пожалуйста|пжл?ст?|плиз|please|"
    r"хочу|хотел[аи]?|хотим|хотелось|нужн[оаы]?|надо|заказать|заказ|сделать|оформить|оформите|оформляйте|купить|куплю|"
    r"приобрести|беру|возьму|взять|запишите|записаться|записать|запись|забронировать|бронь|бронируйте|на|"
    r"маған|маган|бізге|бізге|бізге|мен|біз|керек(?:\s+еді|\s+еди)?|тапсырыс|тапсырысты|беремін|берейін|берем|бергім|"
    r"бергим|берсем|берсек|бере|аламын|алайын|алам|алғым|алгым|келеді|келеди|келед|еді|еди|едім|едим|деп|болады|болад[аы]?|ма|ме|"
    r"сатып|жазып|жазыңыз|жазыныз|қойыңызшы|койынызшы|рәсімдеңіз|рәсімдеп|беріңіз|бериниз|беріңізші|"
    r"i'd|id|i|we|would|like|want|wanna|need|to|order|buy|purchase|get|(?<!\ba )(?<!\bthe )(?<!\bone )book(?!\s*$)|(?<=to )book|an?|the|some|make|place|can|could|for|me|"
    r"да|ок|хорошо|отлично|супер|ладно|тогда|давайте|спасибо|онда|иә|жақсы|жарайды|рахмет|рақмет|great|then|okay|ok|yes|thanks|thank\s+you|good|"
    r"ещ[её]|один|одну|новый|свой|another|one|more|new|тағы|таги|бір|бир|быстро|срочно|кое-?что|что-?то|something|бірдеңе|"
    r"hochu|zakazat|kupit|nuzhno|nado|mne|magan|kerek|zakaz|tapsyrys|bergim|keledi|alaiyn|alamyn|privet|salem)(?!\w)",
    re.IGNORECASE,
)
_PHONE_LIKE = re.compile(r"\+?\d[\d\s().-]{5,}\d")
# What is left between words that were taken out.
_STRAY_MARKS = re.compile(r"(?:(?<=\s)|^)[.,;:!?–—-]+(?=\s|$)")
_EDGES = " \t\n.,;:!?-–—()«»\"'"


def find_phone(text: str) -> str | None:
    """Return the first valid phone in a text in E.164, `None` when there is none.

    Numbers without a country are read as of Kazakhstan, so "8 701 ..." and "701 ..." are +7 701 ...
    """
    for match in phonenumbers.PhoneNumberMatcher(
        text[:1000], REGION, leniency=phonenumbers.Leniency.POSSIBLE
    ):
        if phonenumbers.is_valid_number(match.number):
            return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
    # The matcher wants separators where people leave none or put their own: take the digits alone.
    for candidate in _PHONE_LIKE.findall(text[:1000]):
        digits = re.sub(r"\D", "", candidate)
        for spelling in (candidate, digits, f"+{digits}"):
            try:
                number = phonenumbers.parse(spelling, REGION)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def looks_like_phone(text: str) -> bool:
    """Return whether a text is meant as a phone number, valid or not."""
    return len(_DIGITS.findall(text)) >= 5 and len(_LETTER.findall(text)) <= 3


def spoken_phone(phone: str) -> str:
    """Return a phone as people write it: +7 701 123 45 67."""
    if re.fullmatch(r"\+7\d{10}", phone):
        return f"+7 {phone[2:5]} {phone[5:8]} {phone[8:10]} {phone[10:]}"
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def find_email(text: str) -> str | None:
    """Return the first e-mail address in a text, in lower case."""
    match = _EMAIL.search(text[:1000])
    return match[0].lower().rstrip(".") if match else None


def without_emails(text: str) -> str:
    """Return a text without its e-mail addresses, whose parts look like names."""
    return _EMAIL.sub(" ", text)


def clean_name(text: str) -> str | None:
    """Return a person's name out of an answer to "what is your name?", or `None` when it is none.

    At most four words of letters; first letters become capitals where a word has none.
    """
    text = " ".join(text[:LOOKED_AT].split())
    plain = _NAME_TAILS.sub("", _NAME_LEADS.sub("", _PHONE_LIKE.sub(" ", text).strip(_EDGES)))
    plain = plain.strip(_EDGES)
    words = _NAME_WORD.findall(plain)
    if not words or len(words) > 4 or len(plain) > MAX_NAME or _DIGITS.search(plain):
        return None
    if _NOT_NAMES.match(plain) or "?" in text or len(plain) < 2:
        return None
    return " ".join(
        word if any(map(str.isupper, word)) else word[:1].upper() + word[1:] for word in words
    )


def clean_product(text: str) -> str | None:
    """Return what is wanted, on one line and bounded; `None` when there are no words in it or only a number of phone."""
    plain = " ".join(_PHONE_LIKE.sub(" ", text).split()).strip(_EDGES)
    if not _LETTER.search(plain) or len(plain) < 2:
        return None
    return plain[:MAX_PRODUCT]


def with_model(product: str, text: str) -> str:
    """Return a product found in a text with what names its model there.

    That is a number that ends the phrase ("палатку Kolsai 2"), and in a text of Cyrillic letters Latin words
    right before it, as Kazakh has them ("Kolsai 2 шатырына").
    """
    found = re.escape(product)
    model = re.search(rf"{found}((?:[ \t]+[A-Za-z]?\d{{1,4}}[A-Za-z]?))(?=\s*(?:$|[,.;!?]))", text)
    make = _CYRILLIC.search(text) and re.search(
        rf"(?<![\w@.])([A-Za-z][A-Za-z-]*[ \t]+(?:[A-Za-z0-9-]+[ \t]+){{0,2}}){found}", text
    )
    return (make[1] if make else "") + product + (model[1] if model else "")


def product_in_order(text: str) -> str | None:
    """Return the thing wanted in a plain sentence like "хочу заказать торт на субботу", `None` when only wanting is said.

    Used when the extractor found no product; long sentences are left to the question that follows.
    """
    rest = _ORDER_WORDS.sub(" ", _EMAIL.sub(" ", _PHONE_LIKE.sub(" ", text)))
    plain = clean_product(_STRAY_MARKS.sub(" ", rest))
    if plain is None or len(plain.split()) > 5 or len(plain) < 3:
        return None
    return plain
