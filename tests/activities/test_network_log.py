"""The access log, folded."""

import gzip
from pathlib import Path

from activities.network_log import blocked_requests, packed, read_access_log, rejected_credentials


def test_blocked_requests_are_counted_most_frequent_first() -> None:
    lines = (
        b'{"kind":"http","decision":"allowed","method":"POST","host":"api.anthropic.com"}\n'
        b'{"kind":"http","decision":"blocked","method":"GET","host":"evil.example"}\n'
        b'{"kind":"dns","decision":"blocked","host":"x"}\n'
        b'{"kind":"http","decision":"blocked","method":"PUT","host":"b.example"}\n'
        b'{"kind":"http","decision":"blocked","method":"PUT","host":"b.example"}\n'
        b'{"kind":"http","decision":"blo'
    )
    assert blocked_requests(lines) == ("PUT b.example (2)", "GET evil.example (1)")


def test_credentials_that_a_host_refused_once_for_each_name_and_host() -> None:
    lines = (
        b'{"kind":"http","decision":"allowed","host":"a.example","status":401,"credentials":["A","B"],"rejected":["A","B"]}\n'
        b'{"kind":"http","decision":"allowed","host":"a.example","status":403,"credentials":["A"],"rejected":["A"]}\n'
        b'{"kind":"http","decision":"allowed","host":"b.example","status":401,"credentials":["A"],"rejected":["A"]}\n'
        b'{"kind":"http","decision":"allowed","host":"c.example","status":200,"credentials":["A"]}\n'
        b'{"kind":"http","rejected":"A"}\n{"kind":"http"'
    )
    assert rejected_credentials(lines) == ("A at a.example (403)", "B at a.example (401)", "A at b.example (401)")


def test_all_parts_are_read_oldest_first(tmp_path: Path) -> None:
    assert read_access_log(tmp_path) == b""
    for name in ("network.jsonl", "network.jsonl.1", "network.jsonl.2", "ready"):
        (tmp_path / name).write_text(f"{name}\n")
    log = read_access_log(tmp_path)
    assert log == b"network.jsonl.2\nnetwork.jsonl.1\nnetwork.jsonl\n"
    assert packed(log) == packed(log)
    assert gzip.decompress(packed(log)) == log
