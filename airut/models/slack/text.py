"""What people write in Slack, as plain text for a prompt (spec: slack §5). Pure.

The markup is that of https://docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"<([^<>\n]*)>")
Names = Mapping[str, str]
"""Display names by the ids of people, user groups and channels."""


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that a text mentions, in order."""
    tokens = (match[1] for match in _TOKEN.finditer(text))
    return tuple(token[1:].partition("|")[0] for token in tokens if token.startswith(("@U", "@W")))


def unnamed(text: str) -> tuple[str, ...]:
    """The ids in a text that stand without a name: of people, groups, channels."""
    found = (match[1].partition("|") for match in _TOKEN.finditer(text))
    bare = (body for body, _, label in found if not label and body.startswith(("@", "#", "!subteam^")))
    return tuple(body.removeprefix("!subteam^").lstrip("@#") for body in bare)


def without_mention(text: str, user: str) -> str:
    """The text less the mentions of one person; what stood around each is one blank apart, or begins its line."""
    pattern = re.compile(rf"([ \t\u00a0]*)<@{re.escape(user)}(?:\|[^<>]*)?>[ \t\u00a0]*[,:]?[ \t\u00a0]*")
    begins: Callable[[re.Match[str]], bool] = lambda match: match.string[: match.start()][-1:] in ("", "\n")  # noqa: E731
    return pattern.sub(lambda match: "" if begins(match) else " ", text).strip()


def readable(text: str, names: Names) -> str:
    """The text as people see it."""
    shown: Callable[[re.Match[str]], str] = lambda match: _token(match, names)  # noqa: E731
    text = _TOKEN.sub(shown, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _token(match: re.Match[str], names: Names) -> str:
    body, _, label = match[1].partition("|")
    if body.startswith("@"):
        return f"@{label or names.get(body[1:], body[1:])}"
    if body.startswith("#"):
        return f"#{label or names.get(body[1:], body[1:])}"
    if body.startswith("!subteam^"):
        handle = label or names.get(body.removeprefix("!subteam^"), body.removeprefix("!subteam^"))
        return f"@{handle.removeprefix('@')}"
    if body.startswith("!date^"):
        return label or match[0]
    if body in ("!here", "!channel", "!everyone"):
        return f"@{body[1:]}"
    if body.startswith("!") or not body:
        return match[0]
    address = body.removeprefix("mailto:")
    return address if label in ("", address, body) else f"{label} ({address})"


def words(post: Mapping[str, Any]) -> str:
    """A post's text; of one that has none the text of its blocks and of what it shares, quoted."""
    if text := str(post.get("text") or ""):
        return text
    found = [*_of_blocks(post.get("blocks")), *(_of_attachment(each) for each in post.get("attachments") or ())]
    return "\n".join("\n".join(f"> {line}" for line in text.splitlines()) for text in found if text)


def _of_blocks(blocks: object) -> list[str]:
    """Every text that stands in a list of blocks, in order."""
    found: list[str] = []
    if isinstance(blocks, list):
        for part in blocks:
            found += _of_blocks(part)
    elif isinstance(blocks, dict):
        text = blocks.get("text")
        if isinstance(text, str):
            found.append(text)
        for name in ("text", "elements", "fields"):
            if not isinstance(blocks.get(name), str):
                found += _of_blocks(blocks.get(name))
    return found


def _of_attachment(attachment: Mapping[str, Any]) -> str:
    text = str(attachment.get("text") or attachment.get("fallback") or "")
    author = str(attachment.get("author_name") or "")
    return f"{author}: {text}" if author and text else text
