"""A changed file is read again: at the second look, whole or not at all, and as a numbered generation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.config.differences import Change
from airut.config.digest import digest
from airut.config.generation import Generation
from airut.config.load import load_config
from airut.config.reload_class import ReloadClass
from airut.config.reloader import Reloader, told
from airut.config.schema import Config
from airut.config.secret_readers import Places

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GOOD = """\
config_version: 1
limits: {time: 2h}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {console: {}}
    agent: {auth: {api_key: !env KEY}, system_prompt: !file prompt}
    credentials: {GH: {value: !file token, hosts: [api.github.com]}}
"""


class Place:
    """A folder with a configuration, and what one process makes of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "airut.yaml"
        self.write("airut.yaml", GOOD)
        self.write(".env", "KEY=sk-ant-api03-one\n")
        self.write("prompt", "Be brief.\n")
        self.write("token", "ghp_one")
        self.reloader = Reloader(load_config(self.file, {}), {}, NOW)

    def write(self, name: str, text: str) -> None:
        path = self.file.with_name(name)
        path.write_text(text)
        path.chmod(0o600)

    def look(self, *, force: bool = False) -> Config | None:
        """As a process does; the present configuration, where it is another than before."""
        candidate = self.reloader.look(NOW, force=force)
        if candidate is None:
            return None
        self.reloader.adopt(candidate)
        return candidate.config

    @property
    def generation(self) -> Generation:
        return self.reloader.generation


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_new(place: Place) -> None:
    assert [place.look() for _ in range(3)] == [None] * 3
    assert place.generation == Generation(digest=digest(place.reloader.config), since=NOW)


def test_a_change_is_read_once_it_is_no_longer_being_written(place: Place) -> None:
    place.write("airut.yaml", GOOD.replace("2h", "1h"))
    assert place.look() is None
    place.write("airut.yaml", GOOD.replace("2h", "90m"))
    assert place.look() is None
    found = place.look()
    assert found is not None
    assert found.limits.time == 5400
    assert (place.generation.number, place.generation.error) == (2, None)
    assert place.look() is None


@pytest.mark.parametrize(
    ("name", "text"),
    [(".env", "KEY=sk-ant-api03-two\n"), ("prompt", "Be longer.\n"), ("token", "ghp_two")],
)
def test_each_file_that_is_named_counts(place: Place, name: str, text: str) -> None:
    place.write(name, text)
    place.look()
    found = place.look()
    assert found is not None
    web = found.repos["web"]
    assert web.agent.auth.api_key is not None
    values = web.agent.auth.api_key.reveal(), web.agent.system_prompt, web.credentials["GH"].secrets()[0].reveal()
    assert text.strip().removeprefix("KEY=") in values
    assert place.generation.number == 2


def test_the_working_directorys_env_counts_too_and_comes_second(place: Place, tmp_path: Path) -> None:
    place.write(".env", "OTHER=1\n")
    (working := tmp_path / "working").mkdir()
    (there := working / ".env").write_text("KEY=sk-ant-api03-there\n")
    config = load_config(place.file, places=Places(tmp_path, {}, working))
    place.reloader = Reloader(config, {}, NOW)

    def key(config: Config | None) -> str | None:
        found = config and config.repos["web"].agent.auth.api_key
        return found.reveal() if found else None

    assert key(config) == "sk-ant-api03-there"
    there.write_text("KEY=sk-ant-api03-changed\n")
    assert [key(place.look()), key(place.look()), key(place.look())] == [None, "sk-ant-api03-changed", None]
    place.write(".env", "KEY=sk-ant-api03-first\n")
    assert [key(place.look()), key(place.look()), key(place.look())] == [None, "sk-ant-api03-first", None]


def test_a_change_while_the_process_was_starting_is_seen(tmp_path: Path) -> None:
    place = Place(tmp_path)
    config = load_config(place.file, {})
    place.write("airut.yaml", GOOD.replace("2h", "1h"))
    place.reloader = Reloader(config, {}, NOW)
    assert place.look() is None
    assert place.look() is not None


def test_a_hang_up_alone_reads_again(place: Place) -> None:
    assert place.look(force=True) is not None
    assert place.generation == Generation(number=2, digest=digest(place.reloader.config), since=NOW)


def test_a_bad_file_changes_nothing_until_it_is_put_right(place: Place) -> None:
    before = place.reloader.config
    place.write("airut.yaml", GOOD.replace("!file token", "!file tokens"))
    assert [place.look() for _ in range(3)] == [None] * 3
    assert place.reloader.config is before
    error = f"{place.file}:8:31: repos.web.credentials.GH.value: tokens: No such file or directory"
    assert place.generation == Generation(digest=digest(before), since=NOW, error=error)
    place.write("tokens", "ghp_there")  # which is not the file that was bad
    place.look()
    assert place.look() is not None
    assert (place.generation.number, place.generation.error) == (2, None)


def test_what_waits_for_a_restart_is_told_until_it_is_taken_back(place: Place) -> None:
    place.write("airut.yaml", GOOD + "state_dir: /elsewhere\ndisk: {min_free: 20%}\n")
    place.look()
    candidate = place.reloader.look(NOW)
    assert candidate is not None
    assert candidate.changed == (Change(path="disk.min_free", reload=ReloadClass.LIVE),)
    assert told(candidate) == "disk.min_free, state_dir (with the next start)"
    place.reloader.adopt(candidate)
    assert list(place.generation.pending) == ["state_dir"]
    assert place.reloader.config.state_dir != Path("/elsewhere")
    place.write("airut.yaml", GOOD)
    place.look()
    place.look()
    assert list(place.generation.pending) == []


def test_a_secret_that_is_held_since_before_has_the_new_value_as_well(place: Place) -> None:
    before = place.reloader.config.repos["web"].credentials["GH"].secrets()[0]
    place.write("token", "ghp_second")
    found = place.look(force=True)
    assert found is not None
    assert found.repos["web"].credentials["GH"].secrets()[0].origin is before.origin
    assert before.reveal() == "ghp_second"


def test_a_dashboard_that_others_reach_is_not_opened_before_it_listens_elsewhere(place: Place) -> None:
    place.write("airut.yaml", GOOD + "dashboard: {host: 0.0.0.0, auth: token}\n")
    place.reloader = Reloader(load_config(place.file, {}), {}, NOW)
    place.write("airut.yaml", GOOD + "dashboard: {auth: none}\n")
    assert place.look(force=True) is None
    assert "auth: none lets everybody in who reaches 0.0.0.0" in str(place.generation.error)
    assert place.reloader.config.dashboard.auth == "token"


def test_old_and_new_values_of_secrets_are_hidden(place: Place) -> None:
    place.write("token", "ghp_second")
    place.look()
    place.look()
    assert place.reloader.config.redactor.text("ghp_one, ghp_second") == "***, ***"


def test_the_digest_is_of_what_is_said_and_of_no_value(place: Place, tmp_path: Path) -> None:
    before = digest(load_config(place.file, {}))
    place.write("token", "ghp_second")
    place.write("airut.yaml", GOOD.replace("2h", "120m") + "# a remark\n")
    assert digest(load_config(place.file, {})) == before
    place.write("other", "ghp_one")
    place.write("airut.yaml", GOOD.replace("!file token", "!file other"))
    assert digest(load_config(place.file, {})) != before
