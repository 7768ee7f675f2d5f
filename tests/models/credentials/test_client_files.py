"""What clients in a sandbox are told, and that the real ones understand it."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from airut.models.credentials.client_files import FOLDER, ClientFiles, client_files, own_variables, shared_variables
from airut.models.credentials.clients import Clients, ClientToken


def token(*hosts: str, name: str = "TOKEN", surrogate: str = "ghp_surrogate", **clients: Any) -> ClientToken:
    found = Clients.model_validate(clients)
    return ClientToken(name=name, surrogate=surrogate, hosts=hosts, clients=found)


def basic(user: str, password: str = "ghp_surrogate") -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


HELPER = '!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "{}" "$TOKEN"; }}; f'


@pytest.mark.parametrize(
    ("made", "environment", "files"),
    [
        (token("a.test"), {}, {}),
        (
            token("*.a.test", git={"user": "oauth2"}),
            {
                "GIT_CONFIG_COUNT": "2",
                "GIT_CONFIG_KEY_0": "credential.https://*.a.test.helper",
                "GIT_CONFIG_VALUE_0": "",
                "GIT_CONFIG_KEY_1": "credential.https://*.a.test.helper",
                "GIT_CONFIG_VALUE_1": HELPER.format("oauth2"),
            },
            {},
        ),
        (
            token("a.test", "b.test", npm={}),
            {"NPM_CONFIG_USERCONFIG": f"{FOLDER}/npmrc"},
            {"npmrc": "//a.test/:_authToken=ghp_surrogate\n//b.test/:_authToken=ghp_surrogate\n"},
        ),
        (
            token("a.test", npm={"registry": "https://a.test/npm", "scopes": ["@acme"], "user": "bot"}),
            {"NPM_CONFIG_USERCONFIG": f"{FOLDER}/npmrc"},
            {"npmrc": f"//a.test/npm/:_auth={basic('bot')}\n@acme:registry=https://a.test/npm/\n"},
        ),
        (
            token("a.test", pip={}, twine={}),
            {
                "NETRC": f"{FOLDER}/netrc",
                "TWINE_USERNAME": "__token__",
                "TWINE_PASSWORD": "ghp_surrogate",
                "UV_PUBLISH_USERNAME": "__token__",
                "UV_PUBLISH_PASSWORD": "ghp_surrogate",
            },
            {"netrc": "machine a.test login __token__ password ghp_surrogate\n"},
        ),
        (token("a.test", cargo={"registry": "my-own"}), {"CARGO_REGISTRIES_MY_OWN_TOKEN": "ghp_surrogate"}, {}),
        (token("crates.io", cargo={}), {"CARGO_REGISTRY_TOKEN": "ghp_surrogate"}, {}),
        (
            token("auth.docker.io", docker={"registry": "docker.io", "user": "acme"}),
            {"DOCKER_CONFIG": FOLDER, "REGISTRY_AUTH_FILE": f"{FOLDER}/config.json"},
            {
                "config.json": json.dumps(
                    {
                        "auths": {
                            "docker.io": {"auth": basic("acme")},
                            "https://index.docker.io/v1/": {"auth": basic("acme")},
                        }
                    },
                    indent=1,
                )
            },
        ),
        (token("api.github.com", "github.com", gh={}), {"GH_TOKEN": "ghp_surrogate"}, {}),
        (token("ghe.test", gh={}), {"GH_ENTERPRISE_TOKEN": "ghp_surrogate", "GH_HOST": "ghe.test"}, {}),
        (token("gl.test", glab={}), {"GITLAB_TOKEN": "ghp_surrogate", "GITLAB_HOST": "gl.test"}, {}),
        (
            token("gt.test", tea={}),
            {
                "GITEA_TOKEN": "ghp_surrogate",
                "GITEA_INSTANCE_URL": "https://gt.test",
                "GITEA_SERVER_TOKEN": "ghp_surrogate",
                "GITEA_SERVER_URL": "https://gt.test",
            },
            {},
        ),
    ],
)
def test_each_client_is_told_in_its_own_way(
    made: ClientToken, environment: dict[str, str], files: dict[str, str]
) -> None:
    assert client_files([made]) == ClientFiles(environment=environment, files=files)


def test_clients_of_several_credentials_share_their_files() -> None:
    found = client_files(
        [token("a.test", npm={}, git={}), token("b.test", name="B", surrogate="other", npm={}, git={})]
    )
    assert found.files == {"npmrc": "//a.test/:_authToken=ghp_surrogate\n//b.test/:_authToken=other\n"}
    assert found.environment["GIT_CONFIG_COUNT"] == "4"


def test_which_variables_are_whose() -> None:
    made = token("github.com", name="GH_TOKEN", gh={}, twine={}, pip={}, git={})
    assert set(own_variables(made)) == {
        "TWINE_USERNAME", "TWINE_PASSWORD", "UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD",
    }  # fmt: skip
    assert {"NETRC", "GIT_CONFIG_COUNT"} < set(shared_variables(made))


@pytest.mark.parametrize(
    ("hosts", "headers", "clients", "fault"),
    [
        (
            ("*.a.test",),
            ("Authorization",),
            {"npm": {}},
            "clients.npm needs hosts by their names; *.a.test is a pattern",
        ),
        (("*.a.test",), ("Authorization",), {"npm": {"registry": "https://b.a.test"}, "git": {}}, None),
        (("a.test",), ("Authorization",), {"glab": {}}, "clients.glab needs Private-Token among headers, besides"),
        (("a.test",), ("PRIVATE-TOKEN",), {"glab": {}}, None),
    ],
)
def test_what_cannot_work_is_said(
    hosts: tuple[str, ...], headers: tuple[str, ...], clients: dict[str, Any], fault: str | None
) -> None:
    found = Clients.model_validate(clients).fault(hosts, headers)
    assert (found or "").startswith(fault) if fault else found is None


@contextmanager
def registry() -> Iterator[tuple[int, list[str]]]:
    """A server that wants a login, and remembers with what it was asked."""
    seen: list[str] = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            self.send_response(404 if seen[-1] else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="here"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], seen
        server.shutdown()


def run(folder: Path, found: ClientFiles, *command: str, stdin: str = "") -> str:
    """Run a client as a sandbox would, its files below this folder."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    for name, content in found.files.items():
        (folder / name).write_text(content)
    told = {name: value.replace(FOLDER, str(folder)) for name, value in found.environment.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TOKEN": "ghp_surrogate", "no_proxy": "*", **told}
    done = subprocess.run(
        command, env=environment, cwd=folder, input=stdin, capture_output=True, text=True, timeout=100, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    ("host", "known"), [("a.test", True), ("b.a.test", False), ("c.test", True), ("other.test", False)]
)
def test_git_finds_it(tmp_path: Path, host: str, known: bool) -> None:
    (tmp_path / ".gitconfig").write_text(
        '[credential "https://a.test"]\n\thelper = "!echo password=from-elsewhere; false"\n'
    )
    found = (
        client_files([token("a.test", "*.test", git={})])
        if host == "c.test"
        else client_files([token("a.test", git={})])
    )
    question = f"protocol=https\nhost={host}\n\n"
    answer = run(tmp_path, found, "git", "-c", "core.askPass=", "credential", "fill", stdin=question)
    lines = ["username=x-access-token", "password=ghp_surrogate"]
    assert all(line in answer.splitlines() for line in lines) is known
    assert "elsewhere" not in answer


def test_npm_sends_it(tmp_path: Path) -> None:
    with registry() as (port, seen):
        found = client_files([token(f"127.0.0.1:{port}", npm={})])
        run(
            tmp_path,
            found,
            "npm",
            "view",
            "no-such-package",
            f"--registry=http://127.0.0.1:{port}/",
            "--fetch-retries=0",
        )
    assert seen
    assert set(seen) == {"Bearer ghp_surrogate"}


def test_pip_sends_it(tmp_path: Path) -> None:
    with registry() as (port, seen):
        found = client_files([token("127.0.0.1", pip={})])
        index = f"http://127.0.0.1:{port}/simple"
        pip = ("-m", "pip", "--isolated", "download", "--disable-pip-version-check", "--no-deps", "--index-url", index)
        run(tmp_path, found, _python_with_pip(), *pip, "--trusted-host", "127.0.0.1", "no-such-package")
    assert seen[-1] == f"Basic {basic('__token__')}"


def test_uv_sends_it(tmp_path: Path) -> None:
    with registry() as (port, seen):
        found = client_files([token("127.0.0.1", pip={})])
        uv = str(Path(sys.executable).with_name("uv"))
        index = f"http://127.0.0.1:{port}/simple"
        run(tmp_path, found, uv, "pip", "compile", "--no-cache", "--index-url", index, "-", stdin="no-such-package\n")
    assert seen[-1] == f"Basic {basic('__token__')}"


def _python_with_pip() -> str:
    for python in filter(None, (shutil.which("python3"), "/usr/bin/python3")):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip("no Python with pip is on this machine")
