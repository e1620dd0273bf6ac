"""Frequent words and endings of the three languages, as people write them to a shop.

Words stand in ordinary spelling and are folded once at import, so that every other spelling finds them.
"""

from bot.engine.nlu.folding import words

_KK = """
сәлем сәлеметсіз сәлеметсіздер салам салем ассалаумағалейкум ассалаумалейкум қалай қалайсыз қалайсыздар қалайсын қандай қанша қашан қайда қайдан қайсы
кім кімге неге не нені неше нешеде нешеге бар бармы барма ма ме ба бе па пе жоқ иә ия иа жарайды жақсы жаксы болады болама болмайды
керек кереги керекпін рахмет рақмет рахмат мен менің маған мені менде сен сенің саған сіз сіздің сізге сізде сіздер
сіздерде сіздердің сіздерге біз біздің бізге ол оның оған олар бұл мына мынау мынаны сол осы осында осындай ана
және мен пен бен үшін дейін кейін бұрын туралы бойынша арқылы сияқты енді тағы тек ғана бәрі барлық барлығы көп аз
тапсырыс тапсырысым тапсырысты тапсырыстын бағасы баға бағасын бағалары қымбат арзан арзанырак тұрады турады сату сатып алу алып аламын аламыз алайын алғым алгым
келеді келед келеди келсе келді келдім кел кеп беру бер беріңіз беріңізші берші бересіз берсеңіз жеткізу жеткізесіз жеткізіп жеткізіледі
жібер жіберіңіз жіберіңізші жіберсеңіз айтыңыз айтыңызшы айтшы айтып көрсетіңіз болсын болса болды болып болған еді екен емес
ғой гой шы ші ғо деген деп дейді дедім едім едіңіз қой койыңыз қойыңыз қойыңызшы қоңырау шалыңыз шалыңызшы хабарласыңыз хабарласыңызшы
ертең ертен ертеңге бүгін бугин кеше таңертең кешке түсте сағат сагат минут кейін аптада апта ай күн күні жұма сенбі дүйсенбі жексенбі
бейсенбі сәрсенбі сейсенбі адам адаммен адамды маманмен маман сөйлес сөйлескім сөйлесейін сөйлейсіз қазақша казакша казахша орысша ағылшынша тілде
атым аты жөнім нөмірім нөмір нөмірі телефоным поштам мекенжай мекенжайы жұмыс істейсіз істейді істейсіздер жұмысы ашық жабық
қате жаман ұнамады ұнады керемет тамаша кешіріңіз өтінем өтінемін сұрақ сұрағым сұрайын жауап қашанға дұрыс бұрыс жаз жазыңыз жазбаңыз жазбаңызшы
жазылу жазылғым жазып тоқтат тоқтатыңыз токтатыныз жіберме жібермеңіз деректер деректерімді мәлімет мәліметтер өшіріңіз өшіріп сақтайсыз
бе біреу біреуін екі үш төрт бес алты жеті сегіз тоғыз он дана бала балама қызым ұлым апам ағам үйге үйде қала қаласы қаласына
сау болыңыз кездескенше көмек көмектесіңіз көмектесіңізші мүмкін мумкин шығар білгім білу білесіз білмеймін түсінбедім робот ботсыз
қажет емеспін жақта жаққа қайырлы кеш таң тиімді жеңілдік кепілдік төлем төлеу төлейміз төледім ақша ақшамды қайтарыңыз қайтару
ау шал қазір казир тез тезірек бірақ сонда онда сондай сосын соң ше нан сүт ет киім аяқ көйлек шығады шықты уакыт уақыт бос
алдым алды алган алған алам алайык алайық беремін берем бересіз боп боп тұр түр тұрсыз жатыр отыр жүр екеу екеуін осыны сұрайын
"""
_RU = """
привет здравствуйте здравствуй здрасте здрасьте добрый доброе день вечер утро приветствую как какой какая какие каком сколько когда где куда откуда
кто кому кого что чего чем зачем почему который ли есть нет да не ну вот это эта этот эти тот та те там тут здесь я мне меня мой моя мое мои моего моей мы нам нас
наш наша вы вам вас ваш ваша ваши ваше вами ты тебе тебя он она они его ее их им и а но или если то же бы на в во с со к ко по до за из от у о об про для без при под над через
можно нельзя нужно надо хочу хотел хотела хотелось хотим могу можете может будет буду были была был быть стоит стоят стоимость цена цены цену ценник
дорого дешево дешевле доставка доставки доставку доставляете доставят доставите привезти привезут привезли заказ заказа заказать заказал заказала заказу заказы закажу
оформить оформите оформляйте купить куплю беру взять возьму запись записаться запишите записать спасибо спс благодарю пожалуйста пож пжл плиз ок хорошо ладно понятно
конечно давайте давай хватит отмена отмените отменить передумал передумала оператор оператора человек человека человеком менеджер менеджера переключите
позовите соедините перезвоните позвоните позвонить звоните перезвонить звонок завтра сегодня вчера послезавтра утром днем вечером час часа часов минут
неделю неделе понедельник вторник среду среда четверг пятницу пятница субботу суббота воскресенье работаете работает работа график адрес находитесь
зовут имя номер телефон почта меня где мой статус готов готова готово посылка посылку жалоба жалуюсь верните деньги возврат вернуть обмен гарантия
плохо ужасно отвратительно безобразие хамство отлично супер класс понравилось нравится отзыв оценка ставлю рассылка рассылку отпишите отписаться
подпишите подписаться подписка присылайте присылать пишите писать данные удалите удалить хранится храните русском русски казахском казахски английски языке
говорите говорить бот робот вопрос вопросы подскажите скажите расскажите интересует интересно наличии наличие размер размеры цвет скидка скидки
акция акции рассрочка рассрочку оплата оплатить картой наличными каспи перевод документы чек счет договор все всё уже еще ещё только тоже очень
больше меньше сейчас потом после сразу просто вообще опять снова никто ничего никогда почему кстати короче блин чо че ваще щас норм го
до свидания пока удачи всего доброго один одну два две три пять сколька скока почем магазин товар сайт сайте инста пришлите отправьте отправить дайте дай
"""
_EN = """
hi hello hey good morning afternoon evening the a an is are was were be been am do does did doing have has had can could will would should may
might must i you he she it we they me my mine your yours our us them this that these those what when where which who whose why how
and or but if so of to in on at for with from by about into out up down off not no yes yeah yep nope ok okay please thanks thank
want wanna need like order buy book price cost much many delivery deliver shipping ship status track call back tomorrow today
yesterday monday tuesday wednesday thursday friday saturday sunday next week hour hours minutes half late early open close
closed work working address phone number name email speak talk human person agent operator manager someone somebody english russian kazakh
language bot robot are ai there here any anyone some all every refund money broken wrong bad terrible awful great good nice
excellent perfect stop unsubscribe subscribe send sending messages ads news offers data delete remove store information info
cancel nevermind change mind tell know help question size color colour discount warranty return returns exchange payment pay card cash
installment available stock take make get got give let lets just really very more less still already again later soon bye goodbye
see have day reservation appointment table room time package parcel arrived received customer service support ive im its dont doesnt cant whats
"""


def _folded(text: str) -> frozenset[str]:
    return frozenset(words(text))


_SETS = {"kk": _folded(_KK), "ru": _folded(_RU), "en": _folded(_EN)}
# A word of two languages says nothing about either.
WORDS = {
    name: frozenset(word for word in known if sum(word in other for other in _SETS.values()) == 1)
    for name, known in _SETS.items()
}
# Letters and letter pairs that hardly occur in the others (unfolded, lower case).
LETTERS = {
    "ru": ("щ", "ъ", "ё", "тся", "ться"),
    "kk": ("ылы", "ыңы", "іні"),
    "en": ("th", "ing", "tion"),
}
# Folded endings. Kazakh: plural with case, possessive with case, verb persons and polite requests.
ENDINGS = {
    "kk": (
        "dar", "der", "tar", "ter", "lar", "ler", "dan", "den", "tan", "ten", "niki", "din", "tin", "nin", "ga", "ge",
        "ngiz", "niz", "nizdar", "nizder", "inizshi", "nizshi", "siz", "sizdar", "sizder", "min", "min", "gim", "mak",
        "mek", "pak", "pek", "gan", "gen", "kan", "ken", "dik", "tik", "idi", "edi", "adi", "eimin", "aimin", "iptimin",
    ),
    "ru": (
        "iat", "ete", "ite", "aete", "ogo", "ego", "omu", "emu", "imi", "ami", "iami", "ost", "osti", "nie", "nia", "enie",
        "anie", "skii", "skaia", "skoe", "vat", "iut", "aiut", "iet", "aet", "ili", "ali", "il", "la", "tsia", "sia", "ovat",
        "aia", "oe", "ie", "ii", "ov", "ev", "oi", "ei", "iu", "at", "it", "et",
    ),
    "en": ("ing", "tion", "ed", "ly", "ment", "ness", "able", "ous", "ful", "less", "ght", "ould"),
}  # fmt: skip
