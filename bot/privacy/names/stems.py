"""Cutting endings off folded words, to compare words in whatever form they stand. Rough on purpose.

No stem has more than eight letters: longer words differ enough in those.
"""

_RU = """
iami ami iah ah ogo ego omu emu imi ih im om em am iam ov ev oi ei iu u a ia e i o ie ii aia uiu oe
ovat evat avat ivat at iat et it ut t al ial il el ul l ala ila ela ula la alo ilo lo ali ili eli li aet iaet aiut iaiut
uet iut aem iaem uem aesh uesh esh ish ete ite aite uite ai ui at vshi iushi aiushi aiu uiu
vshi vsha vshei vshego iushi ushi ashi iashi iaiushi aiushi ovani evani ani eni ni en emi imi n no na ni nutsia
nut nul nuv niv av iav iv ev ovav evav utsia iutsia atsia itsia etsia utsia sia s alsia ilsia las lis alis ilis aias
""".split()
_KK = """
lar ler dar der tar ter nin din tin ga ge ka ke na ne a e ni di ti da de ta te dan den tan ten nan nen men ben pen
im in i si miz niz imiz iniz lari leri dari deri tari teri larga lerge darga derge
dim din dik tim tik diniz tiniz ti ip p ap ep gan gen kan ken ar er r ai ei iu u ua ue atin etin min sin siz sizder
ma me ba be pa pe mai mei sa se iz ik ak ek ils ilar la le dai dei tai tei sha she
""".split()
_EN = "s es ed ing ings er ers ly d y ies ied ness est".split()
_SHORTEST = 3
_LONGEST = 8


def _by_length(endings: list[str]) -> tuple[tuple[int, frozenset[str]], ...]:
    lengths = sorted({len(ending) for ending in endings}, reverse=True)
    return tuple((length, frozenset(e for e in endings if len(e) == length)) for length in lengths)


_RU_ENDINGS = _by_length(_RU)
_KK_ENDINGS = _by_length(_KK)
_EN_ENDINGS = _by_length(_EN)


def _cut(word: str, endings: tuple[tuple[int, frozenset[str]], ...]) -> str:
    for length, known in endings:
        if len(word) - length >= _SHORTEST and word[-length:] in known:
            return word[:-length]
    return word


def stem_ru(word: str) -> str:
    """Return a folded Russian word without its ending."""
    return _cut(word, _RU_ENDINGS)[:_LONGEST]


def stem_kk(word: str) -> str:
    """Return a folded Kazakh word without its last two endings."""
    return _cut(_cut(word, _KK_ENDINGS), _KK_ENDINGS)[:_LONGEST]


def stem_en(word: str) -> str:
    """Return a folded English word without its ending."""
    return _cut(word, _EN_ENDINGS)[:_LONGEST]
