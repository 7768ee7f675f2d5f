"""The access log, folded."""

from activities.network_log import blocked_requests


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
