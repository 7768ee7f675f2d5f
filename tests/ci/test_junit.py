"""The JUnit report."""

from xml.etree import ElementTree

import pytest

from airut.ci.junit import junit
from tests.ci.results import EVIL, FAILED, PASSED, hostile


def test_a_run_that_passed() -> None:
    assert (
        junit(PASSED)
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="airut-sandbox" tests="1" failures="0" errors="0" skipped="0" time="12.340">
<testsuite name="airut-sandbox" tests="1" failures="0" errors="0" skipped="0" time="12.340" timestamp="2026-11-01T12:30:00">
<testcase classname="airut-sandbox.command" name="make test" time="12.340"/>
</testsuite>
</testsuites>
"""
    )


def test_a_run_that_failed() -> None:
    assert (
        junit(FAILED)
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="airut-sandbox" tests="3" failures="3" errors="0" skipped="0" time="83.000">
<testsuite name="airut-sandbox" tests="3" failures="3" errors="0" skipped="0" time="83.000" timestamp="2026-11-01T12:30:00">
<testcase classname="airut-sandbox.command" name="make test" time="83.000"><failure message="out of memory: limit 4g, raise limits.memory"/></testcase>
<testcase classname="airut-sandbox.network" name="GET https://example.com/a" time="0.000"><failure message="blocked: host_not_allowed, 3 times" type="host_not_allowed">To allow it, add to .airut/network-allowlist.yaml on the base branch:
{&quot;host&quot;: &quot;example.com&quot;, &quot;path&quot;: &quot;/a&quot;, &quot;methods&quot;: [&quot;GET&quot;]}</failure></testcase>
<testcase classname="airut-sandbox.network" name="CONNECT 10.0.0.1:22" time="0.000"><failure message="blocked: private_address, once" type="private_address"></failure></testcase>
</testsuite>
</testsuites>
"""
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exit_code": 1}, "exit code 1"),
        ({"exit_code": 143, "signal": 15}, "ended by signal 15"),
        ({"exit_code": 124, "problem": "time limit of 30m reached"}, "time limit of 30m reached"),
    ],
)
def test_how_it_ended(changed: dict[str, object], said: str) -> None:
    failure = ElementTree.fromstring(junit(PASSED.model_copy(update=changed))).find(".//failure")
    assert failure is not None
    assert failure.attrib == {"message": said}


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_a_stranger_adds_nothing_to_the_report(text: str) -> None:
    def shape(report: str) -> list[tuple[str, list[str]]]:
        return [(each.tag, sorted(each.attrib)) for each in ElementTree.fromstring(report).iter()]

    assert shape(junit(hostile(text))) == shape(junit(hostile("harmless")))
