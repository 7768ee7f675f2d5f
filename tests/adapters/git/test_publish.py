"""From a bundle to the remote, against a real git host."""

import pytest

from airut.demo.faults import Fault
from airut.demo.repositories import protect
from airut.errors import PushRejected, RemoteRefused, RemoteUnavailable
from airut.models.hosts.workspace import Push
from tests.adapters.git.stage import BRANCH, REPO, Stage, spec


async def test_work_is_pushed(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"}, "First\n\nbody")
    tip = worker.commit({"src/app.py": "print('bye')\n", ".github/workflows/ci.yml": "x\n"}, "Second: ümlaut")
    push = await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert push is not None
    stat = push.diffstat
    assert push == Push(
        branch=BRANCH,
        commit=tip,
        commits=2,
        subject="Second: ümlaut",
        diffstat=stat,
        flagged=(".github/workflows/ci.yml",),
    )
    assert "src/app.py" in stat
    assert "3 files changed" in stat
    assert stage.at(BRANCH) == tip
    assert stage.at("main") == base.commit
    assert [(update.ref, update.new, update.accepted) for update in stage.server.pushes] == [
        (f"refs/heads/{BRANCH}", tip, True)
    ]


async def test_the_same_bundle_twice_is_one_push(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    first = await stage.mirror.publish(spec(base), bundle)
    assert await stage.mirror.publish(spec(base), bundle) == first
    assert await stage.other_mirror(stage.remote).publish(spec(base), bundle) == first
    assert len(stage.server.pushes) == 1


async def test_answer_lost_after_the_push(stage: Stage) -> None:
    worker, base = await stage.checkout()
    tip = worker.commit({"a.txt": "one\n"})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    stage.server.faults.add(Fault.lost_answer("POST .*git-receive-pack"))
    with pytest.raises(RemoteUnavailable):
        await stage.mirror.publish(spec(base), bundle)
    push = await stage.mirror.publish(spec(base), bundle)
    assert push is not None
    assert push.commit == stage.at(BRANCH) == tip
    assert [update.accepted for update in stage.server.pushes].count(True) == 1


async def test_more_work_rewritten_work_and_newer_default_branch(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    worker.commit({"a.txt": "two\n"})
    second = await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert second is not None
    assert second.commits == 2
    newer = stage.advance({"elsewhere.txt": "x"})
    later = await stage.mirror.refresh(REPO)
    assert later.commit == newer
    # The agent squashes: the branch's old commits are ours, so they may be replaced.
    worker.git("reset", "--soft", base.commit)
    worker.git("commit", "--quiet", "-m", "Squashed")
    third = await stage.mirror.publish(spec(later), worker.bundle(f"{base.commit}..HEAD"))
    assert third is not None
    assert (third.commits, stage.at(BRANCH)) == (1, worker.head())


async def test_commits_of_others_on_the_branch_are_never_overwritten(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    theirs = stage.advance({"review.txt": "x"}, BRANCH)
    worker.commit({"a.txt": "two\n"})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    with pytest.raises(PushRejected, match="not from this thread"):
        await stage.mirror.publish(spec(base), bundle)
    assert stage.at(BRANCH) == theirs
    worker.git("fetch", "--quiet", str(stage.repository), theirs)
    worker.git("merge", "--quiet", "-m", "Merge review", theirs)
    merged = await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert merged is not None
    assert stage.at(BRANCH) == worker.head()


async def test_merges_with_the_default_branch_count_only_what_is_new(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    for number in range(5):
        newer = stage.advance({f"elsewhere-{number}.txt": "x"})
    worker.git("fetch", "--quiet", str(stage.repository), "main")
    worker.git("merge", "--quiet", "-m", "Merge main", newer)
    push = await stage.mirror.publish(spec(base, max_commits=2), worker.bundle(f"{base.commit}..HEAD"))
    assert push is not None
    assert (push.commits, "elsewhere" in push.diffstat) == (2, False)


@pytest.mark.parametrize("kind", ["branch", "detached", "several refs of one commit", "whole history"])
async def test_however_head_stands(stage: Stage, kind: str) -> None:
    worker, base = await stage.checkout()
    if kind == "detached":
        worker.git("checkout", "--quiet", "--detach")
    tip = worker.commit({"a.txt": "one\n"})
    if kind == "several refs of one commit":
        worker.git("branch", "side")
        bundle = worker.bundle("HEAD", "side", f"^{base.commit}")
    elif kind == "whole history":
        bundle = worker.bundle("HEAD")
    else:
        bundle = worker.bundle(f"{base.commit}..HEAD")
    push = await stage.mirror.publish(spec(base), bundle)
    assert push is not None
    assert push.commit == tip


async def test_nothing_new(stage: Stage) -> None:
    worker, base = await stage.checkout()
    assert await stage.mirror.publish(spec(base), b"") is None
    assert await stage.mirror.publish(spec(base), worker.bundle("HEAD")) is None
    newer = stage.advance({"x": "y"})
    worker.git("fetch", "--quiet", str(stage.repository), "main")
    worker.git("reset", "--quiet", "--hard", newer)
    assert await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD")) is None
    assert stage.at(BRANCH) is None


async def test_protected_branch(stage: Stage) -> None:
    protect(stage.repository, BRANCH)
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    with pytest.raises(PushRejected, match="GH006"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


async def test_token_that_may_not_write(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    stage.server.faults.add(Fault(on="git-receive-pack", status=403, times=-1))
    with pytest.raises(RemoteRefused, match="rights"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


async def test_remote_away_while_pushing(stage: Stage) -> None:
    worker, base = await stage.checkout()
    tip = worker.commit({"a.txt": "one\n"})
    stage.server.faults.add(Fault.server_error("POST .*git-receive-pack"))
    with pytest.raises(RemoteUnavailable):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert stage.at(BRANCH) == tip


async def test_left_overs_of_a_killed_publication_go(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    left = stage.root / f"{REPO}.incoming"
    left.mkdir()
    (left / "HEAD").write_text("torn")
    assert await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert not left.exists()


async def test_what_was_pushed_need_not_be_fetched(stage: Stage) -> None:
    """The next task's question to the remote is its only one."""
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "a"})
    await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    stage.server.requests.clear()
    await stage.mirror.refresh(REPO)
    asked = [request.split("?")[0].rsplit("/", 1)[-1] for request in stage.server.requests]
    assert asked == ["refs", "git-upload-pack"]


async def test_conflicts_with_the_default_branch_are_named(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"README.md": "# Ours\n", "b.txt": "ours\n", "c.txt": "ours\n"})
    stage.advance({"README.md": "# Theirs\n", "b.txt": "theirs\n"})
    push = await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert push is not None
    assert push.conflicts == ("README.md", "b.txt")


async def test_no_conflicts(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"c.txt": "ours\n"})
    stage.advance({"README.md": "# Theirs\n"})
    push = await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert push is not None
    assert push.conflicts == ()
