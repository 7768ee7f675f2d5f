"""What a schedule's command said, as the prompt of a task (spec: lifecycle §14, trigger)."""

import codecs
import shlex

from airut.models.base import Model


class CommandEnd(Model):
    """An ended command. `stdout` is its first bytes, of `stdout_size` in all; `stderr` its last."""

    command: tuple[str, ...]
    code: int
    ended_for: str = ""
    """Why it was ended before it was done, in words; empty when it ended by itself."""
    stdout: bytes = b""
    stdout_size: int = 0
    stderr: bytes = b""


def compose_trigger_prompt(name: str, end: CommandEnd, limit: int) -> str | None:
    """The prompt, or None when the command went well and said nothing. `limit` in bytes."""
    said = head(end.stdout, limit, end.stdout_size)
    if end.code == 0 and not end.ended_for:
        return said if said.strip() else None
    how = end.ended_for or f"exit code {end.code}"
    return "\n\n".join(
        [
            f"The command of the schedule `{name}` failed. Find out why this failed.",
            f"Command: `{shlex.join(end.command)}`\nEnded: {how}",
            f"Standard output:\n{_fenced(said)}",
            f"Standard error:\n{_fenced(tail(end.stderr, limit))}",
        ]
    )


def compose_not_run_prompt(name: str, command: tuple[str, ...], reason: str) -> str:
    """The prompt when the command could not even be started."""
    return (
        f"The command of the schedule `{name}` could not be run. Find out why this failed.\n\n"
        f"Command: `{shlex.join(command)}`\n\nReason:\n{_fenced(reason)}"
    )


def head(data: bytes, limit: int, size: int) -> str:
    """The first `limit` bytes as text, no character cut in two, with a note when there were more (`size` in all)."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data[:limit], final=size <= limit)
    note = f"\n[cut at {spoken_size(limit)} of {spoken_size(size)}]" if size > limit else ""
    return text.replace("\0", "") + note


def tail(data: bytes, limit: int) -> str:
    """The last `limit` bytes as text, no character cut in two: what went wrong stands last."""
    if len(data) <= limit:
        return data.decode(errors="replace").replace("\0", "")
    kept = data[-limit:]
    begin = next((index for index, byte in enumerate(kept[:4]) if byte & 0xC0 != 0x80), len(kept))
    return "[…]\n" + kept[begin:].decode(errors="replace").replace("\0", "")


def spoken_size(size: int) -> str:
    """`100 KiB`, `2.3 MiB`, `12 bytes`."""
    for unit, name in ((1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.strip() or '(nothing)'}\n{fence}"
