"""What is to be run, as the command line, the settings file and the repository's policy say together."""

from pathlib import Path

from airut.models.base import Model
from airut.models.hosts.sandbox import Limits, Mount, NetworkSpec, SandboxSpec, Streams

WORKSPACE = "/workspace"


class Order(Model):
    """`container` is the folder that the image is built from, None the base image. `repo` names the image."""

    sandbox_id: str
    repo: str
    command: tuple[str, ...]
    workspace: Path
    container: Path | None = None
    environment: dict[str, str] = {}
    files: dict[str, str] = {}
    network: NetworkSpec
    limits: Limits = Limits()
    mounts: tuple[Mount, ...] = ()
    workdir: str = WORKSPACE
    writable: bool = True
    """Whether the command may write to the workspace."""
    stdin: bool = False
    terminal: bool = False
    keep: bool = False

    def spec(self, image: str, folder: Path, streams: Streams) -> SandboxSpec:
        """`folder` is the run's own."""
        workspace = Mount(source=self.workspace, target=WORKSPACE, writable=self.writable)
        return SandboxSpec(
            sandbox_id=self.sandbox_id,
            thread="",
            task=f"run/{self.sandbox_id}",
            attempt=1,
            repo=self.repo,
            image=image,
            command=self.command,
            stdin="",
            environment=self.environment,
            files=self.files,
            mounts=(workspace, *self.mounts),
            folder=folder,
            workdir=self.workdir,
            streams=streams,
            limits=self.limits,
            network=self.network,
        )
