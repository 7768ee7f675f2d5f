"""What `airut init` writes is valid, as it is and with every `#` taken away."""

import re
from pathlib import Path

from airut.config.key import Form
from airut.config.keys import tree
from airut.config.load import load_config
from airut.config.schema import Config
from airut.config.skeleton import skeleton

SECRETS = {"ANTHROPIC_API_KEY": "sk-ant-api03-x", "GITHUB_TOKEN": "ghp_x", "MAIL_PASSWORD": "hunter2"}

DEFAULTS = Config(config_version=1)


def loaded(folder: Path, written: str) -> Config:
    (folder / "airut.yaml").write_text(written)
    return load_config(folder / "airut.yaml", SECRETS)


def test_as_it_is_it_sets_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, skeleton()).model_dump(exclude_unset=True) == {"config_version": 1}


def test_with_every_mark_taken_away_it_says_the_defaults_and_a_repository(tmp_path: Path) -> None:
    all_set = loaded(tmp_path, re.sub(r"(?m)^#(?!#)", "", skeleton()))
    assert all_set.model_dump(exclude={"repos", "state_dir"}) == DEFAULTS.model_dump(exclude={"repos", "state_dir"})
    assert all_set.state_dir == Path("~/.local/state/airut").expanduser()
    repo = all_set.repos["web"]
    assert (repo.slug, repo.channels.console is not None) == ("acme/web", True)
    assert repo.channels.email is not None
    assert repo.agent.auth.api_key is not None
    assert repo.agent.auth.api_key.reveal() == "sk-ant-api03-x"


def test_every_key_outside_the_repositories_is_in_it() -> None:
    written = skeleton()
    for section in tree():
        assert re.search(rf"(?m)^#?{section.key.name}:", written), section.key.name
        if section.key.form is Form.SECTION:
            part = written.split(f"\n#{section.key.name}:\n")[1].split("\n\n")[0]
            for below in section.below:
                assert re.search(rf"(?m)^#  {below.key.name}:", part), below.key.path
