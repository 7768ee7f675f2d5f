"""The access log, folded."""

from activities.network_log import blocked_requests, rejected_credentials


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
