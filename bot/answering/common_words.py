"""Words that carry an answer without stating anything: verbs of being, having, costing; courtesies. Folded."""

_RUSSIAN = """
стоит стоят стоить составляет составит составляют обойдется обойдутся обходится является являются действует действуют действовать
предоставляется предоставляем предлагаем предлагается осуществляется производится выполняется занимает займет займут
длится нужен нужна нужны нужно необходим необходима необходимо необходимы требуется требуются потребуется понадобится
доступна доступен доступно доступны имеется предусмотрены предусмотрена предусмотрено предусмотрен возможна возможно возможен
возможны можно могут сможете сможем даем дают дается даст есть будет будут был была берем берут
около примерно приблизительно ориентировочно максимум минимум всего итого сразу обычно обязательно просто
пожалуйста здравствуйте добрый день спасибо рады рад помочь помогу подскажу уточните уточнить обратитесь обратиться обращайтесь
еще чем нибудь чем-нибудь вопросы вопросов вопрос готов готовы конечно сожалению увы либо также тоже однако поэтому
данный данная данное данные другие остальные каждый каждая каждое каждую каждого каждой сам сама сами самим
хотя хотя_бы лишь даже уже пока при этом этого этому этой этих если тогда когда потом затем далее
человек сотрудник сотрудника сотруднику менеджер менеджеру менеджера оператор оператору
закажите заказать вносится внести вносите заказ заказа заказе заказы заказов удерживается удержанием позже раньше выше ниже больше меньше не_меньше оплачивается оплачиваются указано указан указана
"""
_KAZAKH = """
турады тур турат алады алынады береди бериледи беремиз болады болып табылады керек кажет мумкин бар екен
ден дан тен тан нен нан ге га ке ка шамамен барынша кем_дегенде дейин бастап басталады басталып ишинде туралы бойынша гана тек да де мен пен бен
салеметсиз салем рахмет отинемин отиниш сураныз сурак сурактар комек комектесе аламын аламыз сиз сизге сиздин бизге
егер онда кейин бурын туралы барып келеди кетеди отырып журип етиледи етилед жасалады жасауга калай ушин
тапсырыс тапсырысты тапсырыстар истеймиз истеиди истеимиз жумыс аласыз аласыздар берилед болса болсаныз ала келиниз толенеди орай курайды
"""
_ENGLISH = """
costs cost priced is are was were be been being has have had get gets got take takes took taking lasts last give gives
available possible provide provides provided offer offers offered include includes included covers cover covered come comes
need needs needed require requires required about around approximately roughly unfortunately please hello hi thank thanks
help let know anything else welcome sure course sorry also too however well just only at least most more less each every
per up down until till by within starts start begins begin ends end can may might could will would shall should must do does
one ones way sum total amount here there our us we you your yours it its they them their this that these those so
than then if when while unless but and or not no never later earlier further contact ask employee colleague manager operator
order orders ordering bring done advance use using unfortunately currently normally usually
"""

COMMON = frozenset(f"{_RUSSIAN} {_KAZAKH} {_ENGLISH}".split())
