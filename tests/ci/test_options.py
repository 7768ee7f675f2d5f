"""The command line of a run, read; and what its variables come to."""

from pathlib import Path

import pytest

from airut.ci.main import execute
from airut.ci.options import Artifact, Options, artifact, variables, workdir
from airut.errors import ConfigError


def options(**more: object) -> Options:
    return Options.model_validate({"command": ("true",), "workspace": "/w", **more})


def test_later_ones_win() -> None:
    said = options(env={"C": "line"}, pass_env=("B", "C", "ABSENT"))
    outside = {"A": "out", "B": "out", "C": "out", "D": "out"}
    assert variables(said, {"A": "file", "B": "file", "C": "file"}, ("D",), outside) == {
        "A": "file", "B": "out", "C": "line", "D": "out",
    }  # fmt: skip


def test_what_looks_like_a_credential_is_refused_unless_it_is_meant() -> None:
    said = {"env": {"DEPLOY_TOKEN": "abcdef123456"}}
    with pytest.raises(ConfigError, match="DEPLOY_TOKEN looks like a credential"):
        variables(options(**said), {}, (), {})
    assert variables(options(**said, allow_plain_secret=True), {}, (), {}) == said["env"]


def test_places() -> None:
    assert (workdir("."), workdir("src")) == ("/workspace", "/workspace/src")
    with pytest.raises(ValueError, match="is not allowed"):
        workdir("../x")
    assert artifact("out/a:/tmp/a", Path("/w"), Path("/w")) == Artifact(source="out/a", target=Path("/tmp/a"))
    for text, said in (
        ("../a:/tmp/a", "copied from the workspace"),
        ("a:b", "copy out of the workspace"),
        ("a", "SRC:DST"),
    ):
        with pytest.raises(ValueError, match=said):
            artifact(text, Path("/w"), Path("/w"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--env", "NOTHING"], "--env: 'NOTHING' is not NAME=VALUE"),
        (["--memory", "1m"], "--memory: 1m: "),
        (["--timeout", "soon"], "--timeout: "),
        (["--mount", "/etc:/data/x:rx"], "--mount: "),
        (["--name", "A B"], "--name: A B: "),
        (["--max-image-age", "old"], "--max-image-age: "),
        (["--nonsense"], "No such option"),
    ],
)
def test_what_is_wrong_is_told_by_its_option(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", *arguments, "--", "true"]) == 125
    assert capsys.readouterr().err.startswith(f"airut-sandbox: {said}")


def test_what_a_policy_means_is_said_as_the_server_s_command_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".airut").mkdir()
    (tmp_path / ".airut" / "network-allowlist.yaml").write_text("url_prefixes: [{host: a.test}]\n")
    monkeypatch.chdir(tmp_path)
    assert execute(["policy", "check"]) == 0
    assert execute(["policy", "explain", "GET", "https://a.test/x"]) == 0
    assert execute(["policy", "explain", "GET", "https://b.test/x"]) == 3
    assert "host_not_allowed" in capsys.readouterr().out
