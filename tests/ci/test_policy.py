"""What decides about a run."""

from pathlib import Path

from airut.ci.policy import policy
from tests.ci.repository import Served


async def test_a_commit_decides_and_not_what_lies_there(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.hostile(tmp_path / "marker")  # is checked out now
    async with policy(served.clone, None, None) as found:
        assert found.allowlist == 'domains: ["*"]\n'
        assert found.container == served.clone / ".airut" / "container"
        assert found.changes == ()
    async with policy(served.clone, "origin/main", "HEAD") as found:
        assert found.allowlist == "domains: []\n"
        assert found.container is None
        assert found.changes == (".airut/container/Dockerfile", ".airut/network-allowlist.yaml")
    async with policy(served.clone, "HEAD", "HEAD") as found:
        assert found.container is not None
        assert (found.container / "Dockerfile").read_text().startswith("FROM airut/base\n")
        assert found.changes == ()
    assert not (tmp_path / "marker").exists()
