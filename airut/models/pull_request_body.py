"""The words and the branch name of a thread's pull request (spec: operations §9). Pure."""

import base64
import hashlib
import re
import unicodedata

from airut.models.task import TaskInput
from airut.models.workspace import Push

BEGIN = "<!-- airut:begin -->"
END = "<!-- airut:end -->"

MAX_BRANCH = 60
MAX_TITLE = 120
MAX_TEXT = 24_000
"""Characters for the request and for the answer each: GitHub takes 65 536 for a whole body."""

_PREFIXES = re.compile(r"(?:(?:re|aw|sv|vs|tr|rv|fwd|fw|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_TAG = re.compile(r"\[airut [a-z2-7]{16}\]", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+")
_COMMENT = re.compile(r"<!--|-->")


def branch_name(subject: str, thread: str) -> str:
    """`airut/{slug}-{short}`: at most 60 ASCII characters that `git check-ref-format` accepts.

    The same subject and thread give the same name; two threads of one subject differ in `short`.
    """
    short = base64.b32encode(hashlib.sha256(thread.encode()).digest()).decode().lower()[:8]
    ascii_text = unicodedata.normalize("NFKD", _bare(subject)).encode("ascii", "ignore").decode().lower()
    room = MAX_BRANCH - len("airut/") - len(short) - 1
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if len(slug) > room:
        # At a word's end where there is one, so that the name reads well.
        slug = (slug[: room + 1].rpartition("-")[0] or slug[:room]).strip("-")
    return f"airut/{slug}-{short}" if slug else f"airut/{short}"


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
