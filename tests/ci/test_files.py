"""The files for GitHub and GitLab, without running them: their format, and what must not stand in them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]  # it has none
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has none

ROOT = Path(__file__).parents[2]
CI = ROOT / "ci"
ACTION, TEMPLATE = CI / "github" / "action.yml", CI / "gitlab" / "airut-sandbox.yml"
SCRIPTS = sorted(CI.rglob("*.sh"))
DOCUMENT = ROOT / "docs" / "ci.md"


def examples() -> list[str]:
    """The YAML of the document, in its order: GitHub's, then GitLab's."""
    return re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def faults(schema: str, text: str) -> list[str]:
    """By the schema that SchemaStore publishes, of which check-jsonschema carries a copy. `on` is a truth of YAML 1.1."""
    document = {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}
    validator = Draft7Validator(get_builtin_schema(f"vendor.{schema}"))
    return [error.message for error in validator.iter_errors(document)]


SHOWN = TEMPLATE.read_text().replace("\n.airut-sandbox:", "\nairut-sandbox:")
"""A job that is no longer hidden, and so is looked at."""


def test_the_files_are_what_they_should_be() -> None:
    assert faults("github-actions", ACTION.read_text()) == []
    assert faults("gitlab-ci", TEMPLATE.read_text()) == []
    assert faults("gitlab-ci", SHOWN) == []


@pytest.mark.parametrize(("number", "schema"), [(0, "github-workflows"), (1, "gitlab-ci")])
def test_the_examples_of_the_document_are_whole(number: int, schema: str) -> None:
    assert faults(schema, examples()[number]) == []


def test_the_examples_use_only_inputs_that_there_are() -> None:
    action, workflow = yaml.safe_load(ACTION.read_text()), yaml.safe_load(examples()[0])
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = {name for step in steps if "airut" in step["uses"] for name in step["with"]}
    assert used
    assert used <= set(action["inputs"])
    template, pipeline = yaml.safe_load(TEMPLATE.read_text()), yaml.safe_load(examples()[1])
    variables = {name for job in pipeline.values() if isinstance(job, dict) for name in job.get("variables", {})}
    assert variables
    assert variables <= set(template[".airut-sandbox"]["variables"])


def test_the_workflow_of_the_document_may_do_little() -> None:
    workflow: dict[Any, Any] = yaml.safe_load(examples()[0])
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow[True]) == {"pull_request", "merge_group", "push"}  # `on` is a truth of YAML 1.1
    assert workflow[True]["push"] == {"branches": ["main"]}


def test_a_wrong_file_would_be_found() -> None:
    assert faults("github-actions", ACTION.read_text().replace("using: composite", "using: compost"))
    assert faults("gitlab-ci", SHOWN.replace("when: always", "when: sometimes"))
    assert faults("github-workflows", examples()[0].replace("runs-on", "run-on"))


def test_the_steps_and_their_order() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    assert [step["name"] for step in steps] == [
        "Look at the event",
        "Install Podman and airut-sandbox",
        "Check out the base, fetch the head",
        "Name the images",
        "Fetch cached images",
        "Make the images ready",
        "Keep the images",
        "Run the command inside",
        "Upload the logs",
        "Wipe the workspace",
    ]
    assert [step["name"] for step in steps if step.get("if") == "always()"] == ["Upload the logs", "Wipe the workspace"]


def test_no_value_is_part_of_a_program() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    programs = [step["run"] for step in steps if "run" in step]
    assert len(programs) == 7
    for program in programs:
        assert re.fullmatch(r'exec "\$GITHUB_ACTION_PATH/(\.\./)?[a-z]+\.sh"', program)
    assert not [script.name for script in SCRIPTS if "${{" in script.read_text()]


def test_the_token_is_for_one_step() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    assert [step["name"] for step in steps if "github.token" in str(step)] == ["Check out the base, fetch the head"]
    with_key = [step["name"] for step in steps if "inputs.cache-key" in str(step)]
    assert with_key == ["Look at the event", "Make the images ready"]


def test_actions_of_others_are_pinned() -> None:
    used = re.findall(r"uses: (\S+)( # v[\d.]+)?$", ACTION.read_text(), re.MULTILINE)
    assert len(used) == 3
    for name, release in used:
        assert re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", name)
        assert release


def test_what_is_run_may_be_run() -> None:
    run = [script.name for script in SCRIPTS if script.stat().st_mode & 0o100]
    assert sorted({script.name for script in SCRIPTS} - set(run)) == ["inside.sh", "lib.sh"]
