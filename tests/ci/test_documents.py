"""Files about a run, in folders that the command had its hands in."""

from pathlib import Path

import pytest

from airut.ci.documents import Documents
from airut.ci.junit import junit
from airut.ci.summary import annotations, summary
from airut.errors import ConfigError
from tests.ci.results import EVIL, FAILED, hostile


def test_each_goes_where_it_should(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Documents(summary=str(tmp_path / "s.md"), junit="-", annotations=str(tmp_path / "a")).write(FAILED)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "s.md": summary(FAILED),
        "a": annotations(FAILED),
    }
    assert capsys.readouterr().out == junit(FAILED)
    Documents(summary=None).write(FAILED)


def test_links_that_the_command_left_are_replaced_and_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "workspace" / "reports"
    inside.mkdir(parents=True)
    outside.mkdir()
    (outside / "s.md").write_text("mine")
    documents = Documents(summary=str(inside / "s.md"), junit=str(inside / "j.xml"))
    (inside / "s.md").symlink_to(outside / "s.md")
    inside.rename(tmp_path / "workspace" / "moved")
    inside.symlink_to(outside)
    documents.write(FAILED)
    assert [path.name for path in outside.iterdir()] == ["s.md"]
    assert (outside / "s.md").read_text() == "mine"
    assert (tmp_path / "workspace" / "moved" / "s.md").read_text() == summary(FAILED)


@pytest.mark.parametrize("kind", ["summary", "junit", "annotations"])
def test_a_folder_that_there_is_not_is_told_before_the_run(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"--{kind}: {tmp_path}/nowhere/x: No such file or directory"):
        Documents(**{kind: f"{tmp_path}/nowhere/x"})


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    documents = Documents(junit=str(tmp_path / "folder"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=r"--junit: .*/folder: Is a directory"):
        documents.write(FAILED)


def test_texts_that_are_no_text(tmp_path: Path) -> None:
    Documents(summary=str(tmp_path / "s.md")).write(hostile(EVIL[9]))
    assert (tmp_path / "s.md").read_bytes().decode()


@pytest.mark.parametrize("place", ["/dev/null", "/dev/stdout", "/"])
def test_what_is_no_file_is_not_replaced(place: str) -> None:
    with pytest.raises(ConfigError, match="is no file, and would be replaced; - is standard output"):
        Documents(junit=place)
