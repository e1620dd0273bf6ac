"""The words that addresses are made of, in Russian, Kazakh, English, and both in Latin letters."""

import re
from functools import lru_cache

from bot.privacy import spoken
from bot.privacy.typography import plain
from bot.privacy.vocabulary import is_ordinary, is_surname, romanised

STREET = "street"
STREET_AFTER = "street_after"
"""Stands behind the street's name: көшесі, avenue."""
DISTRICT = "district"
DISTRICT_AFTER = "district_after"
PLACE = "place"
PLACE_AFTER = "place_after"
HOUSE = "house"
FLAT = "flat"
WITHIN = "within"
"""Where in the house: entrance, floor, intercom."""
AUXILIARY = "auxiliary"
"""Belongs to the word before it: Толе би, Кабанбай батыра."""
STOP = "stop"
NUMBER_WORD = "number"
UNITS = (HOUSE, FLAT, WITHIN)
NEVER_NAMES = frozenset({STOP, HOUSE, FLAT, WITHIN, NUMBER_WORD})

_CLASSES = {
    STREET: r"ул|улиц\w{0,3}|пр|просп|проспект\w{0,2}|пр-?к?т\w?|пр-д|проезд\w?|пер|переул\w*|бульвар\w?|бул|б-р"
    r"|шоссе|ш|туп|тупик\w?"
    r"|пл|площад\w{1,2}|наб|набережн\w{1,3}|аллея|аллее|микроулица|ul|ulits\w|ulica|prospekt\w?|pr|pereulok"
    r"|bulvar|bulvary|shosse",
    STREET_AFTER: r"көше\w{0,14}|көш|к-сі\w{0,4}|даңғыл\w{0,12}|даңғ|тұйығ\w*|тұйықкөше\w*|бульвары\w{0,6}"
    r"|жолы?нда|street|st|str|ave|avenue|av"
    r"|road|rd|boulevard|blvd|lane|ln|drive|square|sq|koshe\w{0,6}|kosh|da[nñ]g[hy]?[yi]l\w{0,5}"
    r"|dangh?y?l\w{0,5}|prospect|trakt",
    DISTRICT: r"мкр|мкрн|мкр-н|микрорайон\w{0,3}|микр|жилой|жилом|жилого|мик-н|м-н|м-он|жк|ж/к|городок|городк\w|жилмассив\w?|ж/м|снт"
    r"|квартал\w?|кв-л|село|селе|пос|пос[её]лок|пос[её]лк\w|ауыл|аул\w?"
    r"|дачи|общежити\w|mkr|mkrn|mikrorayon\w?|mikroraion\w?|microrayon|zhk|selo",
    DISTRICT_AFTER: r"мкр|мкрн|микрорайон\w{0,3}|аудан\w{0,8}|ықшам ?аудан\w{0,8}|шағын ?аудан\w{0,8}"
    r"|мөлтек ?аудан\w{0,8}|ш/а|ы/а|ауыл\w{0,8}|түк"
    r"|microdistrict|district|mkr|mikrorayon|audany|ayuly|auyly",
    PLACE: r"г|гор|город\w{0,2}|село|с|обл|пгт|п|кент",
    PLACE_AFTER: r"қ|қала\w{0,6}|облыс\w{0,6}|обл|область|области|р-н|район\w?|ауыл\w{0,5}|village|town",
    HOUSE: r"d|дом|дома|доме|дому|д|үй\w{0,8}|house|dom|building|bldg|bld|корп|корпус\w?|стр|строени\w|блок\w?"
    r"|block|участ\w{2,4}|уч|литер|зд"
    r"|здани\w|ғимарат\w*|ui|uy|uyi|korpus|blok|corpus|секция|коттедж\w?",
    FLAT: r"кв|квартир\w{0,3}|kv|kvartir\w|apt|app|apartment|flat|пәтер\w{0,10}|п[аә]тер\w*|pater\w{0,6}"
    r"|офис\w{0,2}|office|оф|комнат\w|комн|unit|suite"
    r"|бөлме\w{0,6}|ofis|пом|помещени\w|каб|кабинет\w?|бутик\w?|room",
    WITHIN: r"подъезд\w?|под|п-д|парадн\w{2}|этаж\w?|эт|қабат\w{0,5}|кіреберіс\w{0,5}|entrance|floor|домофон\w?"
    r"|intercom|pod[\"']?ezd\w?|etazh\w?"
    r"|вход|кабат\w?|подьезд\w?",
    AUXILIARY: r"ф[аә]раби|farabi|батыр\w{0,3}|би|бия|хан\w{0,3}|ана|ата|жырау|жиырау|ел|елі|серэ|серы?|сері"
    r"|баба\w?|сал|жол[ыу]|тау|дала\w?|batyr\w?|bi|khan\w?|han"
    r"|zhyrau|yel|el|ata|ana|акын\w?|ақын\w{0,4}|мырза",
    STOP: r"и|в|во|на|по|с|со|к|ко|у|о|об|от|до|за|из|или|не|ни|но|а|же|ли|бы|что|где|как|это|есть|там|тут|мой"
    r"|моя|мне|мы|я|вы|он|она|там"
    r"|адрес\w{0,3}|адресс|живу|живём|живем|жить|доставк\w|достав\w*|привез\w*|отправ\w*|курьер\w{0,2}|можно"
    r"|надо|нужн\w*|заказ\w{0,2}|сегодня|завтра"
    r"|мекенжай\w{0,6}|менің|біздің|мен|және|да|де|бар|жоқ|деп|енді|жаңа|осы|мына|ал|үшін|na|po|za|iz|ot|do|vo"
    r"|so|dlya|mne|moi|moy|zhivu|dostavka|adres|the|a|an|to|at|in|on|is|my|our|we|i|im|and|or|of|from"
    r"|for|near|live|address|deliver\w*|send|ship|доставьте|прописан\w?|находится|рядом|возле|около|угол"
    r"|напротив|тел|телефон\w?|номер\w?|моб|сот|phone|tel|whatsapp|ватсап|вацап|факс|fax|viber|вайбер|код|цена|сумма|размер|рейс|возьму|купил\w*|меня|зовут",
    NUMBER_WORD: "|".join(spoken.WORDS),
}
_CLASS = {name: re.compile(pattern) for name, pattern in _CLASSES.items()}
_ANY_CLASS = re.compile("|".join(f"(?:{pattern})" for pattern in _CLASSES.values()))

MEASURE = re.compile(
    r"\s?(?:-\s?)?(?:тг|тенге|теңге|мин\w*|минут\w*|час\w*|сағат\w*|л[еі]т\w*|год\w*|жас\w*|жыл\w*|шт\w*|дана\w*"
    r"|литр\w*|л|мл|кг|гр?|грамм\w*|км|м|см|мм|метр\w*"
    r"|шаршы|кв\.?\s?м\w*|квадрат\w*|м2|человек\w*|чел|адам\w*|дн[еяю]\w*|дней|күн\w*|нед\w*|апта\w*|мес\w*|ай"
    r"|раз|рет|класс\w*|сынып\w*|проц\w*|руб\w*|раза|рублей"
    r"|гб|gb|tb|тб|mb|дюйм\w*|разм\w*|ноч\w*|nights?|сутк\w*|суток|гост\w*|взросл\w*|дет\w*|мест\w*|билет\w*"
    r"|түн\w*|орын\w*|р-р|өлшем\w*|size|вт|квт|см|ч|номер\w*|комн\w+|комнатн\w*|бөлмелі|сот\w*|сор?т\w*|пачк\w*"
    r"|упак\w*|коробк\w*|набор\w*|порци\w*|bedroom\w*|room\w* are"
    r"|min\w*|hours?|days?|weeks?|years?|people|persons?|pcs|pieces|km|kg|tenge|kzt|usd|sq|января|февраля|марта"
    r"|апреля|мая|июня|июля|августа|сентября"
    r"|октября|ноября|декабря|қаңтар|ақпан|наурыз|сәуір|мамыр|маусым|шілде|тамыз|қыркүйек|қазан|қараша"
    r"|желтоқсан)(?![^\W_])|\s?[%₸$€°″]|\s\d{3}(?!\d)"
)
CUE = re.compile(
    r"адрес|адресс|жив[уёе]|прожив|достав|привез|вез[ил]|везите|отправ|забер|забр|заех|приех|приез|подъех|курьер"
    r"|такси|машин|подач|поездк|выезж|еду |встре|вызов|прописан|ждать|жду|к дому|у дома|ключи"
    r"|мекенжай|мекен-жай|тұрам|жеткіз|әкел|алып кет|келсін|көшіп|deliver|address|live|ship|send|pick|drop|visit"
    r"|house|home|apartment|courier|dostav|adres|mekenzh|дом |үйім"
)
ADDRESS_PREPOSITION = re.compile(
    r"(?<![^\W_])(?:на|по|с|со|к|у|до|от|из|угол|to|at|from|na|po)\s+$"
)
OF_COMPANY = re.compile(
    r"(?:(?:ваш\w{0,4}|у вас|у вас есть|сіз\w{0,6}|your)\s(?:[^\W\d_]+\s){0,2}?(?:магазин|офис|филиал|салон"
    r"|склад|отделени|точк|пункт|клиник|кафе|ресторан|аптек"
    r"|бутик|студи|школ|зал|центр|ательe|шоурум|дүкен|кеңсе|shop|store|branch|office|clinic|showroom|cafe"
    r"|restaurant|salon)\w*"
    r"|(?:дүкен|филиал|кеңсе|салон|бөлімше|офис|қойма|кафе)\w{0,4}(?:іңіз|ыңыз|ңіз|ңыз)\w{0,5})[^.!?\n]{0,30}$"
)
OPEN_THERE = re.compile(r"\s(?:ашық|жабық|открыт\w*|закрыт\w*|работае\w*|open|closed)(?![^\W_])")
"""Asked behind an address: it is a company's."""

# The names that streets and quarters of Kazakhstan's cities bear most often; persons' surnames are told by their form.
_STREETS = """
Абай Абая Абылай Аблайхан Айтеке Айтматов Акан Акжар Аксай Алатау Алаш Алгабас Алмагуль Алтынсарин Алматы Аль-Фараби Алфараби Аманжол Амангельды Арай
Арбат Асан Астана Ауэзов Ахмет Баганашил Байзаков Байконур Байсеитова Байтурсынов Баишев Бараев Батыр Бауржан Бейбітшілік Богенбай Бокейхан Бостандык
Брусиловский Букейханов Бухар-Жырау Валиханов Весновка Виноградов Восточная Гагарин Гоголь Горная Горький Грибоедов Дарабоз Дарын Джамбул Дорожник Достык
Достоевский Дружба Дружбы Дулат Дулати Ермек Ерубаев Есенберлин Есиль Жамбыл Жандосов Жангельдин Жангозин Жансугуров Жастар Желтоксан Женис Жетысу
Жибек Жулдыз Жумабаев Зенков Иманбаева Иманов Кабанбай Казыбек Кайсенов Калдаяков Калкаман Каменка Карасай Карасу Каратау Карменов Кенесары Керей Киров Коктем
Комсомольская Конаев Космонавтов Кошкарбаев Кошевой Крылов Кудайбердиев Кулагер Кунаев Курмангазы Куйши Лермонтов Лесная Луганский Макатаев Маметова
Мангилик Мангилик-ел Манаса Маркова Масанчи Маяковский Мамыр Мира Мирас Молдагулова Момышулы Мусрепов Мустафин Мынбаев Набережная Навои Назарбаев
Наурызбай Нурсая Нурсат Орбита Орынбор Панфилов Парк Первомайская Победы Прибрежная Пушкин Пятницкий Раимбек Райымбек Республика Республики Рыскулбеков
Рыскулов Садовая Сайран Самал Сарайшык Сарыарка Сатпаев Сауран Свобода Сейфуллин Славский Солнечная Спортивная Строителей Сыганак Сырым Таттимбет Тауелсиздик
Тауке Ташенов Тимирязев Токаев Токтогула Толеби Толе Торайгыров Тулебаев Туран Тургут Туркестан Тынышбаев Уалиханов Улытау Умай Утеген Утепов Фурманов
Саин Саина Фараби Алтынсарина Толстого Бегалина Бекхожин Бокеев Бродского Верненская Гончарная Грановский Джангельдин Жарокова Жароков Жумалиев Ескараев Иляев
Исаев Казакбаев Калдаяк Кажымукан Кажимукан Кадыргали Карбышев Кекилбаев Клочков Кожамкулов Коккинаки Колсай Кошкарбаева Кульджинский Куратов Лебедев
Ломоносов Луговая Мамедова Мендикулов Мичурин Муканов Муратбаев Мусабаев Науаи Нурмаков Огарев Октябрьская Оспанов Отырар Полежаев Попов Правды
Розыбакиев Рахимов Рихарда Зорге Саламатов Сарсенбаев Свердлов Стахановская Сыпатаев Тажибаев Тлендиев Тургенев Тимирязева Тохтарова Угольная Фрунзе
Хаджи Центральная Чайковский Чайжунусов Чапаев Чехов Чокин Шаляпин Шанырак Шашкин Шевченко Шолохов Школьная Шугыла Щорс Юбилейная Юнисов Ыбырай Толстой
Mangilik Turan Dostyk Abay Abai Satpaev Seifullin Tolebi Tole Zheltoksan Kabanbay Bogenbay Abylai Ablaikhan Nazarbayev Zhandosov Furmanov Kunaev
Al-Farabi Bukhar Samal Orbita Raiymbek Kenesary Saryarka Respublika Baitursynov Auezov Zhibek
"""
_WORD_BEFORE = re.compile(r"(?<![^\W_])([^\W\d_]+(?:-[^\W\d_]+)?)\.?\s{0,2}[«\"]?$")
_WORD_AFTER = re.compile(r"[»\"]?\s([^\W\d_]+(?:-[^\W\d_]+)?)")
_LONGEST_WORD = 24
_GENITIVE = re.compile(r"\w{3,}[сц]кого")
_ADJECTIVE = re.compile(r"\w{3,}ск(?:ая|ой|ую)")
ADJECTIVE = re.compile(r"\w{3,}(?:[нвл](?:ая|ой|ую)|[нч](?:яя|ей|юю))")
"""Many streets are called so: Садовая, Вокзальная; only a capital letter tells them from other adjectives."""
_CASES = (
    "",
    "a",
    "u",
    "e",
    "i",
    "om",
    "oi",
    "aia",
    "oe",
    "ogo",
    "im",
    "in",
    "ei",
    "ia",
    "iu",
    "em",
    "ga",
    "ge",
    "ka",
    "da",
    "de",
    "ta",
    "te",
    "dan",
    "nin",
    "din",
    "tin",
)
_STREET_KEYS = frozenset(romanised(word) for word in _STREETS.split())
_CITIES = """
Алматы Алма-Ата Алмате Астана Астане Астану Шымкент Шымкенте Караганда Қарағанды Караганде Актобе Ақтөбе Тараз Таразе Павлодар Усть-Каменогорск Оскемен Өскемен Семей
Атырау Костанай Қостанай Кызылорда Қызылорда Уральск Орал Петропавловск Актау Ақтау Темиртау Туркестан Түркістан Кокшетау Көкшетау Талдыкорган Талдықорған
Экибастуз Екібастұз Рудный Жезказган Жезқазған Балхаш Балқаш Кентау Каскелен Қаскелең Конаев Қонаев Капчагай Талгар Талғар Алма Almaty Astana Shymkent Karaganda Aktau
Atyrau Aktobe Taraz Pavlodar Москва Moscow London Berlin Бишкек Ташкент
"""
CITIES = frozenset(romanised(word) for word in _CITIES.split())


@lru_cache(maxsize=20_000)
def classes(word: str) -> frozenset[str]:
    """Return the classes that a plain word belongs to."""
    if not _ANY_CLASS.fullmatch(word):
        return frozenset()
    return frozenset(name for name, pattern in _CLASS.items() if pattern.fullmatch(word))


@lru_cache(maxsize=20_000)
def street_likeness(word: str) -> float:
    """Return how likely a plain word alone is a street's name: 1.25 a known one, 1 a surname, 0 an ordinary word."""
    if _ADJECTIVE.fullmatch(word):
        return 1.0
    key = romanised(word)
    if any(
        key.endswith(case) and key[: len(key) - len(case)] in _STREET_KEYS
        for case in _CASES
        if len(key) - len(case) > 2
    ):
        return 1.25
    ordinary = is_ordinary(word)
    if _GENITIVE.fullmatch(word) or is_surname(word):
        return 0.75 if ordinary else 1.0
    return 0.0 if ordinary else 0.5


def is_of_street(text: str, start: int, end: int) -> bool:
    """Tell whether the name of a person in `text` is that of a street or quarter: ул. Абая, Абай көшесі."""
    before = _WORD_BEFORE.search(plain(text[max(0, start - _LONGEST_WORD) : start]))
    after = _WORD_AFTER.match(plain(text[end : end + _LONGEST_WORD]))
    return bool(
        (before and not classes(before[1]).isdisjoint({STREET, DISTRICT}))
        or (after and not classes(after[1]).isdisjoint({STREET_AFTER, DISTRICT_AFTER}))
    )
