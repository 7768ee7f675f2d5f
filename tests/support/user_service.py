"""A user's home with systemd's two commands, which are scripts that note how they were called."""

from collections.abc import Sequence
from pathlib import Path

from airut.cli.main import execute

CONFIG = """\
config_version: 1
state_dir: {state}
repos:
  web:
    url: https://git.example.org/acme/web.git
    agent: {{auth: {{api_key: {{systemd: model}}}}}}
    channels: {{console: {{}}}}
"""
SYSTEMCTL = """\
#!/bin/sh
case "$*" in
  "--user is-system-running") echo running;;
  "--user is-active "*) [ -e {folder}/active ] && echo active || echo inactive;;
  *) echo "systemctl $*" >> {folder}/calls;;
esac
case "$2" in restart) touch {folder}/active;; disable) rm -f {folder}/active;; esac
"""
LOGINCTL = """\
#!/bin/sh
case "$1" in
  show-user) [ -e {folder}/linger ] && echo yes || echo no;;
  *) echo "loginctl $1" >> {folder}/calls; touch {folder}/linger;;
esac
"""


class Machine:
    """A user's home, and what systemd was asked to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = folder / ".config" / "systemd" / "user"
        self.state = folder / "state"
        self.config = folder / "airut.yaml"
        self.config.write_text(CONFIG.format(state=self.state))
        for name, text in (("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL)):
            (script := folder / "bin" / name).parent.mkdir(exist_ok=True)
            script.write_text(text.format(folder=folder))
            script.chmod(0o755)

    def secret(self) -> None:
        (file := self.folder / "credentials" / "model").parent.mkdir(exist_ok=True)
        file.write_text("sk-ant-api03-of-no-use\n")
        file.chmod(0o600)

    def run(self, *words: str) -> int:
        """Without the images of sandboxes, which belong to the host and take a minute."""
        if words[0] == "install-service" and "--images" not in words:
            words = (*words, "--no-images")
        return execute(["--config", str(self.config), *words])

    def calls(self) -> Sequence[str]:
        """Since the last look."""
        file = self.folder / "calls"
        said = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return said
