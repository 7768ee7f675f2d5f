"""`airut init` and `airut init --repo`."""

import os
import re
from pathlib import Path

import pytest

from airut.adapters.podman.dockerfile import read
from airut.cli.main import execute
from airut.config.load import load_config
from airut.config.repository_files import ALLOWLIST, DOCKERFILE
from airut.models.policy.allowlist import parse_allowlist


def test_a_configuration_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, dotenv = tmp_path / "new" / "airut.yaml", tmp_path / "new" / ".env"
    assert execute(["--config", str(path), "init"]) == 0
    assert capsys.readouterr().out == (
        f"{path}: written; name a repository under repos, then run `airut check`\n{dotenv}: written; secrets go in there\n"
    )
    assert [file.stat().st_mode & 0o777 for file in (path, dotenv, path.parent)] == [0o600, 0o600, 0o700]
    assert load_config(path, {}).repos == {}
    path.write_text("mine\n")
    assert execute(["--config", str(path), "init"]) == 6
    assert (
        capsys.readouterr().err
        == f"{path} is there already, and stays as it is; `airut check` says whether it is right\n"
    )
    assert path.read_text() == "mine\n"


def test_secrets_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    assert execute(["--config", str(tmp_path / "airut.yaml"), "init"]) == 0
    assert (tmp_path / ".env").read_text() == "A=1\n"


def test_its_place_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AIRUT_CONFIG", raising=False)
    assert execute(["init"]) == 0
    assert (tmp_path / ".config" / "airut" / "airut.yaml").is_file()
    monkeypatch.setenv("AIRUT_CONFIG", str(tmp_path / "elsewhere.yaml"))
    assert execute(["init"]) == 0
    assert (tmp_path / "elsewhere.yaml").is_file()


def test_a_repositorys_files_are_written_where_they_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    assert execute(["init", "--repo"]) == 3
    assert (
        capsys.readouterr().err
        == f"{tmp_path}/src lies in no git checkout; run `airut init --repo` in the repository's own\n"
    )
    (tmp_path / ".git").mkdir()
    (tmp_path / ".airut").mkdir()
    (tmp_path / ".airut" / "network-allowlist.yaml").write_text("domains: [a.example]\n")
    assert execute(["init", "--repo"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        ".airut/network-allowlist.yaml: is there already, and stays as it is",
        ".airut/container/Dockerfile: written",
    ]
    assert (tmp_path / ".airut" / "network-allowlist.yaml").read_text() == "domains: [a.example]\n"
    assert (tmp_path / ".airut" / "container" / "Dockerfile").read_text() == DOCKERFILE
    assert os.listdir(tmp_path / "src") == []
    assert execute(["init", "--repo"]) == 6
    assert "are there already" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["", "#"], ids=["as it is", "with every # taken away"])
def test_our_own_loaders_take_what_is_written(change: str) -> None:
    allowlist, dockerfile = (re.sub(r"(?m)^#(?!#)", "", text) if change else text for text in (ALLOWLIST, DOCKERFILE))
    found = parse_allowlist(allowlist, "allowlist.yaml")
    assert (len(found.entries), len(found.presets)) == ((2, 3) if change else (0, 0))
    assert read(dockerfile).images == ("airut/base",)
