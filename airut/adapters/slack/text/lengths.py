"""Long answers in pieces that Slack takes: cut between paragraphs, else lines, else words, else characters as people
count them (spec: slack §10). Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from airut.adapters.slack.text.mrkdwn import Line

SECTION = 3_000
"""Characters of a section's text (https://docs.slack.dev/reference/block-kit/blocks/section-block)."""
MESSAGE = 11_000
"""Characters of one message: below the 12,000 that Slack may take of a whole one, with room for the footer."""
MESSAGES = 5
FENCE = "```"
_ATOM = re.compile(r"<[^<>\n]*>|&(?:amp|lt|gt);|.", re.DOTALL)
"""What is never cut: a link or reference, an escaped character."""


def sections(lines: Sequence[Line], limit: int = SECTION) -> list[str]:
    """The lines as texts of at most `limit` characters; a fence that is cut is closed and opened again."""
    fences = 2 * (len(FENCE) + 1)
    pieces = [piece for line in lines for piece in _fitting(line, limit - fences if line.code else limit)]
    found: list[str] = []
    while pieces := _without_blanks(pieces):
        count = _fit(pieces, limit)
        found.append(written(pieces[:count]))
        pieces = pieces[count:]
    return found


def messages(texts: Sequence[str], limit: int = MESSAGE) -> list[list[str]]:
    """Sections by message."""
    found: list[list[str]] = []
    size = 0
    for text in texts:
        if not found or size + len(text) > limit:
            found.append([])
            size = 0
        found[-1].append(text)
        size += len(text)
    return found


def head(lines: Sequence[Line], limit: int) -> str:
    """The beginning of an answer, up to the end of a paragraph."""
    return next(iter(sections(lines, limit)), "")


def written(lines: Sequence[Line]) -> str:
    """As one text, with fences around what stands in one."""
    out: list[str] = []
    inside = False
    for line in lines:
        if line.code != inside:
            out.append(FENCE)
            inside = line.code
        out.append(line.text if line.code else (line.prefix + line.text).rstrip())
    return "\n".join([*out, FENCE] if inside else out).rstrip("\n")


def _fit(lines: Sequence[Line], limit: int) -> int:
    """How many of the lines go into one text: all, or up to a paragraph's end, or as many as there is room for."""
    size, count, inside, paragraph = -1, 0, False, 0
    for line in lines:
        size += len(line.text) + (0 if line.code else len(line.prefix)) + 1
        if line.code != inside:
            size += len(FENCE) + 1
            inside = line.code
        if size + (len(FENCE) + 1 if inside else 0) > limit:
            return paragraph or max(count, 1)
        count += 1
        if line.blank:
            paragraph = count
    return count


def _without_blanks(lines: Sequence[Line]) -> list[Line]:
    """A text does not begin with a blank line."""
    start = 0
    while start < len(lines) and lines[start].blank:
        start += 1
    return list(lines[start:])


def _fitting(line: Line, limit: int) -> Iterator[Line]:
    """A line in pieces that fit, between words where there are some."""
    room = limit - len(line.prefix)
    rest = list(_atoms(line.text))
    while rest:
        taken, size, space = 0, 0, 0
        for atom in rest:
            if size + len(atom) > room and taken:
                break
            taken, size = taken + 1, size + len(atom)
            if atom == " ":
                space = taken
        else:
            space = taken
        end = space or taken
        yield line.model_copy(update={"text": "".join(rest[:end])})
        rest = rest[end:]
    if not line.text:
        yield line


def _atoms(text: str) -> Iterator[str]:
    """Links, escaped characters, and characters with what belongs to them (UAX #29, as far as chats need it)."""
    held = ""
    for atom in _ATOM.findall(text):
        if held and not _belongs(held, atom):
            yield held
            held = ""
        held += atom
    if held:
        yield held


def _belongs(before: str, character: str) -> bool:
    if len(character) != 1 or len(before) > 40:
        return False
    if before[-1] == "\u200d" or character == "\u200d" or unicodedata.category(character) in ("Mn", "Me", "Mc"):
        return True
    if 0x1F3FB <= ord(character) <= 0x1F3FF:  # the colour of a skin
        return True
    flags = [0x1F1E6 <= ord(sign) <= 0x1F1FF for sign in (before[0], character)]
    return all(flags) and len(before) == 1
