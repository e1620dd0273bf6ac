"""Lines of one section -> texts of passages."""

from collections.abc import Iterator, Sequence

from bot.knowledge.sentences import sentences

MIN_LENGTH = 300
MAX_LENGTH = 900
"""Characters. A section shorter than the least stays whole; a single longer sentence is never cut."""


def cut(lines: Sequence[str]) -> list[str]:
    """Return the texts, each at most `MAX_LENGTH` long where sentences allow, none (but of a short section) below
    `MIN_LENGTH` where they allow. A line that introduces a list is repeated when the list goes on in the next text.
    """
    units = list(_units(lines))
    total = sum(len(text) + 1 for text, _, _ in units)
    if total <= MAX_LENGTH:
        return ["\n".join(lines)] if units else []
    # Equal shares, so that no small rest is left at the end.
    goal = max(MIN_LENGTH, total // -(-total // MAX_LENGTH) + MIN_LENGTH // 3)
    found: list[str] = []
    current = ""
    for text, new_line, lead in units:
        joined = _join(current, text, new_line=new_line)
        if current and len(current) >= MIN_LENGTH and len(joined) > min(goal, MAX_LENGTH):
            found.append(current)
            current = _join(lead, text, new_line=True) if lead and lead != text else text
        else:
            current = joined
    if current:
        found.append(current)
    if (
        len(found) > 1
        and len(found[-1]) < MIN_LENGTH
        and len(found[-2]) + len(found[-1]) < MAX_LENGTH
    ):
        found[-2:] = [f"{found[-2]}\n{found[-1]}"]
    return found


def _units(lines: Sequence[str]) -> Iterator[tuple[str, bool, str]]:
    """Yield (text, begins a line, the line that introduces the list it is in)."""
    lead = ""
    for line in lines:
        if not _is_item(line):
            lead = ""
        if len(line) <= MAX_LENGTH // 2:
            yield line, True, lead if _is_item(line) else ""
        else:
            for place, sentence in enumerate(sentences(line)):
                yield sentence, place == 0, ""
        if line.endswith(":"):
            lead = line


def _is_item(line: str) -> bool:
    return line.startswith("•") or line[:3].rstrip(". ").isdigit()


def _join(before: str, text: str, *, new_line: bool) -> str:
    if not before:
        return text
    return f"{before}\n{text}" if new_line else f"{before} {text}"
