"""What the engine's list of images says of repositories. That it lists them so, `test_fenced_build` shows."""

from datetime import UTC, datetime

from airut.adapters.podman.built_images import built
from airut.models.hosts.image import BuiltImage


def listed(repo: str, tag: str | None, created: int, **labels: str) -> dict[str, object]:
    tags = [tag] if tag else None
    return {"Id": "1", "RepoTags": tags, "Created": created, "Labels": {"airut.repo": repo, **labels}}


def test_of_each_repository_the_one_that_was_made_last() -> None:
    came = "a@sha256:1,b@sha256:2"
    assert built(
        (
            listed("web", "localhost/airut/web:1", 100),
            listed("web", "localhost/airut/web:2", 200, **{"airut.from": came, "airut.build": "open"}),
            listed("web", None, 300),
            listed("docs", "localhost/airut/docs:1", 100),
            listed("docs", "somebody/elses:1", 400),
            {"Id": "1", "RepoTags": ["localhost/airut/other:1"], "Created": 1, "Labels": None},
        )
    ) == (
        BuiltImage(repo="docs", tag="localhost/airut/docs:1", made_at=datetime.fromtimestamp(100, UTC)),
        BuiltImage(
            repo="web",
            tag="localhost/airut/web:2",
            made_at=datetime.fromtimestamp(200, UTC),
            stands_on=("a@sha256:1", "b@sha256:2"),
            open=True,
        ),
    )
