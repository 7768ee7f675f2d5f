"""`docker-compose.temporal.yaml`, looked at without an engine: two readers of the format and our own rules."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose, PyOptions

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.temporal.yaml"
REQUIRED = ("TEMPORAL_DB_PASSWORD", "AIRUT_CONFIG_DIR", "AIRUT_STATE_DIR", "AIRUT_UID", "AIRUT_GID")
SET = {**dict.fromkeys(REQUIRED, "1000"), "AIRUT_CONFIG_DIR": "/conf", "AIRUT_STATE_DIR": "/state"}
OURS = {"control", "intake", "dashboard"}


def read(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What podman-compose makes of the file. Run elsewhere, so that nobody's `.env` counts."""
    command = [sys.executable, "-m", "podman_compose", "-f", str(FILE), "config"]
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def filled_in(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = read(SET, tmp_path_factory.mktemp("compose"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def services(filled_in: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(filled_in)["services"]
    return found


def parsed(text: str) -> PyCompose:
    """Raises: ValueError: it does not follow the specification."""
    compose = PyOptions().from_yaml(text)
    compose.validate()
    compose.validate_networks()
    return compose


def test_it_follows_the_specification(filled_in: str) -> None:
    assert set(parsed(filled_in).service_names()) == OURS | {
        "postgresql", "temporal-schema", "temporal", "temporal-namespace", "temporal-ui"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("condition: service_healthy", "condition: service_well"),
        ("networks:\n    - airut", "networks:\n    - other"),
        ("127.0.0.1:7233:7233", "127.0.0.1:7233:x"),
        ("stop_grace_period: 50s", "stop_grace_period: 50 somethings"),
    ],
)
def test_a_mistake_in_it_is_seen(filled_in: str, old: str, new: str) -> None:
    assert old in filled_in
    with pytest.raises(ValueError, match=r"\w"):
        parsed(filled_in.replace(old, new))


@pytest.mark.parametrize(("name", "value"), [(REQUIRED[0], None), *((name, "") for name in REQUIRED)])
def test_what_has_no_default_stops_the_start(tmp_path: Path, name: str, value: str | None) -> None:
    given = {key: of for key, of in SET.items() if key != name} | ({} if value is None else {name: value})
    done = read(given, tmp_path)
    assert done.returncode != 0
    assert "set it in .env" in done.stderr + done.stdout
    assert f"{name}=" in (ROOT / "deploy" / "env.example").read_text()


def test_who_waits_for_whom(services: dict[str, Any]) -> None:
    ended, healthy = "service_completed_successfully", "service_healthy"
    assert {
        name: {other: of["condition"] for other, of in service.get("depends_on", {}).items()}
        for name, service in services.items()
    } == {
        "postgresql": {},
        "temporal-schema": {"postgresql": healthy},
        "temporal": {"postgresql": healthy, "temporal-schema": ended},
        "temporal-namespace": {"temporal": healthy},
        "temporal-ui": {"temporal": healthy},
        "control": {"temporal": healthy, "temporal-namespace": ended},
        "intake": {"temporal": healthy, "temporal-namespace": ended, "control": healthy},
        "dashboard": {"temporal": healthy, "temporal-namespace": ended},
    }
    waited_for = {
        other
        for service in services.values()
        for other, of in service.get("depends_on", {}).items()
        if of["condition"] == healthy
    }
    assert {name for name in waited_for if "healthcheck" not in services[name]} == set()


def test_nothing_listens_outside_this_machine(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {
        "temporal": ["127.0.0.1:7233:7233"],
        "temporal-ui": ["127.0.0.1:8233:8080"],
        "dashboard": ["127.0.0.1:5200:5200"],
    }
    assert [name for name, service in services.items() if "network_mode" in service] == []


def test_every_image_has_a_version_and_ours_is_this_one(services: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in services.items()}
    assert all(re.search(r":\d+(\.\d+)+$", image) for image in images.values()), images
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert {images[name] for name in OURS} == {f"localhost/airut:{version[1]}"}
    assert images["temporal-schema"] == images["temporal-namespace"]
    assert images["temporal"].rpartition(":")[2] == images["temporal-schema"].rpartition(":")[2]


def test_ours_run_with_little(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (
            True, ["ALL"], ["no-new-privileges:true"]
        )  # fmt: skip
        assert service["volumes"] == ["/conf:/etc/airut:ro", "/state:/state"]
        assert not [key for key in service["environment"] if "PASSWORD" in key]


def test_the_database_outlives_its_container(services: dict[str, Any]) -> None:
    assert services["postgresql"]["volumes"] == ["postgresql:/var/lib/postgresql/data"]
    assert "postgresql" in yaml.safe_load(FILE.read_text())["volumes"]


def test_no_secret_stands_in_it() -> None:
    raw = yaml.safe_load(FILE.read_text())
    passwords = {
        value
        for service in raw["services"].values()
        for key, value in (service.get("environment") or {}).items()
        if "PASSWORD" in key or "PWD" in key
    }
    assert passwords == {"${TEMPORAL_DB_PASSWORD:?set it in .env}"}
