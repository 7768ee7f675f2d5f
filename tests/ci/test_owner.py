"""Whose a sandbox is, and when nobody's."""

import os
import subprocess
import sys

from airut.ci.owner import Owner, started_at


def test_what_the_labels_say_is_read_back() -> None:
    mine = Owner.myself()
    assert mine.pid == os.getpid()
    assert Owner.of({f"airut.{name}": value for name, value in mine.labels()}) == mine
    assert not mine.is_gone()


def test_labels_that_name_no_process() -> None:
    assert Owner.of({}) is None
    assert Owner.of({f"airut.{name}": value for name, value in Owner.myself().labels()} | {"airut.pid": "x"}) is None


def test_a_process_that_has_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = started_at(child.pid)
    assert started is not None
    owner = Owner.myself().model_copy(update={"pid": child.pid, "started": started})
    assert not owner.is_gone()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert owner.is_gone()  # although its exit status is still there
    child.communicate()
    assert owner.is_gone()


def test_another_process_with_its_number() -> None:
    assert Owner.myself().model_copy(update={"started": "1"}).is_gone()


def test_a_process_of_before_the_reboot() -> None:
    assert Owner.myself().model_copy(update={"boot": "another"}).is_gone()


def test_a_process_of_another_container_is_not_looked_for_here() -> None:
    assert not Owner.myself().model_copy(update={"started": "1", "namespace": "pid:[1]"}).is_gone()
