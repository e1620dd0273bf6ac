"""Words that tell nothing about what is asked, folded, in ru, kk, en and romanised."""

_RUSSIAN = """
и в во на не что это как а но или же бы ли у с со к ко по за из от до для о об при без чтобы если то так там тут вот мне
меня мной вас вам вами вы ваш ваша ваше ваши вашего вашей вашем ваших мы нас нам наш я ты он она они его ее их себя свой
какой какая какое какие каких какую каком когда где куда откуда сколько кто чем чего кого почему зачем есть быть будет
будут был была можно нужно надо могу может можете ведь уж еще уже тоже также только всего все всех весь вся да нет ну
скажите подскажите пожалуйста здравствуйте привет добрый день вечер утро спасибо хочу хотел хотела хотели бы хотим узнать
интересует интересуюсь вопрос такой этот эта эти этого той тот те тем чего-то ли чо че плиз просто вообще именно через
скока скок другой другие другую другим других нужен нужна нужны делается зовут если мой моя мое мои моей моего делаете делать сделать получается бывает имеется самый самая раз два
"""
_KAZAKH = """
мен сен сиз сиздер сендер сендерде сендерден сендердин сендерге сенде сенин сизден сиздерден сиздерге бизден биздин оларда олардын биз ол олар маган саган сизге бизге сиздин сиздердин менин бизде сизде сиздерде оны оган осы мына сол
бул анау мынау кандай кай кашан кайда канша неше не неге ким кимге калай ма ме ба бе па пе жане немесе мен бен пен ушин
туралы бойынша бар жок болады болмайды бола болса болсам болар еди екен гой да де та те керек керекпин дейин кейин
салеметсизбе салем саламатсызба калайсыз рахмет отиниш айтынызшы айтып бериниизши билгим келеди бериниизши бериниз
егер тура турады бере береди бересиз бересиздер берсе аламын алам алсам алуга аласыз келеди келе тагы гана жай деген барма
ше ши шы жатыр болып баска басқа маған барлык кез келген
"""
_ENGLISH = """
the a an and or of to in on is are was were be been do does did can could how much many what when where which who why you
your yours we our us i my me it its for from with at by if not no yes there have has had will would should any some all
this that these those as so but about into than then please hello hi hey thanks thank tell know want need get got id like
im dont doesnt isnt whats s t m re ll d just also am up out myself other take accept sell
"""
_ROMANISED = """
i v na ne chto eto kak a no ili u s k po za iz ot do dlya mne vas vam vy skolko gde kogda kakoi kakie kakaya est li mozhno
nuzhno men sen siz biz ol qalai kalai qansha kansha qashan kashan qaida kaida ma me ba be pa pe zhane jane ushin bar joq
zhok bolady bola ma kerek salem salam privet zdravstvuite pojaluista mogu hochu
"""

STOP_WORDS = frozenset(f"{_RUSSIAN} {_KAZAKH} {_ENGLISH} {_ROMANISED}".split())
