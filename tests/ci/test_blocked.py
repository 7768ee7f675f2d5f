"""What a run's result says of the requests that the fence refused."""

import json
from pathlib import Path

from airut.ci.blocked import KINDS_MOST, blocked
from airut.ci.result import BlockedRequest


def entry(**fields: object) -> dict[str, object]:
    common = {"decision": "blocked", "method": "GET", "scheme": "https", "host": "x.example", "port": 443}
    return {**common, "path": "/a", "reason": "host_not_allowed", **fields}


def written(folder: Path, name: str, *entries: object) -> None:
    (folder / name).write_text("".join(json.dumps(each) + "\n" for each in entries))


def test_each_kind_of_request_once(tmp_path: Path) -> None:
    written(tmp_path, "network.jsonl.1", entry(), entry(decision="allowed"), "no object")
    written(
        tmp_path,
        "network.jsonl",
        entry(),
        entry(port=8443, scheme="http", path=None, reason="port_not_allowed"),
        entry(method="POST", reason="foreign_credential_blocked"),
        entry(host=None, reason="name_not_allowed"),
    )
    with (tmp_path / "network.jsonl").open("a") as file:
        file.write('{"decision": "blo')  # the proxy was killed in the middle of a line
    assert blocked(tmp_path) == (
        BlockedRequest(
            method="GET",
            url="https://x.example/a",
            reason="host_not_allowed",
            count=2,
            rule='{"host": "x.example", "path": "/a", "methods": ["GET"]}',
        ),
        BlockedRequest(
            method="GET",
            url="http://x.example:8443/",
            reason="port_not_allowed",
            count=1,
            rule='{"host": "x.example", "path": "/", "methods": ["GET"], "schemes": ["http"], "ports": [8443]}',
        ),
        BlockedRequest(method="POST", url="https://x.example/a", reason="foreign_credential_blocked", count=1),
    )


def test_no_log(tmp_path: Path) -> None:
    assert blocked(tmp_path) == ()


def test_hosts_that_are_made_up_do_not_fill_the_result(tmp_path: Path) -> None:
    written(tmp_path, "network.jsonl", *(entry(host=f"{n}.example") for n in range(KINDS_MOST + 5)))
    assert len(blocked(tmp_path)) == KINDS_MOST
