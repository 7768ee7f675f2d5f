"""JSON pointers: which values they name."""

import pytest

from proxy import pointers
from proxy.bodies import Json


@pytest.mark.parametrize(
    ("pointer", "document", "expected"),
    [
        ("", "a", "X"),
        ("/a/b", {"a": {"b": 1, "c": 2}}, {"a": {"b": "X", "c": 2}}),
        ("/a/1", {"a": [1, 2]}, {"a": [1, "X"]}),
        ("/a/01", {"a": [1, 2]}, {"a": [1, 2]}),
        ("/a/*/t", {"a": [{"t": 1}, {"u": 2}, 3]}, {"a": [{"t": "X"}, {"u": 2}, 3]}),
        ("/*/t", {"a": {"t": 1}, "b": {"t": 2}}, {"a": {"t": "X"}, "b": {"t": "X"}}),
        ("/a~1b/m~0n", {"a/b": {"m~n": 1}}, {"a/b": {"m~n": "X"}}),
        ("/", {"": 1}, {"": "X"}),
        ("/a/b/c", {"a": "text"}, {"a": "text"}),
        ("/a", [1], [1]),
    ],
)
def test_what_is_changed(pointer: str, document: Json, expected: Json) -> None:
    assert pointers.is_pointer(pointer)
    assert pointers.changed(document, pointer, lambda _: "X") == expected


@pytest.mark.parametrize("text", ["a", "a/b", "/~2", "/~", "/a~"])
def test_what_is_no_pointer(text: str) -> None:
    assert not pointers.is_pointer(text)
