"""What a tool call is shown as: a view for each kind of tool that people know, JSON for all others.

The inputs are the agent's: whatever is not of the type that its tool takes is passed over.
"""

import json
from collections.abc import Callable
from typing import Literal

from airut.adapters.claude_code.values import Event, text_of
from airut.dashboard.timeline.clip import LINES, Clip, clip
from airut.dashboard.timeline.diff import Diff, diff
from airut.models.base import Model
from airut.models.values.visible import clean

NAME = 400
"""Characters of a path, a pattern or a URL that a line shows."""
ITEMS = 50
"""Of a list: to-dos, questions, edits. More than anybody reads; all of them stand in the JSON."""


class Shell(Model):
    kind: Literal["shell"] = "shell"
    command: Clip
    about: str = ""
    background: bool = False


class Read(Model):
    kind: Literal["read"] = "read"
    path: str
    lines: str = ""


class Edit(Model):
    kind: Literal["edit"] = "edit"
    path: str
    diff: Diff


class Write(Model):
    kind: Literal["write"] = "write"
    path: str
    content: Clip


class Search(Model):
    kind: Literal["search"] = "search"
    pattern: str
    where: str = ""


class Glob(Model):
    kind: Literal["glob"] = "glob"
    pattern: str
    where: str = ""


class Fetch(Model):
    """`what` is a URL, or what is searched for in the web."""

    kind: Literal["fetch"] = "fetch"
    what: str
    prompt: Clip


class SubAgent(Model):
    kind: Literal["sub-agent"] = "sub-agent"
    type: str
    about: str
    prompt: Clip


class Todo(Model):
    text: str
    state: str


class Todos(Model):
    kind: Literal["to-do"] = "to-do"
    items: tuple[Todo, ...]
    left: int = 0


class Asked(Model):
    text: str
    options: tuple[str, ...] = ()


class Ask(Model):
    kind: Literal["question"] = "question"
    items: tuple[Asked, ...] = ()
    plan: Clip | None = None


class Json(Model):
    kind: Literal["json"] = "json"
    value: Clip


type View = Shell | Read | Edit | Write | Search | Glob | Fetch | SubAgent | Todos | Ask | Json


def view_of(tool: str, given: object, lines: int | None = LINES) -> View:
    """How a call is shown. `lines` None shows all of it."""
    made = _VIEWS[tool](given, lines) if tool in _VIEWS and isinstance(given, dict) else None
    return made or Json(value=as_json(given, lines))


def is_cut(view: View) -> bool:
    """Whether something of the call is not shown."""
    match view:
        case Shell(command=text) | Write(content=text) | Fetch(prompt=text) | SubAgent(prompt=text) | Json(value=text):
            return text.is_cut
        case Edit():
            return bool(view.diff.left)
        case Ask():
            return view.plan is not None and view.plan.is_cut
        case Todos():
            return bool(view.left)
        case _:
            return False


def as_json(value: object, lines: int | None = LINES) -> Clip:
    try:
        return clip(json.dumps(value, indent=2, ensure_ascii=False), lines)
    except (ValueError, RecursionError):
        return Clip(text="(nested too deeply to be shown)")


def _shell(given: Event, lines: int | None) -> View | None:
    command = text_of(given.get("command"))
    if command is None:
        return None
    return Shell(
        command=clip(command, lines),
        about=_line(given, "description"),
        background=given.get("run_in_background") is True,
    )


def _read(given: Event, _: int | None) -> View | None:
    path = _line(given, "file_path") or _line(given, "notebook_path")
    start, count = given.get("offset"), given.get("limit")
    first = start if isinstance(start, int) else 1
    part = f"lines {first} to {first + count - 1}" if isinstance(count, int) else f"from line {first}"
    return Read(path=path, lines=part if isinstance(start, int) or isinstance(count, int) else "") if path else None


def _edit(given: Event, lines: int | None) -> View | None:
    path = _line(given, "file_path") or _line(given, "notebook_path")
    many = given.get("edits")
    edits = [edit for edit in many if isinstance(edit, dict)] if isinstance(many, list) else [given]
    changes = tuple(
        (_text(edit, "old_string"), _text(edit, "new_string") or _text(edit, "new_source")) for edit in edits[:ITEMS]
    )
    return Edit(path=path, diff=diff(changes, lines)) if path and len(edits) <= ITEMS else None


def _write(given: Event, lines: int | None) -> View | None:
    path, content = _line(given, "file_path"), text_of(given.get("content"))
    return Write(path=path, content=clip(content, lines)) if path and content is not None else None


def _search(given: Event, _: int | None) -> View | None:
    pattern, where = _line(given, "pattern"), (_line(given, "path"), _line(given, "glob"), _line(given, "type"))
    return Search(pattern=pattern, where=" ".join(filter(None, where))) if pattern else None


def _glob(given: Event, _: int | None) -> View | None:
    pattern = _line(given, "pattern")
    return Glob(pattern=pattern, where=_line(given, "path")) if pattern else None


def _fetch(given: Event, lines: int | None) -> View | None:
    what = _line(given, "url") or _line(given, "query")
    return Fetch(what=what, prompt=clip(_text(given, "prompt"), lines)) if what else None


def _sub_agent(given: Event, lines: int | None) -> View | None:
    prompt = text_of(given.get("prompt"))
    if prompt is None:
        return None
    about = _line(given, "description")
    return SubAgent(type=_line(given, "subagent_type"), about=about, prompt=clip(prompt, lines))


def _todos(given: Event, lines: int | None) -> View | None:
    todos = given.get("todos")
    if not isinstance(todos, list):
        return None
    items = [Todo(text=_line(each, "content"), state=_line(each, "status")) for each in todos if isinstance(each, dict)]
    most = len(items) if lines is None else ITEMS
    return Todos(items=tuple(items[:most]), left=len(items[most:]))


def _ask(given: Event, _: int | None) -> View | None:
    asked = given.get("questions")
    if not isinstance(asked, list):
        return None
    return Ask(items=tuple(_asked(each) for each in asked[:ITEMS] if isinstance(each, dict)))


def _asked(given: Event) -> Asked:
    options = given.get("options")
    named = [each for each in options if isinstance(each, dict)] if isinstance(options, list) else []
    return Asked(text=_line(given, "question"), options=tuple(_line(each, "label") for each in named[:ITEMS]))


def _plan(given: Event, lines: int | None) -> View | None:
    plan = text_of(given.get("plan"))
    return Ask(plan=clip(plan, lines)) if plan else None


def _line(given: Event, field: str) -> str:
    """A value as one line of its own."""
    text = " ".join(_text(given, field)[: 4 * NAME].split())
    return clean(text if len(text) <= NAME else text[: NAME - 1] + "…")


def _text(given: Event, field: str) -> str:
    return text_of(given.get(field)) or ""


_VIEWS: dict[str, Callable[[Event, int | None], View | None]] = {
    "Bash": _shell,
    "Read": _read,
    "NotebookRead": _read,
    "Edit": _edit,
    "MultiEdit": _edit,
    "NotebookEdit": _edit,
    "Write": _write,
    "Grep": _search,
    "Glob": _glob,
    "WebFetch": _fetch,
    "WebSearch": _fetch,
    "Task": _sub_agent,
    "Agent": _sub_agent,
    "TodoWrite": _todos,
    "AskUserQuestion": _ask,
    "ExitPlanMode": _plan,
}
"""By Claude Code's names, of this and of older versions."""
