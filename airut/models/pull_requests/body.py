"""The words and the branch name of a thread's pull request (spec: operations §9). Pure."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Sequence

from airut.models.hosts.workspace import Push
from airut.models.tasks.task import TaskInput

BRANCH = "airut/{slug}-{short}"
BEGIN = "<!-- airut:begin -->"
END = "<!-- airut:end -->"

MAX_BRANCH = 60
MIN_SLUG = 8
"""Characters that a subject gets also where what is configured around it is long."""
MAX_TITLE = 120
MAX_TEXT = 24_000
"""Characters for the request and for the answer each: GitHub takes 65 536 for a whole body."""
MAX_TEMPLATE = 10_000
"""Characters of a template; with a longer one the body might not fit any more, so it is left out."""
CONFLICTS_NAMED = 5

_PREFIXES = re.compile(r"(?:(?:re|aw|sv|vs|tr|rv|fwd|fw|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_TAG = re.compile(r"\[airut [a-z2-7]{16}\]", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+")
_COMMENT = re.compile(r"<!--|-->")
_LINE_ENDS = re.compile(r"\r\n?")


def branch_name(subject: str, thread: str, pattern: str = BRANCH) -> str:
    """The pattern with its `{slug}` and `{short}`: at most 60 ASCII characters that `git check-ref-format` accepts,
    unless the pattern itself has more.

    The same subject and thread give the same name; two threads of one subject differ in `short`.
    """
    short = base64.b32encode(hashlib.sha256(thread.encode()).digest()).decode().lower()[:8]
    ascii_text = unicodedata.normalize("NFKD", _bare(subject)).encode("ascii", "ignore").decode().lower()
    fixed = len(pattern.replace("{slug}", "").replace("{short}", short))
    room = max(MAX_BRANCH - fixed, MIN_SLUG)
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if len(slug) > room:
        # At a word's end where there is one, so that the name reads well.
        slug = (slug[: room + 1].rpartition("-")[0] or slug[:room]).strip("-")
    if not slug:
        pattern = re.sub(r"\{slug\}[-_./]?", "", pattern)
    return pattern.replace("{slug}", slug).replace("{short}", short).strip("-/.")


def next_branch(branch: str) -> str:
    """`x` → `x-2` → `x-3`."""
    stem, _, number = branch.rpartition("-")
    if stem and number.isdecimal() and len(number) < 3:
        return f"{stem}-{int(number) + 1}"
    return f"{branch}-2"


def compose_title(subject: str, push: Push) -> str:
    """The thread's subject; without one, the newest commit's."""
    title = " ".join((_bare(subject) or push.subject or push.branch).split())
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1].rstrip() + "…"


def compose_body(task: TaskInput, text: str, push: Push, author: str | None) -> str:
    """Our part of the body, between the markers: request, what was done, flags, diffstat, thread, trailer.

    `text` is the agent's last words. `author` is given only where it may be shown.
    """
    parts = [f"### Request\n\n{_quoted(_request(task))}", f"### What was done\n\n{_cut(text) or push.subject}"]
    if push.flagged:
        files = "\n".join(f"- {_code(path)}" for path in push.flagged)
        parts.append(f"**Changes the sandbox's policy or CI; look at these files with care:**\n\n{files}")
    if push.diffstat.strip():
        parts.append(f"```text\n{push.diffstat.strip(chr(10)).replace('```', '` ` `')}\n```")
    asked = f" · asked by {_code(author)}" if author else ""
    parts.append(f"Thread {_code(task.thread)} · {push.commits} {'commit' if push.commits == 1 else 'commits'}{asked}")
    if author and _ADDRESS.fullmatch(author):
        parts.append(f"Co-authored-by: {author.partition('@')[0]} <{author}>")
    inner = _COMMENT.sub(lambda mark: mark[0].replace("-", "\u2010"), "\n\n".join(parts))
    return f"{BEGIN}\n{inner}\n{END}"


def replace_our_part(body: str, ours: str) -> str | None:
    """The body with the text between our markers exchanged for that of `ours`, all else as people left it.

    None when the markers are gone or out of order: somebody took our part out, so it stays out.
    """
    begin, end = body.find(BEGIN), body.rfind(END)
    if begin < 0 or end < begin:
        return None
    return body[:begin] + ours + body[end + len(END) :]


def whole_body(template: str | None, ours: str) -> str:
    """A new pull request's text: ours between the template's own markers where it has them, else below it."""
    text = _LINE_ENDS.sub("\n", template or "").strip()
    if not text or len(text) > MAX_TEMPLATE:
        return ours
    return replace_our_part(text, ours) or f"{text}\n\n{ours}"


def conflict_note(base: str, files: Sequence[str]) -> str:
    """What the reply says of a branch that does not merge."""
    named = [_code(file) for file in files[:CONFLICTS_NAMED]]
    if len(files) > CONFLICTS_NAMED:
        named.append(f"{len(files) - CONFLICTS_NAMED} more")
    return (
        f"The branch conflicts with {_code(base)} in {', '.join(named)}. "
        f"Reply with *rebase onto {base}* to have that resolved."
    )


def _bare(subject: str) -> str:
    """Without reply prefixes and our tag."""
    text = _TAG.sub("", "".join(c if c.isprintable() else " " for c in subject)).strip()
    return _PREFIXES.sub("", text, count=1).strip() if _PREFIXES.match(text) else text


def _request(task: TaskInput) -> str:
    texts = []
    for message in task.messages:
        inline = message.text.inline
        texts.append(_cut(inline) if inline is not None else "(a long message, kept with the thread)")
    return "\n\n".join(text for text in (_bare(task.subject), *texts) if text)


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rstrip() + "\n\n…"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").split()) + "`"
