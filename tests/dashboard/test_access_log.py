"""Lines of the access log as rows."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.dashboard.access_log import SHOWN, Asked, asked, refused
from proxy import block

AT = datetime(2026, 11, 26, 20, 0, 0, 5000, tzinfo=UTC)
TIME = "2026-11-26T20:00:00.005Z"
REQUEST = {"time": TIME, "kind": "http", "method": "GET", "scheme": "https", "host": "e.org", "port": 443, "path": "/a"}
ALLOWED = {**REQUEST, "decision": "allowed", "status": 200, "rule": "1", "bytes_in": 10, "bytes_out": 2, "ms": 7, "credentials": ["TOKEN"]}  # fmt: skip
BLOCKED = {**REQUEST, "decision": "blocked", "reason": "host_not_allowed"}
RULE = "url_prefixes:\n  - host: e.org\n    path: /a\n    methods: [GET]"


def row(line: object) -> Asked | None:
    return asked(json.dumps(line).encode())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            ALLOWED,
            Asked(
                at=AT, kind="http", verdict="allowed", what="GET https://e.org/a", status="200", rule="1",
                credentials=("TOKEN",), bytes_in=10, bytes_out=2, ms=7,
            ),
        ),
        (
            BLOCKED,
            Asked(
                at=AT, kind="http", verdict="blocked", what="GET https://e.org/a", reason="host_not_allowed",
                meaning=block.message(block.Reason.HOST_NOT_ALLOWED), would_allow=RULE,
            ),
        ),
        (
            {**BLOCKED, "scheme": "http", "port": 8080, "reason": "mint_blocked"},
            Asked(
                at=AT, kind="http", verdict="blocked", what="GET http://e.org:8080/a", reason="mint_blocked",
                meaning=block.message(block.Reason.MINT_BLOCKED),
            ),
        ),
        ({"time": TIME, "kind": "dns", "name": "e.org", "rcode": "NOERROR"}, Asked(at=AT, kind="dns", verdict="", what="e.org", status="NOERROR")),
        ({"time": "today", "decision": 7, "reason": [1]}, Asked(at=None, kind="other", verdict="", what="")),
        ([], None),
    ],
)  # fmt: skip
def test_rows(line: object, shown: Asked | None) -> None:
    assert row(line) == shown


def test_a_rule_says_scheme_and_port_where_they_are_not_the_usual_ones() -> None:
    found = row({**BLOCKED, "scheme": "http", "port": 8080, "reason": "port_not_allowed"})
    assert found is not None
    assert found.would_allow == RULE + "\n    schemes: [http]\n    ports: [8080]"


def test_nothing_that_a_sandbox_sends_breaks_out_of_its_line() -> None:
    found = row({**BLOCKED, "host": "e.org\n  - host: '*'", "path": "/<script>\u202e" + "x" * 2000})
    assert found is not None
    assert found.would_allow.count("\n") == RULE.count("\n")
    assert found.what.startswith("GET https://e.org\n  - host: '*'/<script>\ufffdxxx")
    assert len(found.what) < 3 * SHOWN


def test_equal_refusals_are_one_row() -> None:
    other = {**BLOCKED, "path": "/b"}
    rows = [found for line in (other, BLOCKED, ALLOWED, BLOCKED) if (found := row(line))]
    assert [(each.what, each.times) for each in refused(rows)] == [
        ("GET https://e.org/a", 2),
        ("GET https://e.org/b", 1),
    ]


@given(st.dictionaries(st.sampled_from([*ALLOWED, "reason", "name"]), st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())))  # fmt: skip
def test_no_line_is_too_odd(line: dict[str, object]) -> None:
    found = row(line)
    assert found is not None
    assert Asked.model_validate_json(found.model_dump_json()) == found
