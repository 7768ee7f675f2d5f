"""Which commit decides and which is run, as the runners' own variables say it."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CI = Path(__file__).parents[2] / "ci"
HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40
KEY = "k" * 64
PULL: dict[str, Any] = {
    "repository": {"default_branch": "main"},
    "pull_request": {
        "base": {"ref": "main", "sha": BASE},
        "head": {"ref": "topic", "sha": HEAD, "repo": {"full_name": "acme/web"}},
    },
}
FORK = {**PULL, "pull_request": {**PULL["pull_request"], "head": {"sha": HEAD, "repo": {"full_name": "eve/web"}}}}
GONE = {**PULL, "pull_request": {**PULL["pull_request"], "head": {"sha": HEAD, "repo": None}}}
PUSH = {"repository": {"default_branch": "main"}}
GROUP = {**PUSH, "merge_group": {"base_sha": BASE, "head_sha": HEAD}}


def plan(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "AIRUT_JOB": str(folder / "job"), **environment}
    return subprocess.run([CI / script], cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=60)


def github(folder: Path, name: str, event: object, **more: str) -> subprocess.CompletedProcess[str]:
    (folder / "event.json").write_text(json.dumps(event))
    return plan(
        "github/plan.sh",
        folder,
        {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/web",
            "GITHUB_SHA": OTHER,
            "INPUT_COMMAND": "make test",
            "AIRUT_IMAGE_KEY": KEY,
            **more,
        },
    )


def planned(folder: Path) -> str:
    """base, head, merge, fork."""
    text = dict(line.split("=", 1) for line in (folder / "job" / "plan").read_text().splitlines())
    assert text.pop("url") in ("https://github.com/acme/web", "https://gitlab.com/acme/web.git")
    return " ".join(text[name] for name in ("base", "head", "merge", "fork"))


@pytest.mark.parametrize(
    ("name", "event", "more", "expected"),
    [
        ("pull_request", PULL, {}, f"refs/heads/main {HEAD} true false"),
        ("pull_request", FORK, {}, f"refs/heads/main {HEAD} true true"),
        ("pull_request", GONE, {}, f"refs/heads/main {HEAD} true true"),
        ("pull_request", PULL, {"INPUT_REF": BASE, "INPUT_MERGE": "false"}, f"refs/heads/main {BASE} false false"),
        ("merge_group", GROUP, {}, f"{BASE} {HEAD} false false"),
        ("push", PUSH, {"GITHUB_REF": "refs/heads/main"}, f"{OTHER} {OTHER} false false"),
        ("push", PUSH, {"GITHUB_REF": "refs/heads/v1", "GITHUB_REF_PROTECTED": "true"}, f"{OTHER} {OTHER} false false"),
        # Whoever may push a branch would else bring a policy of their own.
        ("push", PUSH, {"GITHUB_REF": "refs/heads/topic"}, f"refs/heads/main {OTHER} false false"),
        ("push", PUSH, {"GITHUB_REF": "refs/tags/main"}, f"refs/heads/main {OTHER} false false"),
    ],
)
def test_events_of_github(tmp_path: Path, name: str, event: object, more: dict[str, str], expected: str) -> None:
    done = github(tmp_path, name, event, **more)
    assert (done.returncode, done.stderr) == (0, "")
    assert planned(tmp_path) == expected
    assert (tmp_path / "output").read_text() == "cache=true\n"


@pytest.mark.parametrize(
    ("name", "event", "more", "said"),
    [
        ("pull_request_target", PULL, {}, "pull_request_target is refused: it gives a job that runs a stranger's code"),
        ("workflow_run", PULL, {}, "the event 'workflow_run' is none of pull_request, merge_group and push"),
        ("pull_request", {}, {}, "the base is neither a commit nor a branch"),
        ("pull_request", PULL, {"INPUT_REF": "main"}, "the head is not the full name of a commit"),
        ("pull_request", PULL, {"INPUT_REF": f"{HEAD}\nfork=false"}, "the head is not the full name of a commit"),
        ("pull_request", PULL, {"INPUT_REF": "--upload-pack=evil"}, "the head is not the full name of a commit"),
        ("pull_request", PULL, {"INPUT_MERGE": "yes"}, "merge is true or false, not 'yes'"),
        ("pull_request", PULL, {"INPUT_CACHE": "always"}, "cache is true, false or unsealed, not 'always'"),
        ("pull_request", PULL, {"INPUT_COMMAND": ""}, "the input 'command' is empty"),
    ],
)
def test_what_github_is_refused(tmp_path: Path, name: str, event: object, more: dict[str, str], said: str) -> None:
    done = github(tmp_path, name, event, **more)
    assert done.returncode == 125
    assert done.stderr.startswith(f"airut-sandbox: {said}")


@pytest.mark.parametrize(
    ("more", "output", "said"),
    [
        ({}, "cache=true\n", ""),
        ({"AIRUT_IMAGE_KEY": ""}, "cache=false\n", "without cache-key nothing says who wrote a cached archive"),
        ({"AIRUT_IMAGE_KEY": "", "INPUT_CACHE": "unsealed"}, "cache=true\n", ""),
        ({"INPUT_CACHE": "false"}, "cache=false\n", ""),
    ],
)
def test_whether_there_is_a_cache(tmp_path: Path, more: dict[str, str], output: str, said: str) -> None:
    done = github(tmp_path, "pull_request", PULL, **more)
    assert done.returncode == 0
    assert (tmp_path / "output").read_text() == output
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)


GITLAB = {
    "CI_PROJECT_URL": "https://gitlab.com/acme/web",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_SHA": OTHER,
    "AIRUT_COMMAND": "make test",
}
MERGE = {
    **GITLAB,
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.com/acme/web",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}
ELSEWHERE = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2", "CI_PROJECT_URL": "https://gitlab.com/eve/web"}
PUSHED = {**GITLAB, "CI_PIPELINE_SOURCE": "push"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (MERGE, f"refs/heads/main {OTHER} true false"),
        ({**MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}, f"refs/heads/main {HEAD} true false"),
        ({**MERGE, "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}, f"refs/heads/main {OTHER} false false"),
        ({**MERGE, "AIRUT_MERGE": "false"}, f"refs/heads/main {OTHER} false false"),
        ({**MERGE, **ELSEWHERE}, f"refs/heads/main {OTHER} true true"),
        ({**PUSHED, "CI_COMMIT_BRANCH": "main"}, f"{OTHER} {OTHER} false false"),
        ({**PUSHED, "CI_COMMIT_BRANCH": "v1", "CI_COMMIT_REF_PROTECTED": "true"}, f"{OTHER} {OTHER} false false"),
        ({**PUSHED, "CI_COMMIT_BRANCH": "topic"}, f"refs/heads/main {OTHER} false false"),
    ],
)
def test_pipelines_of_gitlab(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    done = plan("gitlab/plan.sh", tmp_path, environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert planned(tmp_path) == expected


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {**GITLAB, "CI_PIPELINE_SOURCE": "web"},
            "the pipeline's source 'web' is none of merge_request_event and push",
        ),
        ({**MERGE, "AIRUT_COMMAND": ""}, "AIRUT_COMMAND is empty"),
        ({**MERGE, "AIRUT_MERGE": "1"}, "AIRUT_MERGE is true or false, not '1'"),
    ],
)
def test_what_gitlab_is_refused(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    done = plan("gitlab/plan.sh", tmp_path, environment)
    assert done.returncode == 125
    assert done.stderr.startswith(f"airut-sandbox: {said}")


def test_what_an_earlier_job_has_left_is_not_taken_for_this_one(tmp_path: Path) -> None:
    job = tmp_path / "job"
    for name in ("source", "logs", "images"):
        (job / name).mkdir(parents=True)
        (job / name / "left").touch()
    assert github(tmp_path, "pull_request", PULL).returncode == 0
    assert sorted(str(path.relative_to(job)) for path in job.rglob("*")) == ["images", "images/left", "logs", "plan"]


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "job").symlink_to(tmp_path / "elsewhere")
    done = github(tmp_path, "pull_request", PULL)
    assert (done.returncode, done.stderr) == (125, f"airut-sandbox: {tmp_path}/job is not a folder of this user\n")
