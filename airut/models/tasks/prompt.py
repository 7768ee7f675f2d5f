"""What the agent is told: the messages of a task as one prompt, and the rules of working unattended."""

from collections.abc import Mapping

from airut.models.threads.message import InboundMessage

RULES = """\
You work unattended in a sandbox, on a task that somebody sent by message. Nobody watches the screen.

- The repository is checked out in /workspace, on its default branch or where you left it.
- Commit what shall be published, with messages that say why. Do not push and do not open a pull request: your commits
  on HEAD are pushed to this conversation's own branch and put into a pull request when you are done.
- Your last message is sent as the answer. Write it for the person who asked, in Markdown: what you did, what you
  checked, what is open.
- Files that came with the messages lie in /inbox. Files that you put into /outbox go with the answer. /storage is kept
  between the tasks of this conversation; everything else outside /workspace is gone afterwards.
- The network lets through only what the repository's .airut/network-allowlist.yaml on the default branch allows. A
  refused request says which rule would allow it: do not try it again, say in your answer what you would need.
- Credentials in the environment are stand-ins that work for their hosts only. They are of no use elsewhere.
"""


def compose_prompt(
    messages: tuple[tuple[InboundMessage, str], ...],
    inbox: Mapping[str, str] | None = None,
    note: str | None = None,
    contexts: Mapping[str, str] | None = None,
) -> str:
    """The prompt of a task: each message with its author and time where there may be several authors, in order,
    separated by a blank line, and the names of the files in /inbox (spec: lifecycle §4). `inbox` names files by their
    digest; `contexts` has by the keys of messages what was said before them."""
    names = inbox or {}
    parts: list[str] = []
    for number, (message, text) in enumerate(messages):
        lines: list[str] = []
        if context := (contexts or {}).get(message.key):
            lines.append(context + "\n")
        if len(messages) > 1 or message.open_to_authorized:
            lines.append(f"[{message.author}, {message.sent_at:%Y-%m-%d %H:%M} UTC]")
        if number == 0 and message.subject and not text.lstrip().startswith(message.subject):
            lines.append(message.subject + "\n")
        files = {file: f"[file: /inbox/{names.get(file.content.sha256, file.name)}]" for file in message.attachments}
        for file, place in files.items():  # where a picture stood in the text: it may have another name by now
            text = text.replace(f"[file: {file.name}]", place)
        lines.append(text.strip())
        lines += dict.fromkeys(files.values())
        parts.append("\n".join(line for line in lines if line.strip()))
    if note is not None:
        parts.insert(0, note)
    return "\n\n".join(parts) + "\n"


def compose_rules(own: str | None, claude_md: str | None, theirs: str | None = None) -> str:
    """Our rules, the operator's additions, and the default branch's: what it adds for this agent alone, and its
    CLAUDE.md, which the agent does not read itself: it is started without the workspace's settings, since those could
    redirect its credentials."""
    parts = [RULES]
    if own:
        parts.append(own)
    if theirs:
        parts.append(theirs)
    if claude_md:
        parts.append(f"The repository's CLAUDE.md, from its default branch:\n\n{claude_md}")
    return "\n\n".join(part.strip() for part in parts) + "\n"
