"""What no bundle gets past, against a real git host."""

import hashlib
import os
import subprocess
import zlib
from pathlib import Path

import pytest

from airut.adapters.git import GitMirror
from airut.demo.repositories import GIT_ENVIRONMENT, git
from airut.errors import BundleRefused
from tests.adapters.git.stage import BRANCH, REPO, TOKEN, Stage, Worker, spec

SECRET = b"sk-live-0123456789abcdef"


def objects_of(mirror_root: Path) -> set[str]:
    command = ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]
    done = subprocess.run(
        command, cwd=mirror_root / f"{REPO}.git", env=GIT_ENVIRONMENT, capture_output=True, check=True
    )
    return set(done.stdout.decode().split())


async def test_tips_with_different_commits(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.git("branch", "one")
    worker.commit({"a.txt": "one\n"})
    worker.git("checkout", "--quiet", "one")
    worker.commit({"b.txt": "two\n"})
    with pytest.raises(BundleRefused, match="2 tips"):
        await stage.mirror.publish(spec(base), worker.bundle("--branches", f"^{base.commit}"))


async def test_a_ref_name_in_the_bundle_reaches_nothing(stage: Stage) -> None:
    worker, base = await stage.checkout()
    tip = worker.commit({"a.txt": "one\n"})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    evil = bundle.replace(b" HEAD\n", b" refs/heads/../../../../evil\n", 1)
    push = await stage.mirror.publish(spec(base), evil)
    assert push is not None
    assert git(stage.repository, "for-each-ref", "--format=%(refname)").split() == [
        f"refs/heads/{BRANCH}",
        "refs/heads/main",
    ]
    assert stage.at(BRANCH) == tip


@pytest.mark.parametrize("branch", ["main", "../evil", "refs/heads/x", "a..b", "--force"])
async def test_branches_that_no_thread_has(stage: Stage, branch: str) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    with pytest.raises(BundleRefused, match="branch"):
        await stage.mirror.publish(spec(base, branch=branch), worker.bundle(f"{base.commit}..HEAD"))
    assert stage.server.pushes == []


async def test_default_branch_under_another_name_in_the_order(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    order = spec(base, branch="main", default_branch="trunk")
    with pytest.raises(BundleRefused, match="main is the default branch"):
        await stage.mirror.publish(order, worker.bundle(f"{base.commit}..HEAD"))


async def test_unrelated_history(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.git("checkout", "--quiet", "--orphan", "fresh")
    worker.commit({"a.txt": "one\n"})
    with pytest.raises(BundleRefused, match="not based on the default branch"):
        await stage.mirror.publish(spec(base), worker.bundle("HEAD"))


async def test_prerequisites_that_nobody_has(stage: Stage) -> None:
    worker, base = await stage.checkout()
    hidden = worker.commit({"a.txt": "one\n"})
    worker.commit({"a.txt": "two\n"})
    with pytest.raises(BundleRefused, match="stands on commits"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{hidden}..HEAD"))


async def test_prerequisites_that_are_concealed(stage: Stage) -> None:
    """The header is the sandbox's to write: without the line, the missing objects themselves must be noticed."""
    worker, base = await stage.checkout()
    hidden = worker.commit({"a.txt": "one\n"})
    worker.commit({"b.txt": "two\n"})
    header, _, pack = worker.bundle(f"{hidden}..HEAD").partition(b"\n\n")
    lines = [line for line in header.split(b"\n") if not line.startswith(b"-")]
    with pytest.raises(BundleRefused):
        await stage.mirror.publish(spec(base), b"\n".join(lines) + b"\n\n" + pack)


async def test_a_tag_instead_of_a_commit(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "one\n"})
    worker.git("tag", "-a", "-m", "x", "v1")
    with pytest.raises(BundleRefused, match="leads to a tag"):
        await stage.mirror.publish(spec(base), worker.bundle("v1", f"^{base.commit}"))


@pytest.mark.parametrize("cut", [0.3, 0.9, 0.999])
async def test_torn_bundle(stage: Stage, cut: float) -> None:
    worker, base = await stage.checkout()
    worker.commit({"a.txt": os.urandom(5000).hex()})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    with pytest.raises(BundleRefused):
        await stage.mirror.publish(spec(base), bundle[: int(len(bundle) * cut)])


async def test_too_many_commits(stage: Stage) -> None:
    worker, base = await stage.checkout()
    for number in range(4):
        worker.commit({"a.txt": str(number)})
    with pytest.raises(BundleRefused, match="4 new commits are more than 3"):
        await stage.mirror.publish(spec(base, max_commits=3), worker.bundle(f"{base.commit}..HEAD"))


async def test_large_file_even_when_deleted_again(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"big.bin": b"\0" * 5000})
    (worker.folder / "big.bin").unlink()
    worker.commit({"a.txt": "x"})
    with pytest.raises(BundleRefused, match=r"the file big\.bin has 5000 bytes"):
        await stage.mirror.publish(spec(base, max_file=4999), worker.bundle(f"{base.commit}..HEAD"))
    assert await stage.mirror.publish(spec(base, max_file=5000), worker.bundle(f"{base.commit}..HEAD"))


@pytest.mark.parametrize(
    ("files", "message", "where"),
    [
        ({"conf/.env": b"KEY=" + SECRET + b"\n"}, "Work", "the file conf/.env"),
        ({"a.txt": "x"}, f"Use {SECRET.decode()}", "commit "),
        ({SECRET.decode(): "x"}, "Work", "tree "),
        ({"b64": b"eDpzay1saXZlLTAxMjM0NTY3ODlhYmNkZWY="}, "Work", "the file b64"),
    ],
)
async def test_known_credentials_never_leave(
    stage: Stage, files: dict[str, str | bytes], message: str, where: str
) -> None:
    worker, base = await stage.checkout()
    worker.commit(files, message)
    worker.git("rm", "--quiet", "-r", ".")
    worker.commit({"gone": "x"})
    mirror = GitMirror(stage.root, {REPO: stage.remote}, lambda: [SECRET])
    with pytest.raises(BundleRefused, match=f"credential stands in {where}") as caught:
        await mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))
    assert SECRET.decode() not in str(caught.value).removeprefix(where)
    assert stage.server.pushes == []


async def test_our_own_token_is_known_without_being_told(stage: Stage) -> None:
    worker, base = await stage.checkout()
    worker.commit({"x": TOKEN})
    with pytest.raises(BundleRefused, match="credential"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


def gitmodules(url: str) -> str:
    return f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n'


@pytest.mark.parametrize("url", ["../lib.git", "ssh://git@127.0.0.1/acme/lib"])
async def test_submodules_of_the_same_host(stage: Stage, url: str) -> None:
    worker, base = await stage.checkout()
    worker.commit({".gitmodules": gitmodules(url)})
    assert await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


@pytest.mark.parametrize("url", ["https://evil.example/lib", "/etc", "ext::sh -c id", "-u./x"])
async def test_submodules_elsewhere(stage: Stage, url: str) -> None:
    worker, base = await stage.checkout()
    worker.commit({".gitmodules": gitmodules(url), "copy": gitmodules(url)})
    (worker.folder / ".gitmodules").unlink()
    worker.commit({"a.txt": "x"})
    with pytest.raises(BundleRefused, match=r"another host|gitmodules"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


async def test_submodules_that_were_there_before(stage: Stage) -> None:
    stage.advance({".gitmodules": gitmodules("https://elsewhere.example/lib")})
    worker, base = await stage.checkout()
    worker.commit({".gitmodules": gitmodules("https://elsewhere.example/lib") + "\tbranch = main\n"})
    assert await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


def hostile_tree(worker: Worker, name: bytes) -> str:
    """A commit whose tree has an entry that no checkout would make."""
    blob = worker.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    entry = b"100644 " + name + b"\0" + bytes.fromhex(blob)
    tree = worker.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=entry).decode().strip()
    commit = worker.git("commit-tree", "-p", "HEAD", "-m", "x", tree).decode().strip()
    worker.git("update-ref", "HEAD", commit)
    return commit


@pytest.mark.parametrize("name", [b".git", b".GIT", b"..", b"a/b", b".g\xe2\x80\x8cit", b"git~1"])
async def test_hostile_tree_entries(stage: Stage, name: bytes) -> None:
    worker, base = await stage.checkout()
    hostile_tree(worker, name)
    with pytest.raises(BundleRefused, match="git refuses the commits"):
        await stage.mirror.publish(spec(base), worker.bundle(f"{base.commit}..HEAD"))


async def test_a_refused_bundle_leaves_nothing_in_the_mirror(stage: Stage) -> None:
    worker, base = await stage.checkout()
    before = objects_of(stage.root)
    worker.commit({"big.bin": b"\0" * 5000})
    with pytest.raises(BundleRefused):
        await stage.mirror.publish(spec(base, max_file=10), worker.bundle(f"{base.commit}..HEAD"))
    assert objects_of(stage.root) == before
    assert not (stage.root / f"{REPO}.incoming").exists()


async def test_a_file_that_unfolds_to_much_more(stage: Stage) -> None:
    """256 MiB of zeros are 256 kB in a pack."""
    worker, base = await stage.checkout()
    worker.commit({"zeros": b"\0" * 256 * 1024**2})
    bundle = worker.bundle(f"{base.commit}..HEAD")
    assert len(bundle) < 1024**2
    with pytest.raises(BundleRefused, match="the file zeros has 268435456 bytes"):
        await stage.mirror.publish(spec(base), bundle)


async def test_a_delta_that_unfolds_without_end(stage: Stage) -> None:
    """A few kilobytes that say: sixteen megabytes, again and again, 8 GiB in all. The kernel stops git at its limit."""
    worker, base = await stage.checkout()
    worker.commit({"a.txt": "x"})
    header = worker.bundle(f"{base.commit}..HEAD").partition(b"\n\n")[0]
    block = b"\0" * (2**24 - 1)
    name = hashlib.sha1(b"blob %d\0" % len(block) + block).digest()
    copies = 512
    delta = number(len(block)) + number(copies * len(block)) + b"\xf0\xff\xff\xff" * copies
    packed = entry(3, len(block)) + zlib.compress(block) + entry(7, len(delta)) + name + zlib.compress(delta)
    pack = b"PACK\0\0\0\2\0\0\0\2" + packed
    pack += hashlib.sha1(pack).digest()
    assert len(pack) < 20_000
    with pytest.raises(BundleRefused, match=r"[Oo]ut of memory"):
        await stage.mirror.publish(spec(base), header + b"\n\n" + pack)
    assert not (stage.root / f"{REPO}.incoming").exists()


def entry(kind: int, size: int) -> bytes:
    """Type and size before an object in a pack (gitformat-pack(5))."""
    rest = size >> 4
    return bytes([(0x80 if rest else 0) | (kind << 4) | (size & 15)]) + (number(rest) if rest else b"")


def number(value: int) -> bytes:
    """Seven bits a byte, lowest first."""
    digits = []
    while value > 127:
        digits.append(0x80 | (value & 127))
        value >>= 7
    return bytes([*digits, value])
