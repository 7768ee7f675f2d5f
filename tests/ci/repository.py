"""A repository on a git server, with a base and a head that would do harm on whoever checks it out."""

import subprocess
from pathlib import Path

from airut.demo.repositories import GIT_ENVIRONMENT, git, seed_repository

NAME = "acme/web"
BASE = {"README.md": "# Web\n", "app.txt": "one\ntwo\nthree\n", ".airut/network-allowlist.yaml": "domains: []\n"}


class Served:
    """`folder/acme/web.git`, and a clone by which it is written to."""

    def __init__(self, folder: Path) -> None:
        self.bare = seed_repository(folder / "served", BASE, NAME)
        self.clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", self.bare, self.clone], env=GIT_ENVIRONMENT, check=True)

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.clone), "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(command, env=GIT_ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, branch: str, files: dict[str, str], start: str = "origin/main") -> str:
        self.git("checkout", "--quiet", "-B", branch, start)
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.push(branch)

    def push(self, branch: str) -> str:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", f"On {branch}")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")

    def base(self) -> str:
        return git(self.bare, "rev-parse", "refs/heads/main")

    def hostile(self, marker: Path) -> str:
        """A head in which everything that git or a CI may be made to run writes to `marker`."""
        evil = f"#!/bin/sh\ntouch {marker}\n"
        self.git("checkout", "--quiet", "-B", "evil", "origin/main")
        for name in ("post-checkout", "post-merge", "pre-commit"):
            hook = self.clone / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(evil)
            hook.chmod(0o755)
        (self.clone / ".gitattributes").write_text("* filter=evil merge=evil diff=evil text eol=crlf\n")
        (self.clone / ".gitconfig").write_text(f"[core]\n\thooksPath = hooks\n\tfsmonitor = touch {marker}\n")
        (self.clone / ".gitmodules").write_text(
            f'[submodule "evil"]\n\tpath = evil\n\turl = file://{self.bare}\n\tupdate = !touch {marker}\n'
        )
        (self.clone / "link").symlink_to("/etc/passwd")
        (self.clone / "folder").symlink_to("/tmp")
        (self.clone / ".airut" / "network-allowlist.yaml").write_text('domains: ["*"]\n')
        (self.clone / ".airut" / "container").mkdir()
        (self.clone / ".airut" / "container" / "Dockerfile").write_text(f"FROM airut/base\nRUN touch {marker}\n")
        self.git("update-index", "--add", "--cacheinfo", f"160000,{self.base()},evil")
        self.git("add", "--all", "--force", "--", ":!evil")
        self.git("commit", "--quiet", "--message", "evil")
        self.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/evil")
        return self.git("rev-parse", "HEAD")
