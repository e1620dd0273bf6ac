"""The assistant's own training utterances (data/nlu) as messages: real ways of writing, nearly all without names."""

import re
from collections.abc import Iterator
from pathlib import Path

from bot.privacy.names.corpus.segments import Message, Segment

ROOT = Path(__file__).resolve().parents[4]
NLU = ROOT / "data" / "nlu"
_MARKED = re.compile(r"\[(?P<value>[^\]]*)\]\((?P<kind>\w+)\)")
_WORD = re.compile(r"[^\W\d_]+")
_REMARKS = Path(__file__).parent / "texts" / "nlu-names.txt"


def read_utterances(folder: Path = NLU) -> tuple[list[Message], list[str]]:
    """Return the utterances of all intents, and what is marked as products in them."""
    remarks = _remarks()
    messages: list[Message] = []
    products: list[str] = []
    for file in sorted(folder.glob("*.yml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("    - "):
                continue
            text = line[6:].strip()
            products += [
                match["value"] for match in _MARKED.finditer(text) if match["kind"] == "product"
            ]
            if not remarks["skip"].isdisjoint(_WORD.findall(text)):
                continue
            messages.append(tuple(_pieces(text, remarks["name"])))
    return messages, sorted(set(products))


def _remarks() -> dict[str, frozenset[str]]:
    remarks = {}
    for line in _REMARKS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, words = line.split(": ", 1)
            remarks[kind] = frozenset(words.split())
    return remarks


def _pieces(text: str, names: frozenset[str]) -> Iterator[Segment]:
    end = 0
    for match in _MARKED.finditer(text):
        yield from _named(text[end : match.start()], names)
        if match["kind"] == "name":
            yield from _without_title(match["value"])
        else:
            yield Segment(match["value"])
        end = match.end()
    yield from _named(text[end:], names)


def _named(text: str, names: frozenset[str]) -> Iterator[Segment]:
    end = 0
    for match in _WORD.finditer(text):
        if match.group() in names:
            yield Segment(text[end : match.start()])
            yield Segment(match.group(), name=True)
            end = match.end()
    if text[end:]:
        yield Segment(text[end:])


_TITLE = re.compile(
    r"^(?:(?:апай|ағай|аға|апам\w*|апа|ханым|мырза|тәте|көке|мисс|тёть|тётя|тетя|дядя|mr\.?|mrs\.?|ms\.?|dr\.?)\s+)"
    r"|\s+(?:апай\w*|ағай\w*|аға\w*|ага|апа\w*|ханым\w*|мырза\w*|тәте\w*|көке|жеңгей|apai|aga|apa)$",
    re.IGNORECASE,
)


def _without_title(name: str) -> Iterator[Segment]:
    match = _TITLE.search(name)
    if not match:
        yield Segment(name, name=True)
    elif match.start() == 0:
        yield Segment(match.group())
        yield Segment(name[match.end() :], name=True)
    else:
        yield Segment(name[: match.start()], name=True)
        yield Segment(match.group())
