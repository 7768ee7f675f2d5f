"""The base's checkout and the head's objects, from a real git server."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.git_server import GitServer
from tests.ci.repository import NAME, Served

CI = Path(__file__).parents[2] / "ci"
TOKEN = "ghs_" + "t" * 36


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture
async def server(tmp_path: Path, served: Served) -> AsyncIterator[GitServer]:
    async with GitServer(tmp_path / "served", [TOKEN]) as running:
        yield running


async def fetch(folder: Path, url: str, base: str, head: str, **more: str) -> tuple[int, str]:
    job = folder / "job"
    job.mkdir(mode=0o700, exist_ok=True)
    (job / "plan").write_text(f"url={url}\nbase={base}\nhead={head}\nmerge=true\nfork=false\n")
    environment = {"PATH": os.environ["PATH"], "AIRUT_JOB": str(job), "AIRUT_TOKEN": TOKEN, "HOME": str(folder), **more}
    process = await asyncio.create_subprocess_exec(
        CI / "fetch.sh", env=environment, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, error = await process.communicate()
    assert TOKEN not in (out + error).decode()
    return process.returncode or 0, error.decode()


def files(job: Path) -> list[str]:
    """All that lies in the checkout, but for git's own."""
    source = job / "source"
    found = [path.relative_to(source) for path in source.rglob("*") if not path.is_dir() or path.is_symlink()]
    return sorted(str(path) for path in found if path.parts[0] != ".git")


async def test_the_head_is_fetched_and_nothing_of_it_appears(tmp_path: Path, served: Served, server: GitServer) -> None:
    marker = tmp_path / "marker"
    head, base = served.hostile(marker), served.base()
    # What a machine or its user has set up for git must not help it either.
    (tmp_path / ".gitconfig").write_text(
        f'[filter "evil"]\n\tsmudge = touch {marker}\n\tclean = touch {marker}\n\trequired = true\n'
        f"[core]\n\thooksPath = {tmp_path}/clone/hooks\n[submodule]\n\trecurse = true\n"
    )
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (template / "post-checkout").chmod(0o755)

    more = {"GIT_TEMPLATE_DIR": str(template.parent), "GIT_DIR": str(tmp_path / "clone" / ".git")}
    code, error = await fetch(tmp_path, server.clone_url(NAME), "refs/heads/main", head, **more)
    assert (code, error) == (0, f"airut-sandbox: base {base}, head {head}\n")
    job = tmp_path / "job"
    assert files(job) == [".airut/network-allowlist.yaml", "README.md", "app.txt"]
    assert (job / "source" / ".airut" / "network-allowlist.yaml").read_text() == "domains: []\n"
    assert not marker.exists()
    # The branch may move; the job goes on with what it has seen.
    assert f"base={base}\nhead={head}\n" in (job / "plan").read_text()


async def test_no_credential_is_left(tmp_path: Path, served: Served, server: GitServer) -> None:
    head = served.commit("topic", {"README.md": "# New\n"})
    assert (await fetch(tmp_path, server.clone_url(NAME), served.base(), head))[0] == 0
    kept = [path for path in (tmp_path / "job").rglob("*") if path.is_file()]
    assert len(kept) > 10
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
    assert "authorization" not in (tmp_path / "job" / "source" / ".git" / "config").read_text().lower()
    assert not list((tmp_path / "job" / "source" / ".git" / "hooks").glob("*"))


async def test_an_earlier_checkout_is_not_looked_at(tmp_path: Path, served: Served, server: GitServer) -> None:
    marker, source = tmp_path / "marker", tmp_path / "job" / "source"
    (source / ".git" / "hooks").mkdir(parents=True)
    (source / ".git" / "config").write_text(f"[core]\n\tfsmonitor = touch {marker}\n")
    (source / "left").touch()
    head = served.commit("topic", {"README.md": "# New\n"})
    assert (await fetch(tmp_path, server.clone_url(NAME), "refs/heads/main", head))[0] == 0
    assert not marker.exists()
    assert "left" not in files(tmp_path / "job")


@pytest.mark.parametrize(
    ("base", "head", "more", "said"),
    [
        ("refs/heads/nowhere", "", {}, "refs/heads/nowhere cannot be fetched from "),
        ("b" * 40, "", {}, f"commit {'b' * 40} cannot be fetched from "),
        ("refs/heads/main", "a" * 40, {}, f"commit {'a' * 40} cannot be fetched from "),
        ("refs/heads/main", "", {"AIRUT_TOKEN": "wrong"}, "refs/heads/main cannot be fetched from "),
    ],
)
async def test_what_cannot_be_fetched(
    tmp_path: Path, served: Served, server: GitServer, base: str, head: str, more: dict[str, str], said: str
) -> None:
    code, error = await fetch(tmp_path, server.clone_url(NAME), base, head or served.base(), **more)
    assert code == 125
    assert f"airut-sandbox: {said}" in error


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ssh://git@example.com/acme/web", "the repository's address must begin with https://"),
        ("ext::sh -c true", "the repository's address must begin with https://"),
        ("https://user:secret@example.com/acme/web", "the repository's address holds a credential"),
    ],
)
async def test_addresses_that_are_refused(tmp_path: Path, url: str, said: str) -> None:
    code, error = await fetch(tmp_path, url, "refs/heads/main", "a" * 40)
    assert code == 125
    assert error.startswith(f"airut-sandbox: {said}")
