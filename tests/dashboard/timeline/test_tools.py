"""What each tool's call is shown as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.dashboard.timeline.clip import Clip
from airut.dashboard.timeline.diff import Diff, DiffLine
from airut.dashboard.timeline.tools import (
    Ask,
    Asked,
    Edit,
    Fetch,
    Glob,
    Json,
    Read,
    Search,
    Shell,
    SubAgent,
    Todo,
    Todos,
    View,
    Write,
    is_cut,
    view_of,
)  # fmt: skip

CHANGE = Diff(shown=(DiffLine(sign="-", text="a"), DiffLine(sign="+", text="b")))
TOOLS = ("Bash", "Read", "Edit", "MultiEdit", "NotebookEdit", "Write", "Grep", "Glob", "WebFetch", "WebSearch", "Task", "Agent", "TodoWrite", "AskUserQuestion", "ExitPlanMode", "mcp__x__y")  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "given", "view"),
    [
        ("Bash", {"command": "make\ntest", "description": "Test"}, Shell(command=Clip(text="make\ntest"), about="Test")),
        ("Bash", {"command": "x", "run_in_background": True}, Shell(command=Clip(text="x"), background=True)),
        ("Read", {"file_path": "/w/a.py"}, Read(path="/w/a.py")),
        ("Read", {"file_path": "/w/a.py", "offset": 5, "limit": 3}, Read(path="/w/a.py", lines="lines 5 to 7")),
        ("Read", {"file_path": "/w/a.py", "offset": 5}, Read(path="/w/a.py", lines="from line 5")),
        ("Edit", {"file_path": "f", "old_string": "a", "new_string": "b"}, Edit(path="f", diff=CHANGE)),
        ("MultiEdit", {"file_path": "f", "edits": [{"old_string": "a", "new_string": "b"}]}, Edit(path="f", diff=CHANGE)),
        ("NotebookEdit", {"notebook_path": "n", "new_source": "b"}, Edit(path="n", diff=Diff(shown=CHANGE.shown[1:]))),
        ("Write", {"file_path": "f", "content": "x\n"}, Write(path="f", content=Clip(text="x"))),
        ("Grep", {"pattern": "a.b", "path": "src", "glob": "*.py"}, Search(pattern="a.b", where="src *.py")),
        ("Glob", {"pattern": "**/*.py"}, Glob(pattern="**/*.py")),
        ("WebFetch", {"url": "https://e.org", "prompt": "Sum"}, Fetch(what="https://e.org", prompt=Clip(text="Sum"))),
        ("WebSearch", {"query": "how"}, Fetch(what="how", prompt=Clip())),
        ("Task", {"subagent_type": "Explore", "description": "Look", "prompt": "Find"}, SubAgent(type="Explore", about="Look", prompt=Clip(text="Find"))),
        ("TodoWrite", {"todos": [{"content": "a", "status": "completed"}, 7]}, Todos(items=(Todo(text="a", state="completed"),))),
        ("AskUserQuestion", {"questions": [{"question": "Which?", "options": [{"label": "A"}, {"label": "B"}]}]}, Ask(items=(Asked(text="Which?", options=("A", "B")),))),
        ("ExitPlanMode", {"plan": "1. go"}, Ask(plan=Clip(text="1. go"))),
        ("mcp__git__log", {"n": 1}, Json(value=Clip(text='{\n  "n": 1\n}'))),
        ("Bash", {"command": ["rm"]}, Json(value=Clip(text='{\n  "command": [\n    "rm"\n  ]\n}'))),
        ("Bash", "a string", Json(value=Clip(text='"a string"'))),
        ("Read", {"file_path": "a\u202eb\n<c>"}, Read(path="a\ufffdb <c>")),
    ],
)  # fmt: skip
def test_views(tool: str, given: object, view: View) -> None:
    assert view_of(tool, given) == view
    assert not is_cut(view)


def test_a_long_input_is_cut_and_can_be_had_whole() -> None:
    many = "\n".join(map(str, range(30)))
    for tool, call in (
        ("Bash", {"command": many}),
        ("Write", {"file_path": "f", "content": many}),
        ("Edit", {"file_path": "f", "old_string": many, "new_string": ""}),
        ("Task", {"prompt": many}),
        ("WebFetch", {"url": "u", "prompt": many}),
        ("ExitPlanMode", {"plan": many}),
        ("TodoWrite", {"todos": [{"content": "a"}] * 60}),
        ("Other", {"x": ["y"] * 30}),
    ):
        assert is_cut(view_of(tool, call)), tool
        assert not is_cut(view_of(tool, call, None)), tool


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["command", "file_path", "path", "content", "edits", "old_string", "todos", "questions", "options", "plan", "prompt", "offset", "limit", "url", "pattern"]), inner, max_size=5), max_leaves=12)  # fmt: skip


@given(st.sampled_from(TOOLS), JSON)
def test_no_input_is_too_odd(tool: str, given: object) -> None:
    view = view_of(tool, given)
    assert type(view).model_validate_json(view.model_dump_json()) == view


def test_an_input_that_is_nested_too_deeply() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert view_of("X", deep) == Json(value=Clip(text="(nested too deeply to be shown)"))
