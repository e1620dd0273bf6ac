"""IMAP on the wire (RFC 3501, section 9): arguments written, answers read. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

type Token = bytes | int | list[Token] | Quoted | None
"""An answer's piece: an atom, a number, NIL, a list, or a string."""

_ATOM_END: Final = re.compile(rb'[\s()"]')
_LITERAL: Final = re.compile(rb"\{(\d{1,10})\+?\}\r\n\Z")
_PLAIN: Final = re.compile(r"[A-Za-z0-9.@_\-]{1,200}")
_DEEPEST: Final = 30
_SHIFTED: Final = re.compile(r"&([A-Za-z0-9+,]*)-?")


class ImapSyntaxError(ValueError):
    """The server sent what is no IMAP."""


class Quoted(bytes):
    """A string of an answer, as told from an atom."""

    __slots__ = ()


def literal_size(line: bytes) -> int | None:
    """How many bytes of a literal follow this line; None when none do."""
    match = _LITERAL.search(line[-20:])
    return int(match[1]) if match else None


def written(argument: str) -> str | None:
    """A string as an argument of a command; None when it has to go as a literal."""
    if _PLAIN.fullmatch(argument):
        return argument
    if argument.isascii() and argument.isprintable():
        escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return None


def parsed(fragments: Sequence[bytes]) -> list[Token]:
    """An answer's tokens. ``fragments`` are its lines and literals in turn, beginning with a line.

    Raises:
        ImapSyntaxError: as it says.
    """
    stack: list[list[Token]] = [[]]
    for place, fragment in enumerate(fragments):
        if place % 2:
            stack[-1].append(Quoted(fragment))
            continue
        line = fragment.removesuffix(b"\r\n")
        if place + 1 < len(fragments):
            line = line[: line.rfind(b"{")]
        _read_line(line, stack)
    if len(stack) != 1:
        raise ImapSyntaxError("a list has no end")
    return stack[0]


def _read_line(line: bytes, stack: list[list[Token]]) -> None:
    place = 0
    while place < len(line):
        letter = line[place : place + 1]
        if letter == b"(":
            inner: list[Token] = []
            stack[-1].append(inner)
            stack.append(inner)
            if len(stack) > _DEEPEST:
                raise ImapSyntaxError("lists lie too deep")
            place += 1
        elif letter == b")":
            if len(stack) == 1:
                raise ImapSyntaxError("a list has no beginning")
            stack.pop()
            place += 1
        elif letter == b'"':
            place = _read_string(line, place + 1, stack[-1])
        elif letter.isspace():
            place += 1
        else:
            place = _read_atom(line, place, stack[-1])


def _read_string(line: bytes, place: int, found: list[Token]) -> int:
    text = bytearray()
    while place < len(line):
        letter = line[place : place + 1]
        if letter == b'"':
            found.append(Quoted(bytes(text)))
            return place + 1
        if letter == b"\\":
            place += 1
            letter = line[place : place + 1]
        text += letter
        place += 1
    raise ImapSyntaxError("a string has no end")


def _read_atom(line: bytes, place: int, found: list[Token]) -> int:
    """An atom; what stands in brackets belongs to it (``BODY[HEADER.FIELDS (DATE)]<0>``)."""
    start = place
    while place < len(line):
        letter = line[place : place + 1]
        if letter == b"[":
            end = line.find(b"]", place)
            if end < 0:
                raise ImapSyntaxError("a bracket has no end")
            place = end + 1
        elif _ATOM_END.match(letter):
            break
        else:
            place += 1
    atom = line[start:place]
    if atom.isdigit() and len(atom) < 20:
        found.append(int(atom))
    else:
        found.append(None if atom.upper() == b"NIL" else atom)
    return place


def folder_bytes(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501, section 5.1.3)."""
    written_name: list[str] = []
    shifted: list[str] = []

    def flush() -> None:
        if shifted:
            octets = "".join(shifted).encode("utf-16-be", "surrogatepass")
            letters = base64.b64encode(octets).decode().rstrip("=").replace("/", ",")
            written_name.append(f"&{letters}-")
            shifted.clear()

    for letter in name:
        if " " <= letter <= "~":
            flush()
            written_name.append("&-" if letter == "&" else letter)
        else:
            shifted.append(letter)
    flush()
    return "".join(written_name)


def folder_name(octets: bytes) -> str:
    """A folder's name as people write it; as it stands when it is malformed."""
    text = octets.decode("utf-8", "replace")

    def shifted(match: re.Match[str]) -> str:
        letters = match[1]
        if not letters:
            return "&"
        padded = letters.replace(",", "/") + "=" * (-len(letters) % 4)
        return base64.b64decode(padded).decode("utf-16-be")

    try:
        return _SHIFTED.sub(shifted, text)
    except ValueError:
        return text
