"""What a failed build says of refused requests."""

from pathlib import Path

from airut.adapters.podman.blocked import blocked_requests, told

REFUSED = {
    "kind": "http",
    "decision": "blocked",
    "reason": "host_not_allowed",
    "method": "GET",
    "scheme": "https",
    "host": "x.example",
    "port": 443,
    "path": "/a b",
}


def test_each_request_once_with_its_rule() -> None:
    entries: list[dict[str, object]] = [
        {"kind": "dns", "decision": "blocked", "name": "x.example"},
        REFUSED,
        {**REFUSED, "decision": "allowed"},
        REFUSED,
        {**REFUSED, "scheme": "http", "port": 8080, "method": "HEAD"},
        {**REFUSED, "reason": "upstream_address_refused"},
    ]
    assert told(entries).splitlines() == [
        "The fence of the build refused:",
        "- GET https://x.example/a b: host_not_allowed; to allow it, add to url_prefixes of build.allowlist in airut.yaml:"
        ' {"host": "x.example", "path": "/a b", "methods": ["GET"]} (2 times)',
        "- HEAD http://x.example/a b: host_not_allowed; to allow it, add to url_prefixes of build.allowlist in airut.yaml:"
        ' {"host": "x.example", "path": "/a b", "methods": ["HEAD"], "schemes": ["http"], "ports": [8080]}',
        "- GET https://x.example/a b: upstream_address_refused",
    ]


def test_no_more_than_ten() -> None:
    lines = told([{**REFUSED, "path": f"/{number}\n"} for number in range(12)]).splitlines()
    assert len(lines) == 12
    assert lines[1].startswith("- GET https://x.example/0\\n: host")
    assert lines[-1] == "- and 2 more"


def test_nothing_refused(tmp_path: Path) -> None:
    assert blocked_requests(tmp_path / "none") == ""
    (tmp_path / "log").write_text('{"kind": "start"}\n[]\nno json\n')
    assert blocked_requests(tmp_path / "log") == ""
