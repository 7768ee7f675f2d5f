"""Single values of a file are changed; everything else stays as it was written."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.config.editing.document import Document
from airut.config.editing.values import Reference, Value
from airut.errors import ConfigError

FILE = """\
# Acme's agents.
config_version: 1   # keep
vars:  {team: ["*@example.com"]}

limits: {time: 45m,   memory: 2g}  # for all

repos:
    web:   # the shop
        url: 'https://github.com/acme/web.git'
        env:
            # how tests run
            CI: "1"

            MODE: fast
        agent:
            auth: {api_key: !env KEY}   # from the vault
            system_prompt: |
                Be brief.

                # no comment
            model:
        channels:
            email:
                auth:
                    authorized_senders:
                    - ada@example.com   # boss
                    # on leave until May
                    - bob@example.com
                    - "*@partner.example"
            console: {}
        # end of web
"""

Edit = Callable[[Document], Document]


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (lambda file: file.set(("config_version",), 2), "config_version: 1 ", "config_version: 2 "),
        (lambda file: file.set(("limits", "time"), "50m"), "time: 45m", "time: 50m"),
        (lambda file: file.set(("limits", "pids"), 99), "memory: 2g}", "memory: 2g, pids: 99}"),
        (lambda file: file.set(("limits", "time"), "yes"), "time: 45m", 'time: "yes"'),
        (lambda file: file.remove(("limits", "time")), "{time: 45m,   memory", "{memory"),
        (lambda file: file.remove(("limits", "memory")), "45m,   memory: 2g}", "45m}"),
        (lambda file: file.remove(("limits",)), "limits: {time: 45m,   memory: 2g}  # for all\n", ""),
        (lambda file: file.set(("vars", "team"), ["a@b.c"]), '["*@example.com"]', "[a@b.c]"),
        (lambda file: file.set(("repos", "web", "paused"), True), "            console: {}\n", "            console: {}\n        paused: true\n"),
        (lambda file: file.set(("repos", "web", "env", "CI"), None), 'CI: "1"', "CI: null"),
        (lambda file: file.remove(("repos", "web", "env", "MODE")), "            MODE: fast\n", ""),
        (lambda file: file.set(("repos", "web", "agent", "model"), "opus"), "model:\n", "model: opus\n"),
        (
            lambda file: file.set(("repos", "web", "agent", "auth", "api_key"), Reference(tag="!env", name="OTHER")),
            "!env KEY",
            "!env OTHER",
        ),
        (
            lambda file: file.set(("repos", "web", "agent", "auth"), {"oauth_token": Reference(tag="!file", name="t k")}),
            "{api_key: !env KEY}",
            '{oauth_token: !file t k}',
        ),
        (
            lambda file: file.set(("repos", "web", "agent", "system_prompt"), "Be kind."),
            "|\n                Be brief.\n\n                # no comment\n",
            "Be kind.\n",
        ),
        (
            lambda file: file.set(("repos", "web", "agent", "env", "A"), "a\n\n b\n"),
            "            model:\n",
            "            model:\n            env:\n              A: |\n                a\n\n                 b\n",
        ),
        (
            lambda file: file.set(("repos", "web", "channels", "console"), {"a": [1, 2.5, False]}),
            "console: {}",
            "console: {a: [1, 2.5, false]}",
        ),
        (
            lambda file: file.set(("repos", "web", "channels", "console", "a"), "x"),
            "console: {}",
            "console: {a: x}",
        ),
        (
            lambda file: file.remove(("repos", "web", "channels", "email", "auth", "authorized_senders", 1)),
            "                    # on leave until May\n                    - bob@example.com\n",
            "                    # on leave until May\n",
        ),
        (
            lambda file: file.set(
                ("repos", "web", "channels", "email", "auth", "authorized_senders"),
                ["ada@example.com", "bob@example.com", "*@partner.example", "eve@example.com"],
            ),
            '                    - "*@partner.example"\n',
            '                    - "*@partner.example"\n                    - eve@example.com\n',
        ),
        (
            lambda file: file.set(("repos", "web", "channels", "email", "auth", "authorized_senders", 3), "x"),
            '                    - "*@partner.example"\n',
            '                    - "*@partner.example"\n                    - x\n',
        ),
        (
            lambda file: file.set(
                ("repos", "web", "channels", "email", "auth", "authorized_senders"),
                ["eve@example.com", "ada@example.com", "bob@example.com", "*@partner.example"],
            ),
            "                    - ada@",
            "                    - eve@example.com\n                    - ada@",
        ),
        (
            lambda file: file.set(("repos", "web", "channels", "email"), {"auth": {}}),
            FILE[FILE.index("email:") : FILE.index("            console")],
            "email: {auth: {}}\n",
        ),
        (
            lambda file: file.remove(("repos", "web", "channels", "email", "auth")),
            FILE[FILE.index("email:") : FILE.index("            console")],
            "email: {}\n",
        ),
        (
            lambda file: file.set(("repos", "api"), {"url": "https://x.example/a/b", "channels": {"console": {}}}),
            "            console: {}\n",
            "            console: {}\n    api:\n      url: https://x.example/a/b\n      channels:\n        console: {}\n",
        ),
        (lambda file: file.rename(("repos", "web", "env"), "environment"), " env:", " environment:"),
        (lambda file: file.rename(("limits", "memory"), "ram"), "memory", "ram"),
        (lambda file: file.set(("limits", "time"), "45m"), "", ""),
        (lambda file: file.remove(("repos", "web", "budgets", "per_day")), "", ""),
        (lambda file: file.rename(("repos", "api"), "x"), "", ""),
    ],
)  # fmt: skip
def test_an_edit_changes_its_place_and_nothing_else(edit: Edit, old: str, new: str) -> None:
    assert old in FILE
    assert edit(Document(FILE)).text == FILE.replace(old, new, 1 if old else 0)


@pytest.mark.parametrize(
    ("written", "edit", "after"),
    [
        ("", lambda file: file.set(("a", "b"), 1), "a:\n  b: 1\n"),
        ("# only this", lambda file: file.set(("a",), "x"), "# only this\na: x\n"),
        ("a: 1", lambda file: file.set(("b",), 2), "a: 1\nb: 2\n"),
        ("a: 1\r\nb: 2\r\n", lambda file: file.set(("a",), 3), "a: 3\r\nb: 2\r\n"),
        ("a:\n- x: 1\n  y: 2\n- z: 3\n", lambda file: file.remove(("a", 0, "x")), "a:\n- y: 2\n- z: 3\n"),
        ("a:\n- x: 1\n- z: 3\n", lambda file: file.set(("a", 1, "q"), 4), "a:\n- x: 1\n- z: 3\n  q: 4\n"),
        ("a: 1\n", lambda file: file.remove(("a",)), ""),
        ("a: # why\nb: 2\n", lambda file: file.set(("a", "x"), 1), "a: {x: 1} # why\nb: 2\n"),
        ("a: [1, 2, 3]\n", lambda file: file.remove(("a", 1)), "a: [1, 3]\n"),
        ("a:\n  - 1\n  - 2\n", lambda file: file.set(("a",), []), "a: []\n"),
        ("a: |+\n  x\n\nb: 1\n", lambda file: file.set(("c",), 1), "a: |+\n  x\n\nb: 1\nc: 1\n"),
        ("b: 1\na: |\n  x\n", lambda file: file.set(("c",), 1), "b: 1\na: |\n  x\nc: 1\n"),
        ("a: # c\n  # d\n  b: 1\nc: 2\n", lambda file: file.set(("a",), []), "a: [] # c\n  # d\nc: 2\n"),
        ("a:\n- b: 1\n  c: 2\n- d\n", lambda file: file.set(("a", 0), {}), "a:\n- {}\n- d\n"),
        ("a: {\n  b # c\n}\n", lambda file: file.set(("a", "x"), 2), "a: {\n  b # c\n, x: 2}\n"),
        ("é: ü # ö\nb: '𝛑'\n", lambda file: file.set(("b",), "τ"), 'é: ü # ö\nb: "τ"\n'),
        ("a: {\n  x: 1, # one\n  y: 2\n}\n", lambda file: file.set(("a", "z"), 3), "a: {\n  x: 1, # one\n  y: 2, z: 3\n}\n"),
        ("---\na: 1\n...\n", lambda file: file.set(("b",), 2), "---\na: 1\nb: 2\n...\n"),
    ],
)  # fmt: skip
def test_other_shapes_of_files(written: str, edit: Edit, after: str) -> None:
    assert edit(Document(written)).text == after


@pytest.mark.parametrize(
    ("written", "edit", "problem"),
    [
        ("a: &x {k: 1}\nb: *x\n", lambda file: file.set(("b", "k"), 2), "airut.yaml: b.k: stands below an alias"),
        ("a: &x {k: 1}\nb: *x\n", lambda file: file.set(("a", "n"), 2), "airut.yaml: a.n: stands below an alias"),
        ("a: 1\n", lambda file: file.set(("a", "b"), 2), "airut.yaml: a.b: a holds no keys"),
        ("a: [1]\n", lambda file: file.set(("a", 4), 2), "airut.yaml: a.4: a holds no keys"),
        ("b: 1\na: |\n  x", lambda file: file.set(("c",), 1), "this place cannot be changed by a program"),
        ("a: [\n", lambda file: file, "airut.yaml:2:1: "),
        ("- 1\n", lambda file: file, "airut.yaml: the file must be a mapping"),
        ("a: 1\nb: {c: 1, c: 2}\n", lambda file: file, "airut.yaml:2:11: c stands here twice"),
        ("a: \x07\n", lambda file: file, "airut.yaml: unacceptable character"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_said_and_not_guessed(written: str, edit: Edit, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        edit(Document(written))
    assert problem in str(raised.value)


def test_values_and_their_references() -> None:
    file = Document(FILE)
    assert file.value(("repos", "web", "agent", "auth", "api_key")) == Reference(tag="!env", name="KEY")
    assert file.value(("repos", "web", "channels", "email", "auth", "authorized_senders", 1)) == "bob@example.com"
    assert (file.value(("nothing", "here")), file.has(("nothing",)), file.has(("repos", "web", "agent", "model"))) == (
        None,
        False,
        True,
    )
    assert len(file.digest) == 64


texts = st.text(max_size=20) | st.sampled_from(
    ["yes", "null", "1", "1.5", "2020-01-01", "a: b", "- x", "a #b", "1:30", "~", "=", "<<"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
keys = st.text("abc é:#-'\"{", min_size=1, max_size=4)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)


@given(values, st.sampled_from([("a",), ("repos", "web", "new"), ("limits", "new"), ("repos", "web", "env")]))
def test_any_value_is_read_back_as_it_was_written(value: Value, path: tuple[str, ...]) -> None:
    edited = Document(FILE).set(path, value)
    assert edited.value(path) == value
    assert edited.text.startswith("# Acme's agents.\nconfig_version: 1   # keep\n")
    assert "        # end of web\n" in edited.text


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y", 0]), scalars), max_size=6))
def test_edits_in_a_row_are_read_back(edits: list[tuple[str, str | int, Value]]) -> None:
    file, expected = Document("# begin\n"), dict[str, dict[str, Value]]()
    for key, below, value in edits:
        if below == 0:
            file = file.remove((key,))
            expected.pop(key, None)
        else:
            file = file.set((key, str(below)), value)
            expected.setdefault(key, {})[str(below)] = value
    assert file.values == expected
    assert file.text.startswith("# begin\n")
