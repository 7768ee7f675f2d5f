"""The images of repositories that are on this host."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from airut.adapters.podman.engine import Engine, Json
from airut.adapters.podman.marks import OURS
from airut.models.hosts.image import BuiltImage


class BuiltImages:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def newest(self) -> tuple[BuiltImage, ...]:
        """Of each repository the image that was made last. Raises: EngineUnavailable, EngineError"""
        filters = {"label": ["airut.repo"]}
        return built(await self._engine.get("/images/json", "list images", params={"filters": filters}) or ())


def built(listed: Iterable[Mapping[str, Json]]) -> tuple[BuiltImage, ...]:
    """What the engine's list says, by repository. Pure. An image without a name was replaced by a newer one."""
    newest: dict[str, BuiltImage] = {}
    for each in listed:
        labels = each.get("Labels") or {}
        tag = next((tag for tag in each.get("RepoTags") or () if tag.startswith(OURS)), None)
        repo = labels.get("airut.repo")
        if tag is None or not repo:
            continue
        came = str(labels.get("airut.from") or "")
        found = BuiltImage(
            repo=repo,
            tag=tag,
            made_at=datetime.fromtimestamp(each["Created"], UTC),
            stands_on=tuple(came.split(",")) if came else (),
            open=labels.get("airut.build") == "open",
        )
        if repo not in newest or newest[repo].made_at < found.made_at:
            newest[repo] = found
    return tuple(newest[repo] for repo in sorted(newest))
