"""The widget's script as it is served: small, one piece, of a dialect that older browsers know."""

import re
from collections import Counter
from pathlib import Path

import pytest

from connectors.webchat import assets
from connectors.webchat.assets import widget_script

SOURCES = sorted((Path(assets.__file__).parent / "widget").glob("*.js"))
DECLARED = re.compile(r"^(?:async )?(?:function|class|const|let) ([A-Za-z_]\w*)", re.MULTILINE)
MAX_GZIP = 40_000


def test_it_is_small() -> None:
    assert len(widget_script().compressed) < MAX_GZIP


def test_all_modules_are_in_it_and_no_name_twice() -> None:
    body = widget_script().body.decode()
    names = Counter(DECLARED.findall(body))
    assert [name for name, count in names.items() if count > 1] == []
    for source in SOURCES:
        for name in DECLARED.findall(source.read_text("utf-8").replace("export ", "")):
            assert name in names, source.name
    assert not re.search(r"^(import|export) ", body, re.MULTILINE)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_nothing_written_can_become_markup_or_code(source: Path) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    )
    assert not re.search(forbidden, source.read_text("utf-8"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_older_browsers_know_it_all(source: Path) -> None:
    """Safari 15.0 and Chrome 84 (private methods) are the oldest; what came later is not used."""
    later = (
        r"\.at\(|\.findLast|\.replaceAll\(|\.hasOwn\(|structuredClone|\.toSorted|\?\?=|\|\|=|&&="
        r"|static \{|color-mix|:has\(|\bdvh\b|@layer|^await |\.groupBy|checkVisibility"
    )
    assert not re.search(later, source.read_text("utf-8"), re.MULTILINE)
