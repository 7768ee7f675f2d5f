"""Which part of a text its author wrote now, and which is an earlier message (spec: email §6).

A text becomes regions: own words, quotes, signatures. Quotes at the end are cut; quotes that words follow are kept,
as `> ` lines. Clients' marks in HTML become private-use characters on lines of their own before they get here.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from airut.models.base import Model
from signals.mail.languages import (
    ATTRIBUTION,
    ATTRIBUTION_START,
    DEVICE_SIGNATURE,
    FROM_LINE,
    OTHER_LINES,
    POINTS_BELOW,
    SEPARATOR,
    UNDERSCORES,
)

QUOTE_BEGIN, QUOTE_END, SIGNATURE_BEGIN, SIGNATURE_END = "\ue000", "\ue001", "\ue002", "\ue003"
CUT_MARK = "[earlier messages cut]"

_MARKS = re.compile(f"([{QUOTE_BEGIN}-{SIGNATURE_END}])")
_ATTRIBUTION_LINES = 3
MAX_ATTRIBUTION = 500
"""Characters: names, an address and a date in any language."""
_SEPARATOR_LENGTH = 1000
"""Characters: no line that a client draws or writes above a quote is longer."""
_POINTER_LENGTH = 300
"""Characters: whoever has answered in the quote writes a line or two above it."""
_HEADER_BLOCK_LINES = 8
"""Within so many lines the rest of an Outlook header block must stand; Cc and Importance come between."""
_SIGNATURE_LINES = 20
"""A longer text below `-- ` is not a signature."""


class Kind(Enum):
    OWN = auto()
    QUOTE = auto()
    SIGNATURE = auto()


class Region(NamedTuple):
    kind: Kind
    text: str


class Body(Model):
    """A text in both forms, and the quoted part alone. `cut` equals `uncut` where there was nothing to cut."""

    cut: str
    uncut: str
    quoted: str = ""
    own: str = ""
    """What the author wrote now and nothing else, wherever the quotes stand; for telling a command from a prompt."""


def split_plain(text: str, *, angles: bool = True) -> list[Region]:
    """Regions of plain text. Without `angles`, lines that begin with `>` are content (Markdown made from HTML)."""
    regions: list[Region] = []
    lines = text.split("\n")
    start = index = 0
    while index < len(lines):
        if _quotes_the_rest(lines, index):
            regions.append(Region(Kind.OWN, "\n".join(lines[start:index])))
            return [*regions, Region(Kind.QUOTE, "\n".join(lines[index:]))]
        if not (angles and lines[index].startswith(">")):
            index += 1
            continue
        end = index
        while end < len(lines) and lines[end].startswith(">"):
            end += 1
        quote = "\n".join(line[1:].removeprefix(" ") for line in lines[index:end])
        regions += [Region(Kind.OWN, "\n".join(lines[start:index])), Region(Kind.QUOTE, quote)]
        start = index = end
    return [*regions, Region(Kind.OWN, "\n".join(lines[start:]))]


def split_marked(text: str) -> list[Region]:
    """Regions of Markdown in which the marks of `html` stand. A mark without its end holds to the end."""
    regions: list[Region] = []
    quotes = signatures = 0
    for piece in _MARKS.split(text):
        match piece:
            case "\ue000":
                quotes += 1
            case "\ue001":
                quotes = max(0, quotes - 1)
            case "\ue002":
                signatures += 1
            case "\ue003":
                signatures = max(0, signatures - 1)
            case _ if quotes:
                regions.append(Region(Kind.QUOTE, piece))
            case _ if signatures:
                regions.append(Region(Kind.SIGNATURE, piece))
            case _:
                inner = split_plain(piece, angles=False)
                regions += inner
                quotes += inner[-1].kind is Kind.QUOTE  # a header block quotes the rest, whatever marks follow
    return regions


def compose_body(regions: list[Region]) -> Body:
    """Both forms of the text. Where nothing of the author's own is left, the uncut one is used for both."""
    own = _own_words(regions)
    regions = _merged(_with_attributions(regions))
    quoted = "\n\n".join(region.text for region in regions if region.kind is Kind.QUOTE)
    uncut = _written(_without_tail(regions, quotes=False))
    kept = _without_tail(regions, quotes=True)
    if not any(region.kind is Kind.OWN for region in kept) or _points_below(own):
        return Body(cut=uncut, uncut=uncut, quoted=quoted, own=own)
    cut = _written(kept)
    if any(region.kind is Kind.QUOTE for region in regions[len(kept) :]):
        cut = f"{cut}\n\n{CUT_MARK}"
    return Body(cut=cut, uncut=uncut, quoted=quoted, own=own)


def _points_below(own: str) -> bool:
    """Whether a short text is about answers within the quote (*see below in blue*), so that it must stay."""
    return len(own) <= _POINTER_LENGTH and POINTS_BELOW.search(own) is not None


def without_signature(text: str) -> str:
    """Cut `-- ` and what follows (RFC 3676 §4.3), *Sent from my phone*, and the rule that Outlook draws below."""
    lines = text.rstrip().split("\n")
    for index in range(len(lines) - 1, max(-1, len(lines) - 1 - _SIGNATURE_LINES), -1):
        if lines[index] in ("-- ", "--"):
            lines = lines[:index]
            break
    while lines and (lines[-1].strip() in ("", "---") or _names_a_device(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def _names_a_device(line: str) -> bool:
    return len(line) <= _SEPARATOR_LENGTH and DEVICE_SIGNATURE.match(line) is not None


def _quotes_the_rest(lines: list[str], index: int) -> bool:
    """A separator line, or a header block with or without a rule of underscores above it."""
    line = lines[index]
    if not line.strip() or len(line) > _SEPARATOR_LENGTH:
        return False
    if SEPARATOR.match(line):
        return True
    if UNDERSCORES.match(line):
        following = [each for each in lines[index + 1 : index + 5] if each.strip()]
        return bool(following) and bool(FROM_LINE.match(following[0]))
    if not FROM_LINE.match(line):
        return False
    block = lines[index + 1 : index + 1 + _HEADER_BLOCK_LINES]
    return sum(any(label.match(each) for each in block) for label in OTHER_LINES) >= 2


def _with_attributions(regions: list[Region]) -> list[Region]:
    """Move *On … wrote:* from the end of own words into the quote below, if only quotes and signatures follow."""
    result = list(regions)
    for index in range(len(result) - 1, 0, -1):
        region, before = result[index], result[index - 1]
        if region.kind is Kind.OWN and without_signature(region.text).strip():
            break
        if region.kind is not Kind.QUOTE or before.kind is not Kind.OWN:
            continue
        words, attribution = _split_attribution(before.text)
        if attribution:
            result[index - 1] = Region(Kind.OWN, words)
            result[index] = Region(Kind.QUOTE, f"{attribution}\n\n{region.text}")
    return result


def _own_words(regions: list[Region]) -> str:
    """The author's words alone: no quotes, no lines that introduce one, no signature."""
    parts: list[str] = []
    before_quote = False
    for region in reversed([region for region in regions if region.text.strip()]):
        if region.kind is Kind.OWN:
            parts.append(_split_attribution(region.text)[0] if before_quote else region.text)
        before_quote = region.kind is Kind.QUOTE
    return without_signature("\n".join(reversed(parts))).strip()


def _split_attribution(text: str) -> tuple[str, str]:
    """The longest run of at most three last lines that begins as an attribution does, else the shortest that is one."""
    lines = text.rstrip().split("\n")
    best = 0
    for count in range(1, min(_ATTRIBUTION_LINES, len(lines)) + 1):
        first = lines[-count]
        joined = " ".join(line.strip() for line in lines[-count:])
        if not first.strip() or len(joined) > MAX_ATTRIBUTION:
            break
        if ATTRIBUTION.match(joined) and (not best or ATTRIBUTION_START.match(first)):
            best = count
    if not best:
        return text, ""
    return "\n".join(lines[:-best]), " ".join(line.strip() for line in lines[-best:])


def _merged(regions: list[Region]) -> list[Region]:
    """Without blank regions, quotes with only white space between them made one."""
    result: list[Region] = []
    for region in regions:
        if not region.text.strip():
            continue
        if result and region.kind is Kind.QUOTE and result[-1].kind is Kind.QUOTE:
            result[-1] = Region(Kind.QUOTE, f"{result[-1].text.rstrip()}\n\n{region.text.lstrip()}")
        else:
            result.append(region)
    return result


def _without_tail(regions: list[Region], *, quotes: bool) -> list[Region]:
    """Without what ends the text and is no word of the author's: signatures, and quotes if so asked."""
    kept = list(regions)
    while kept:
        last = kept[-1]
        if last.kind is Kind.OWN:
            words = without_signature(last.text)
            if words.strip():
                kept[-1] = Region(Kind.OWN, words)
                break
        elif last.kind is Kind.QUOTE and not quotes:
            break
        kept.pop()
    return kept


def _written(regions: list[Region]) -> str:
    parts = [_as_quote(r.text) if r.kind is Kind.QUOTE else r.text.strip("\n").rstrip() for r in regions]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)).strip()


def _as_quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in re.sub(r"\n{3,}", "\n\n", text.strip()).split("\n"))
