"""An older file is read, and written anew, without losing anything. There is one version yet: the steps are our own."""

from pathlib import Path
from typing import get_args

import pytest

from airut.config.editing.document import Document
from airut.config.load import load_config
from airut.config.migrations import HISTORY, History, backup_path
from airut.config.schema import Config
from airut.config.secret_readers import Places
from airut.config.tags import TaggedFile
from airut.errors import ConfigError


def limits_are_called_so(file: Document) -> Document:
    return file.rename(("resources",), "limits").rename(("limits", "ram"), "memory")


def time_has_a_unit(file: Document) -> Document:
    given = file.value(("limits", "time"))
    return file.set(("limits", "time"), f"{given}m") if isinstance(given, int) else file


STEPS = History(steps=(limits_are_called_so, time_has_a_unit))

V1 = """\
# ours
config_version: 1  # old
resources:
    time: 45   # minutes
    ram: 2g
vars: {key: !env KEY}
"""
V2 = V1.replace("config_version: 1", "config_version: 2").replace("resources", "limits").replace("ram:", "memory:")
V3 = V2.replace("config_version: 2", "config_version: 3").replace("45 ", "45m ")


@pytest.mark.parametrize(
    ("history", "before", "after"),
    [(STEPS, V1, V3), (STEPS, V2, V3), (STEPS, V3, V3), (History(steps=STEPS.steps[:1]), V1, V2), (HISTORY, V1, V1)],
)
def test_each_version_becomes_the_present_one_with_its_comments(history: History, before: str, after: str) -> None:
    assert history.migrated(Document(before)).text == after


@pytest.mark.parametrize("number", range(len(STEPS.steps)))
def test_a_step_has_nothing_to_do_a_second_time(number: int) -> None:
    once = STEPS.steps[number](Document([V1, V2][number]))
    assert STEPS.steps[number](once).text == once.text


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "config_version: 4",
            "airut.yaml:2:17: config_version: 4 is newer than this version of Airut knows (3); update",
        ),
        ("config_version: '1'", "airut.yaml:2:17: config_version: must be a whole number; this version writes 3"),
        ("config_version: true", "airut.yaml:2:17: config_version: must be a whole number; this version writes 3"),
        ("config_version: 0", "airut.yaml:2:17: config_version: must be a whole number; this version writes 3"),
    ],
)
def test_a_version_that_is_none(written: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        STEPS.migrated(Document(f"# a\n{written}\n"))
    assert problem in str(raised.value)


def test_an_old_file_is_read_as_the_present_one_and_stays_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "airut.yaml"
    path.write_text(V1)
    file = TaggedFile(path, Places(tmp_path, {"KEY": "k"}), STEPS)
    assert file.values == {"config_version": 3, "limits": {"time": "45m", "memory": "2g"}, "vars": {"key": "k"}}
    assert file.where(("limits", "time")) == f"{path} (after `airut migrate`):4:11"
    assert path.read_text() == V1


def test_a_file_without_a_version_is_told_the_line_with_all_its_other_faults(tmp_path: Path) -> None:
    (tmp_path / "airut.yaml").write_text("limits: {time: 1s}\n")
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / "airut.yaml", {})
    assert f"{tmp_path}/airut.yaml:1:1: config_version: is required; add the line `config_version: 1`" in str(
        raised.value
    )
    assert "limits.time" in str(raised.value)


def test_the_history_ends_where_the_schema_is() -> None:
    assert get_args(Config.model_fields["config_version"].annotation) == (HISTORY.current,)


def test_a_backup_does_not_replace_another(tmp_path: Path) -> None:
    path = tmp_path / "airut.yaml"
    names = []
    for _ in range(3):
        names.append(backup_path(path, 1).name)
        backup_path(path, 1).touch()
    assert names == ["airut.yaml.v1", "airut.yaml.v1.2", "airut.yaml.v1.3"]
