"""The scripts of the one-shot jobs: schema, namespace, search attributes; and what the embedded server is told as well."""

import os
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml
from temporalio.testing import WorkflowEnvironment

from airut.temporal.embedded import DYNAMIC, server_binary
from airut.temporal.search_attributes import Attributes, look
from tests.temporal.test_search_attributes import connected

FOLDER = Path(__file__).parents[2] / "deploy" / "temporal"

SQL_TOOL = """\
#!/bin/sh
# Plays temporal-sql-tool: a database is a file, which holds its version once it has one.
while [ $# -gt 0 ]; do
    case $1 in
    --db) file=$STORE/$2; name=$2; shift ;;
    create | setup-schema | update-schema) verb=$1 ;;
    esac
    shift
done
echo "$name $verb" >>"$STORE/.calls"
[ "$verb" != "${FAILS:-}" ] || exit 1
case $verb in
create) [ ! -e "$file" ] && : >"$file" ;;
setup-schema) [ -e "$file" ] && [ ! -s "$file" ] && echo 0.0 >"$file" ;;
update-schema) [ -s "$file" ] && echo 1.18 >"$file" ;;
esac
"""
NEW = ["update-schema", "create", "setup-schema", "update-schema"]
DATABASES = ("temporal", "temporal_visibility")


def run_schema(folder: Path, **environment: str) -> tuple[int, list[str]]:
    tool = folder / "bin" / "temporal-sql-tool"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(SQL_TOOL)
    tool.chmod(0o755)
    (folder / ".calls").unlink(missing_ok=True)
    given = {
        "PATH": f"{tool.parent}:{os.environ['PATH']}", "STORE": str(folder), "DB": "postgres12",
        "POSTGRES_SEEDS": "postgresql", "DB_PORT": "5432", "POSTGRES_USER": "temporal", **environment,
    }  # fmt: skip
    done = subprocess.run(
        ["/bin/sh", str(FOLDER / "schema.sh")], env=given, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, (folder / ".calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        ({}, [f"{name} {verb}" for name in DATABASES for verb in NEW]),
        (dict.fromkeys(DATABASES, "1.17\n"), [f"{name} update-schema" for name in DATABASES]),
        (
            {"temporal": ""},  # cut off between `create` and `setup-schema`
            [f"{name} {verb}" for name in DATABASES for verb in NEW],
        ),
    ],
    ids=["new", "an older version", "a first start that was cut off"],
)
def test_both_databases_come_to_this_version(tmp_path: Path, before: dict[str, str], calls: list[str]) -> None:
    for name, content in before.items():
        (tmp_path / name).write_text(content)
    assert run_schema(tmp_path) == (0, calls)
    assert [(tmp_path / name).read_text() for name in DATABASES] == ["1.18\n", "1.18\n"]


def test_a_database_that_does_not_answer_ends_the_job_and_undoes_nothing(tmp_path: Path) -> None:
    for name in DATABASES:
        (tmp_path / name).write_text("1.17\n")
    code, _ = run_schema(tmp_path, FAILS="update-schema")
    assert code == 1
    assert [(tmp_path / name).read_text() for name in DATABASES] == ["1.17\n", "1.17\n"]


async def test_namespace_and_search_attributes_are_made_once_and_kept(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.client.service_client.config.target_host)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", f"composed-{uuid.uuid4().hex[:8]}")
    given = {**os.environ, "PATH": f"{server_binary().parent}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run(
            ["/bin/sh", str(FOLDER / "namespace.sh")], env=given, check=True, capture_output=True, timeout=60
        )
        assert await look(await connected(tmp_path)) == Attributes()


def test_the_server_is_told_what_the_embedded_one_is_told() -> None:
    told = yaml.safe_load((FOLDER / "dynamicconfig.yaml").read_text())
    assert {key: [{"value": DYNAMIC[key] == "true"}] for key in told} == told
