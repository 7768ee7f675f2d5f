"""`airut migrate`."""

from pathlib import Path

import pytest
import typer

from airut.cli.main import execute
from airut.cli.migrate import written_anew
from airut.errors import ConfigError
from tests.config.test_migrations import STEPS, V1, V3


def test_an_old_file_is_shown_then_written_and_kept_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "airut.yaml"
    path.write_text(V1)
    path.chmod(0o640)
    with pytest.raises(typer.Exit) as ended:
        written_anew(path, STEPS, check=True)
    shown = capsys.readouterr().out
    assert (ended.value.exit_code, path.read_text()) == (1, V1)
    assert "-resources:\n" in shown
    assert "+limits:\n" in shown
    assert shown.endswith(f"{path}: is of version 1; `airut migrate` makes it 3\n")
    written_anew(path, STEPS, check=False)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (V3, 0o640)
    assert ((tmp_path / "airut.yaml.v1").read_text(), sorted(p.name for p in tmp_path.iterdir())) == (
        V1,
        ["airut.yaml", "airut.yaml.v1"],
    )
    capsys.readouterr()
    for check in (True, False):
        written_anew(path, STEPS, check=check)
        assert capsys.readouterr().out == f"{path}: is of version 3, which is this one's; nothing to do\n"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (None, "airut.yaml: No such file or directory"),
        ("repos: {}\n", "airut.yaml:1:1: config_version: is required; add the line `config_version: 3`"),
        ("a: [\n", "airut.yaml:2:1: "),
    ],
)
def test_what_cannot_be_brought_forward(tmp_path: Path, written: str | None, problem: str) -> None:
    path = tmp_path / "airut.yaml"
    if written is not None:
        path.write_text(written)
    with pytest.raises(ConfigError) as raised:
        written_anew(path, STEPS, check=False)
    assert problem in str(raised.value)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "airut.yaml"
    path.write_text("config_version: 1\n")
    assert execute(["--config", str(path), "migrate", "--check"]) == 0
    assert capsys.readouterr().out == f"{path}: is of version 1, which is this one's; nothing to do\n"
    path.write_text("config_version: 9\n")
    assert execute(["--config", str(path), "migrate"]) == 3
    assert "config_version: 9 is newer than this version of Airut knows (1)" in capsys.readouterr().err
