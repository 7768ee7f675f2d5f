"""An edit as lines."""

import time

from airut.dashboard.timeline.diff import COMPARED_MOST, diff


def lines(old: str, new: str, most: int | None = 20) -> tuple[list[str], int]:
    found = diff(((old, new),), most)
    return [line.sign + line.text for line in found.shown], found.left


def test_an_edit() -> None:
    assert lines("a\nb\nc\n", "a\nB\nc\n") == ([" a", "-b", "+B", " c"], 0)
    assert lines("", "new\n") == (["+new"], 0)
    assert lines("old", "") == (["-old"], 0)
    assert lines("a\nb\nc", "", 2) == (["-a", "-b"], 1)
    assert lines("x" * 20_000, "y") == ([], 2)
    assert lines("x" * 20_000, "y", None) == (["-" + "x" * 20_000, "+y"], 0)
    assert lines("\u202ea", "") == (["-\ufffda"], 0)


def test_several_edits_follow_each_other() -> None:
    found = diff((("a", "b"), ("c", "d")))
    assert [line.sign + line.text for line in found.shown] == ["-a", "+b", "-c", "+d"]


def test_what_is_too_long_to_compare_is_not_compared() -> None:
    old, new = "\n".join(f"{n % 7}{n % 11}" for n in range(COMPARED_MOST)), "x"
    began = time.process_time()
    shown, left = lines(old, new, None)
    assert (shown[0], shown[-1], left) == ("-00", "+x", 0)
    assert lines("\n".join(map(str, range(500))), "\n".join(map(str, range(499, -1, -1))), 1)[0]
    assert time.process_time() - began < 2
