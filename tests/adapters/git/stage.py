"""A git host, a mirror of its repository, and somebody who works in a checkout as an agent would."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.git import GitMirror, RepoRemote
from airut.demo.git_server import GitServer
from airut.demo.repositories import GIT_ENVIRONMENT, commit_files, resolve
from airut.models.credentials.secret import Secret
from airut.models.hosts.workspace import DefaultBranch, PushSpec

TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
REPO = "web"
SLUG = "acme/web"
BRANCH = "airut/fix-abcdefgh"
FILES: Mapping[str, str] = {
    "README.md": "# Web\n",
    "src/app.py": "print('hello')\n",
    ".airut/network-allowlist.yaml": "domains: []\n",
    ".airut/container/Dockerfile": "FROM scratch\n",
}


@dataclass(frozen=True)
class Worker:
    """An agent's shell in its checkout. Here git may run in a workspace: this plays the inside of the sandbox."""

    folder: Path

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=GIT_ENVIRONMENT, input=stdin, capture_output=True)
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return done.stdout

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode().strip()

    def commit(self, files: Mapping[str, str | bytes], message: str = "Work") -> str:
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def bundle(self, *revisions: str) -> bytes:
        return self.git("bundle", "create", "-", *revisions)


@dataclass(frozen=True)
class Stage:
    server: GitServer
    repository: Path
    mirror: GitMirror
    root: Path

    @property
    def remote(self) -> RepoRemote:
        return self.remote_with(TOKEN)

    def remote_with(self, token: str | None, slug: str = SLUG, default_branch: str | None = None) -> RepoRemote:
        return RepoRemote(REPO, self.server.clone_url(slug), Secret(token) if token else None, default_branch)

    def other_mirror(self, remote: RepoRemote, name: str = "other", secrets: Sequence[bytes] = ()) -> GitMirror:
        return GitMirror(self.root.with_name(name), {REPO: remote}, lambda: secrets)

    def advance(self, files: Mapping[str, str | bytes], branch: str = "main") -> str:
        """Somebody else pushes."""
        return commit_files(self.repository, branch, files, "Elsewhere")

    def at(self, branch: str) -> str | None:
        return resolve(self.repository, f"refs/heads/{branch}")

    async def checkout(self, name: str = "workspace") -> tuple[Worker, DefaultBranch]:
        branch = await self.mirror.refresh(REPO)
        workspace = self.root.with_name(name)
        await self.mirror.clone(REPO, branch, workspace)
        return Worker(workspace), branch


def spec(base: DefaultBranch, **changes: object) -> PushSpec:
    return PushSpec(repo=REPO, branch=BRANCH, base=base.commit, default_branch=base.name).model_copy(update=changes)
