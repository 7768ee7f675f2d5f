"""`airut policy`: what is wrong with a file, what it would do with a request, what presets stand for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airut.cli.main import execute
from airut.models.policy import presets
from proxy.rules import Entry
from tests.cli.conftest import Printed
from tests.proxy.rulesets import of_policy
from tests.proxy.test_explanation import POLICY, TABLE

CONFIG = """
config_version: 1
network: {{granted_presets: [anthropic, go], private_ranges: [10.0.0.0/8]}}
state_dir: {state}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: !env ANTHROPIC_API_KEY}}}}
    credentials:
      API_TOKEN: {{value: !env API_TOKEN, hosts: [jobs.test]}}
"""
PROPOSE = "Propose a change to .airut/network-allowlist.yaml; it applies to new tasks once it is reviewed and merged."

Run = Callable[..., Printed]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an allowlist, in which commands run."""
    folder = tmp_path / "web"
    (folder / ".git").mkdir(parents=True)
    (folder / ".airut").mkdir()
    (folder / ".airut" / "network-allowlist.yaml").write_text(POLICY)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-invented")
    monkeypatch.setenv("API_TOKEN", "ghp_" + "a1B2" * 9)
    (tmp_path / "airut.yaml").write_text(CONFIG.format(state=tmp_path / "state"))
    return folder


@pytest.fixture
def policy(checkout: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> Printed:
        code = execute(["--config", str(checkout.parent / "airut.yaml"), "policy", *arguments])
        captured = capsys.readouterr()
        return Printed(code, captured.out, captured.err)

    return run


HINT = "without --repo, `addresses` and the hosts of credentials are not looked at\n"


def test_a_valid_file(policy: Run, checkout: Path) -> None:
    (checkout / ".airut" / "network-allowlist.yaml").write_text("presets: [pypi]\ndomains: [a.test, b.test]\n")
    said = ".airut/network-allowlist.yaml: valid (entries: 2, presets: 1)\n"
    assert policy("check") == Printed(0, said, HINT)
    printed = policy("check", "--repo", "web")
    assert (printed.code, printed.out.splitlines()[0]) == (
        0,
        ".airut/network-allowlist.yaml:1:1: credentials.API_TOKEN.hosts: no entry reaches jobs.test, which API_TOKEN is for "
        "(allow what is needed there, or take the host out of airut.yaml) [warning]",
    )
    (checkout / ".airut" / "network-allowlist.yaml").write_text(
        "presets: [pypi]\ndomains: [a.test]\nurl_prefixes: [{host: jobs.test, path: /x}]\n"
    )
    assert policy("check", "--repo", "web", "--strict") == Printed(0, said, "")
    document = json.loads(policy("check", "--json").out)
    assert document == {
        "version": 1, "file": ".airut/network-allowlist.yaml", "valid": True, "errors": [], "warnings": [], "notes": [],
    }  # fmt: skip


def test_it_is_found_from_a_folder_below(policy: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(checkout / "src" / "deep")
    assert policy("check").out.endswith("../../.airut/network-allowlist.yaml: valid (entries: 9, presets: 2)\n")
    (checkout / "src" / ".git").write_text("gitdir: elsewhere")  # another repository, which has none
    assert policy("check") == Printed(
        2, "", "airut policy: no .airut/network-allowlist.yaml in this checkout; name a file\n"
    )


def test_the_agents_files_beside_it(policy: Run, checkout: Path) -> None:
    (checkout / ".airut" / "agent").mkdir()
    (checkout / ".airut" / "agent" / "settings.json").write_text('{"env": {}}')
    wrong = ".airut/agent/settings.json:1:2: env: is not taken here (repos.<name>.env sets variables)\n"
    assert policy("check") == Printed(1, wrong, HINT)
    assert policy("check", ".airut/network-allowlist.yaml").code == 0
    (checkout / ".airut" / "agent" / "settings.json").write_text('{"language": "de"}')
    assert policy("check").code == 0


def test_errors_and_warnings(policy: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("domains: [https://a.test, b_/c]\nurl_prefixes: [{hots: a}]\n")
    assert policy("check", str(file)) == Printed(
        1,
        f"{file}:1:11: domains[0]: is a URL (write the host; `schemes` names http)\n"
        f"{file}:1:27: domains[1]: holds a path (use url_prefixes with `path`)\n"
        f"{file}:2:16: url_prefixes[0]: host is missing\n"
        f'{file}:2:17: url_prefixes[0].hots: unknown key (did you mean "host"?)\n',
        HINT,
    )
    file.write_text("domains: ['*.com']\n")
    warned = f"{file}:1:11: domains[0]: matches names of many owners: anybody can have one below com (name the hosts)"
    valid = f"{file}: valid (entries: 1, presets: 0)\n"
    assert policy("check", str(file)) == Printed(0, f"{warned} [warning]\n{valid}", HINT)
    assert policy("check", str(file), "--strict") == Printed(1, f"{warned} [warning]\n", HINT)
    document = json.loads(policy("check", str(file), "--strict", "--json").out)
    assert (document["valid"], document["errors"]) == (False, [])
    assert document["warnings"] == [
        {
            "file": str(file), "line": 1, "column": 11, "path": "domains[0]",
            "problem": "matches names of many owners: anybody can have one below com", "remedy": "name the hosts",
        }
    ]  # fmt: skip


def test_a_query_in_a_path(policy: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("url_prefixes:\n  - {host: a.test, path: '/x?page=*'}\n  - {host: a.test, path: '/x?'}\n")
    noted = f"{file}:2:26: url_prefixes[0].path: is read as the path /x and a query; `query` says so more clearly"
    assert policy("check", str(file), "--strict").out.splitlines() == [
        f"{noted} [note]",
        f"{file}: valid (entries: 2, presets: 0)",
    ]


def test_what_only_the_server_knows(policy: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("url_prefixes:\n  - {host: a.test, addresses: [192.168.0.0/16]}\n")
    assert policy("check", str(file)).code == 0
    assert policy("check", str(file), "--repo", "web") == Printed(
        1,
        f"{file}:2:5: url_prefixes[0].addresses: 192.168.0.0/16 is not within the operator's network.private_ranges "
        "(ask the operator to add it)\n",
        "",
    )
    file.write_text("domains: [jobs.test]\n")
    assert policy("check", str(file), "--repo", "web", "--strict").out == (
        f"{file}:1:11: domains[0]: gives API_TOKEN to every path of the host (allow the paths that are needed) [warning]\n"
    )


def test_usage(policy: Run, tmp_path: Path) -> None:
    assert policy("check", str(tmp_path / "no.yaml")) == Printed(
        2, "", f"airut policy: {tmp_path / 'no.yaml'}: No such file or directory\n"
    )
    assert policy("check", "--repo", "other").code == 2
    assert policy("explain", "GET").code == 2
    assert policy("explain", "GET", "docs.test") == Printed(
        2, "", "airut policy: docs.test: not an http or https URL\n"
    )
    assert policy("presets", "pipy") == Printed(
        2, "", "airut policy: unknown preset pipy; there are anthropic, github, pypi, npm, crates, go, apt\n"
    )


def test_an_allowed_request(policy: Run) -> None:
    assert policy("explain", "GET", "https://jobs.test/v1/jobs/7?page=2", "--repo", "web") == Printed(
        0,
        "allowed by .airut/network-allowlist.yaml:4 {host: jobs.test, path: /v1/jobs/*, methods: [GET, POST], "
        "query: {page: ['*']}}  # the queue's own interface\n"
        "read as: /v1/jobs/7\n"
        "credentials: API_TOKEN\n",
        "",
    )


def test_a_blocked_request(policy: Run) -> None:
    assert policy("explain", "DELETE", "https://jobs.test/v1/jobs/7") == Printed(
        3,
        "blocked: method_not_allowed\n"
        f"  The method is not allowed for this path. {PROPOSE}\n"
        "read as: /v1/jobs/7\n"
        "nearest entries, and what each of them fails on:\n"
        "  .airut/network-allowlist.yaml:4 {host: jobs.test, path: /v1/jobs/*, methods: [GET, POST], "
        "query: {page: ['*']}}: method\n"
        "this would allow it:\n"
        "  url_prefixes:\n"
        "    - host: jobs.test\n"
        "      path: /v1/jobs/7\n"
        "      methods: [DELETE]\n",
        "",
    )


def test_a_request_whose_body_decides(policy: Run, tmp_path: Path) -> None:
    url = "https://api.test/graphql"
    assert policy("explain", "POST", url).out.splitlines()[-2:] == [
        "operation rules: .airut/network-allowlist.yaml:12",
        "its body decides as well: give one with --body",
    ]
    body = tmp_path / "body.json"
    body.write_text('{"query":"mutation{deleteAll}"}')
    printed = policy("explain", "POST", url, "--body", str(body))
    assert printed.code == 3
    assert printed.out.splitlines()[0] == (
        "blocked: graphql_operation_blocked (mutation deleteAll; allowed: addComment)"
    )
    body.write_text('{"tools":[{"type":"web_fetch_1","name":"f"}]}')
    assert policy("explain", "POST", "https://api.anthropic.com/v1/messages", "--body", str(body)).out.splitlines() == [
        "allowed by preset:anthropic {host: api.anthropic.com, path: /v1/messages, methods: [POST]}",
        "read as: /v1/messages",
        "credentials: none",
        "what the model's service would fetch is held to the allowlist",
        "changed in the body: web_fetch_1 restricted",
    ]


def test_json_has_all_of_it(policy: Run) -> None:
    printed = policy("explain", "GET", "https://jobs.test/v1/al", "--json")
    document: dict[str, Any] = json.loads(printed.out)
    assert printed.code == 3
    assert document == {
        "version": 1,
        "method": "GET",
        "url": "https://jobs.test/v1/al",
        "decision": "blocked",
        "reason": "path_not_allowed",
        "detail": None,
        "message": f"This path is not allowed on this host. {PROPOSE}",
        "rule": None,
        "comment": None,
        "readings": ["/v1/al"],
        "credentials": [],
        "guards": [],
        "model_request": False,
        "body_is_judged": False,
        "changes": [],
        "nearest": [
            {
                "rule": ".airut/network-allowlist.yaml:4",
                "fails": "path",
                "entry": {
                    "host": "jobs.test", "path": "/v1/jobs/*", "methods": ["GET", "POST"], "query": {"page": ["*"]},
                },
            },
            {
                "rule": ".airut/network-allowlist.yaml:9",
                "fails": "path",
                "entry": {"host": "jobs.test", "path": "/v1/all", "query": "none"},
            },
        ],
        "suggestion": "url_prefixes:\n  - host: jobs.test\n    path: /v1/al\n    methods: [GET]",
    }  # fmt: skip


def test_the_whole_table(policy: Run, checkout: Path) -> None:
    """What the proxy's own test of this table says, through the command."""
    body = checkout / "body"
    for method, url, content, expected in TABLE:
        body.write_text(content or "")
        given = ["--body", str(body)] if content else []
        printed = policy("explain", method, url, "--repo", "web", "--json", *given)
        document = json.loads(printed.out)
        rule = (document["rule"] or "").replace(".airut/network-allowlist.yaml", "f")
        assert (document["reason"] or rule) == expected, url
        assert printed.code == (3 if document["reason"] else 0)


def test_without_a_file_only_what_is_granted(policy: Run, checkout: Path) -> None:
    (checkout / ".airut" / "network-allowlist.yaml").unlink()
    note = "no .airut/network-allowlist.yaml here: allowed is only what the server grants\n"
    printed = policy("explain", "GET", "https://sum.golang.org/x", "--repo", "web")
    assert (printed.code, printed.err) == (0, note)
    assert policy("explain", "GET", "https://sum.golang.org/x").code == 3
    assert policy("explain", "GET", "https://api.anthropic.com/v1/models").code == 0


def test_a_file_that_is_not_valid_explains_nothing(policy: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("domains: a.test\n")
    assert policy("explain", "GET", "https://a.test/", "--file", str(file)) == Printed(
        1, "", f"{file}:1:10: domains: must be a list (write [a.test])\n"
    )


def test_nothing_of_a_secret_is_shown(policy: Run) -> None:
    for arguments in (["GET", "https://jobs.test/v1/jobs/7"], ["GET", "https://jobs.test/"]):
        for form in ([], ["--json"]):
            printed = policy("explain", *arguments, "--repo", "web", *form)
            assert "a1B2" not in printed.out + printed.err
            assert "sk-ant" not in printed.out + printed.err


def decides(entries: tuple[Entry, ...]) -> list[tuple[object, ...]]:
    """What of an entry decides."""
    return [(e.host, e.path, e.methods, e.query, e.schemes, e.ports, e.graphql) for e in entries]


@pytest.mark.parametrize("name", presets.NAMES)
@pytest.mark.parametrize("access", ["read", "write"])
def test_a_preset_is_printed_as_entries_that_do_the_same(policy: Run, name: str, access: str) -> None:
    printed = policy("presets", name, "--repository", "acme/web", "--access", access)
    assert printed.code == 0
    named = f"{{name: github, access: {access}}}" if name == "github" else name
    assert decides(of_policy(printed.out).entries) == decides(of_policy(f"presets: [{named}]").entries)


def test_all_presets(policy: Run) -> None:
    printed = policy("presets")
    assert [line for line in printed.out.splitlines() if line.startswith("#")] == [
        f"# {name}" for name in presets.NAMES
    ]
    assert "#, " not in printed.out
    assert "  - {host: sum.golang.org, methods: [GET, HEAD]}\n" in printed.out


def test_a_repository_whose_network_is_open(policy: Run, checkout: Path) -> None:
    config = checkout.parent / "airut.yaml"
    config.write_text(config.read_text() + "    network: {enabled: false}\n")
    assert policy("explain", "GET", "https://docs.test/", "--repo", "web").err == (
        "network.enabled is false for this repository: its sandboxes have no fence, and none of this holds there\n"
    )
