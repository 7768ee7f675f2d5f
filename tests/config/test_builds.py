"""What `airut.yaml` says of image builds."""

import json
from pathlib import Path

import pytest

from airut.config.builds import ConfiguredBuilds
from airut.config.load import load_config
from airut.config.repositories import ConfiguredRepositories
from airut.errors import ConfigError
from airut.models.hosts.build import BUILD_PRESETS, BuildPolicy
from airut.models.hosts.sandbox import Limits, NetworkSpec

FILE = """\
config_version: 1
limits: {{memory: 2g, cpus: 2, pids: 100}}
network: {{upstream_dns: [192.0.2.53]}}
build: {build}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: key}}}}
    container: {container}
    build: {own}
"""


def policy(folder: Path, build: str = "{}", container: str = "{}", own: str = "{}") -> BuildPolicy:
    file = folder / "airut.yaml"
    file.write_text(FILE.format(build=build, container=container, own=own))
    return ConfiguredBuilds(load_config(file), folder / "ca.pem").of("web")


def test_usual(tmp_path: Path) -> None:
    assert policy(tmp_path) == BuildPolicy(
        network=NetworkSpec(
            allowlist=None,
            allowlist_file="build.allowlist",
            repository="acme/web",
            granted_presets=BUILD_PRESETS,
            upstream_dns=("192.0.2.53",),
            extra_ca_files=(tmp_path / "ca.pem",),
        ),
        max_age=86400.0,
        limits=Limits(memory=2 * 1024**3, cpus=2, pids=100),
    )


def test_an_allowlist_comes_on_top_and_its_presets_in_place(tmp_path: Path) -> None:
    one = policy(tmp_path, build="{allowlist: {domains: [a.example]}}").network
    assert (one.allowlist, one.granted_presets) == ("domains:\n- a.example\n", BUILD_PRESETS)
    own = policy(tmp_path, build="{allowlist: {domains: [a.example]}}", own="{allowlist: {presets: []}}").network
    assert (own.allowlist, own.granted_presets) == ("presets: []\n", ())


def test_open_and_registries(tmp_path: Path) -> None:
    found = policy(tmp_path, own="{network: open}", container="{registries: [ghcr.io], max_age: never}")
    assert (found.open, found.registries, found.max_age) == (True, ("ghcr.io",), None)


@pytest.mark.parametrize("path", [".airut/container", "docker", "tools/sand box/v1.2+x", "große/Kiste", "..x/y"])
def test_where_the_image_is_built_from(tmp_path: Path, path: str) -> None:
    policy(tmp_path, container=f"{{path: {path}}}")
    config = load_config(tmp_path / "airut.yaml")
    assert ConfiguredBuilds(config).folder("web") == path
    repositories = ConfiguredRepositories(config, b"k" * 32, lambda _: Path("/claude"))
    assert repositories.pull_request("web").container == path


@pytest.mark.parametrize(
    "path",
    ["", ".", "/x", "x/", "x//y", "./x", "x/../y", "..", ".git/x", "x/.GIT", "a\\b", ":(top)x", "*", "x/[a]", "x\n"],
)
def test_what_is_no_folder_within_the_repository(tmp_path: Path, path: str) -> None:
    with pytest.raises(
        ConfigError, match=r"container\.path: must be a folder within the repository, written like \.airut"
    ):
        policy(tmp_path, container=f"{{path: {json.dumps(path)}}}")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"build": "{network: open}"}, "build.network: unknown key"),
        ({"own": "{parallel: 3}"}, "repos.web.build.parallel: unknown key"),
        ({"build": "{allowlist: {domain: [x]}}"}, 'domain: unknown key (did you mean "domains"?)'),
        ({"own": "{allowlist: {url_prefixes: [{path: /}]}}"}, "url_prefixes[0]: host is missing"),
    ],
)
def test_what_is_wrong(tmp_path: Path, parts: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(tmp_path, **parts)
    assert told in str(caught.value)


def test_another_repository(tmp_path: Path) -> None:
    policy(tmp_path)
    builds = ConfiguredBuilds(load_config(tmp_path / "airut.yaml"))
    for lookup in (builds.of, builds.folder):
        with pytest.raises(ConfigError, match="api is not configured"):
            lookup("api")
