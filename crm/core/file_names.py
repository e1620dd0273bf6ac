r"""Names of files that strangers give: clients send whatever they like.

`C:\docs\a.pdf`, `../../a.pdf`, names with line breaks, names that read `gpj.exe` backwards (a right-to-left override), names
that Windows takes for a device, names longer than any file system holds.
"""

import re
import unicodedata
from urllib.parse import unquote

MAX_NAME_BYTES = 200
"""File systems hold 255 bytes; what somebody adds ("(1)") finds room, too."""
_MAX_ENDING_BYTES = 20
_LONGEST_GIVEN = 5_000
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)


def safe_file_name(given: str) -> str:
    """Return a name without folders and without what no name should have; empty when nothing is left.

    At most `MAX_NAME_BYTES` in UTF-8; the ending is kept.
    """
    given = given[-_LONGEST_GIVEN:]
    decoded = unquote(given)
    if given.isascii() and not decoded.isascii():  # some clients send other letters so
        given = decoded
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    # Category C: control characters, overrides of direction, what is invisible, lone surrogates.
    name = "".join(
        letter for letter in name if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    name = _FORBIDDEN.sub("_", " ".join(name.split())).strip(". ")
    if _DEVICES.match(name):
        name = f"_{name}"
    return _cut(name)


def _cut(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > _MAX_ENDING_BYTES:
        return _first_bytes(name, MAX_NAME_BYTES).rstrip(". ")
    kept = _first_bytes(stem, MAX_NAME_BYTES - len(ending.encode()) - 1).rstrip(". ")
    return f"{kept}.{ending}"


def _first_bytes(text: str, count: int) -> str:
    return text.encode()[:count].decode(errors="ignore")
