"""PID 1 of the sandbox: limits, what is left behind, and the bundle."""

import subprocess
from pathlib import Path

import pytest

from airut.models.hosts.sandbox import LimitHit, Limits
from tests.contract.sandbox import Stage

COMMIT = "git -c user.name=t -c user.email=t@t.invalid commit -q --allow-empty"


@pytest.mark.parametrize(
    ("limits", "script", "hit", "code"),
    [
        (Limits(time=4), "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done", LimitHit.TIME, 9),
        (Limits(idle=1), "echo ready; sleep 60", LimitHit.IDLE, 130),
        (Limits(output=1000), "echo ready; while :; do echo 0123456789; sleep 0.0001; done", LimitHit.OUTPUT, 130),
    ],
    ids=["time", "idle", "output"],
)
async def test_limits_end_a_run_in_good_order(
    stage: Stage, limits: Limits, script: str, hit: LimitHit, code: int
) -> None:
    output, ended = await stage.run(stage.spec(script, limits=limits))
    assert (ended.limit, ended.code) == (hit, code)
    assert output.startswith(b"ready\n")
    assert len(output) <= 1000


async def test_a_busy_agent_is_not_idle(stage: Stage) -> None:
    script = "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done; echo done"
    output, ended = await stage.run(stage.spec(script, limits=Limits(idle=1)))
    assert (output, ended.limit) == (b"done\n", None)


async def test_what_the_command_leaves_running_ends_with_it(stage: Stage) -> None:
    output, ended = await stage.run(stage.spec("(trap '' INT TERM HUP; sleep 60; echo late) & echo done"))
    assert (output, ended.code) == (b"done\n", 0)
    assert ended.duration_s < 20


async def test_stderr_is_kept_to_its_end(stage: Stage) -> None:
    spec = stage.spec(
        "i=0; while [ $i -lt 40000 ]; do echo 'a line of some sixty characters, more or less, to fill' $i; "
        "i=$((i+1)); done >&2"
    )
    await stage.run(spec)
    kept = (spec.folder / "out" / "stderr").read_bytes()
    assert len(kept) == 1024 * 1024
    assert kept.endswith(b"fill 39999\n")


def workspace(stage: Stage, task: str) -> tuple[Path, str]:
    folder = stage.folder / "workspaces" / task
    subprocess.run(f"git init -q {folder} && cd {folder} && {COMMIT} -m base", shell=True, check=True)
    return folder, subprocess.check_output(["git", "-C", folder, "rev-parse", "HEAD"], text=True).strip()


async def test_new_commits_leave_as_a_bundle(stage: Stage, tmp_path: Path) -> None:
    folder, base = workspace(stage, "bundle")
    script = f"echo one >a; git add a; {COMMIT} -m work; echo two >b; echo three >>a"
    spec = stage.spec(script, task="bundle", base_commit=base)
    _, ended = await stage.run(spec)
    assert (ended.code, ended.bundle, ended.uncommitted, ended.work_error) == (0, True, 2, "")

    mirror = tmp_path / "mirror"
    subprocess.run(["git", "clone", "-q", "--bare", stage.folder / "workspaces" / "bundle", mirror], check=True)
    heads = subprocess.check_output(["git", "-C", mirror, "bundle", "list-heads", spec.folder / "out" / "work.bundle"])
    assert heads.split() == [subprocess.check_output(["git", "-C", folder, "rev-parse", "HEAD"]).strip(), b"HEAD"]


async def test_what_is_not_committed_leaves_as_a_commit_of_its_own(stage: Stage) -> None:
    folder, base = workspace(stage, "changes")
    script = f"echo one >a; git add a; {COMMIT} -m work; echo two >b; echo three >>a; git add b; echo kept >.git/kept"
    spec = stage.spec(script, task="changes", base_commit=base)
    _, ended = await stage.run(spec)
    assert ended.uncommitted == 2
    status = subprocess.check_output(["git", "-C", folder, "status", "--porcelain"], text=True)
    refs = subprocess.check_output(["git", "-C", folder, "for-each-ref", "--format=%(refname)"], text=True)
    assert status == " M a\nA  b\n"  # the agent's index is as it was
    assert "airut" not in refs
    bundle = spec.folder / "out" / "changes.bundle"
    subprocess.run(["git", "-C", folder, "fetch", "-q", bundle, "refs/airut/uncommitted"], check=True)
    shown = subprocess.check_output(["git", "-C", folder, "diff", "HEAD", "FETCH_HEAD", "--stat"], text=True)
    assert [line.split("|")[0].strip() for line in shown.splitlines()[:-1]] == ["a", "b"]
    assert subprocess.check_output(["git", "-C", folder, "show", "FETCH_HEAD:a"]) == b"one\nthree\n"
    assert sorted(path.name for path in (spec.folder / "out").glob("*index*")) == []


@pytest.mark.parametrize(("script", "kept"), [("head -c 21M /dev/urandom >big", False), ("ln -s /nowhere link", True)])
async def test_what_is_too_large_stays_in_the_workspace(stage: Stage, script: str, kept: bool) -> None:
    task = f"large-{kept}"
    _, base = workspace(stage, task)
    spec = stage.spec(script, task=task, base_commit=base)
    _, ended = await stage.run(spec)
    assert (ended.code, ended.uncommitted, ended.work_error) == (0, 1, "")
    assert (spec.folder / "out" / "changes.bundle").exists() is kept


async def test_no_new_commits_no_bundle(stage: Stage) -> None:
    _, base = workspace(stage, "nothing")
    spec = stage.spec("true", task="nothing", base_commit=base)
    _, ended = await stage.run(spec)
    assert (ended.bundle, ended.uncommitted) == (False, 0)
    assert not (spec.folder / "out" / "work.bundle").exists()


async def test_what_git_cannot_do_does_not_lose_the_exit_status(stage: Stage) -> None:
    _, base = workspace(stage, "broken")
    _, ended = await stage.run(stage.spec("rm -r .git/HEAD; exit 5", task="broken", base_commit=base))
    assert (ended.code, ended.bundle) == (5, False)
    assert "not a git repository" in ended.work_error
