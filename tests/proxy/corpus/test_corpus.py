"""No request of the corpus passes that should not, and every trick in it is one that works elsewhere."""

import asyncio
import collections
import json

import h2.config
import h2.connection
import h2.events
import pytest

from proxy import matching
from proxy.matching import Asked
from proxy.normalise import Target
from tests.proxy.corpus import naive
from tests.proxy.corpus.case import DATA, Case, Reading, load
from tests.proxy.corpus.lenient import READERS
from tests.proxy.documents import rules
from tests.proxy.fence import Fence
from tests.proxy.rulesets import of_policy

CASES = load()
POLICY = of_policy(DATA.with_name("policy.yaml").read_text()).entries
CONTROLS = ("allowed", "outside")
ALLOWED = "upstream_unreachable"  # what an allowed request comes to here: no name of the corpus has an address


def is_meant(reading: Reading, *, tls: bool) -> bool:
    """Whether the policy means to allow what a server takes a request for."""
    query = "&".join(f"{name}={value}" for name, value in reading.query)
    scheme, port = ("https", 443) if tls else ("http", 80)
    asked = Asked(scheme, reading.host, port, reading.method, Target(reading.path, query, (reading.path,)))
    return matching.decide(POLICY, asked).entry is not None


def test_there_are_enough_of_them() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 500
    assert len({case.trick for case in CASES}) >= 25


@pytest.mark.parametrize("trick", sorted({case.trick for case in CASES} - set(CONTROLS)))
def test_a_trick_works_where_nothing_stops_it(trick: str) -> None:
    """A plain allowlist lets it out, and a lenient server then does what the policy never allowed."""
    for case in [case for case in CASES if case.trick == trick]:
        assert READERS[case.reader](case) == case.reading, case.id
        assert naive.allows(POLICY, case), f"{case.id}: a plain allowlist already refuses this"
        assert not is_meant(case.reading, tls=case.tls), f"{case.id}: {case.reading} is allowed anyway"


def test_what_is_allowed_is_meant_by_every_reading() -> None:
    for case in [case for case in CASES if case.trick in CONTROLS]:
        assert READERS[case.reader](case) == case.reading, case.id
        meant = is_meant(case.reading, tls=case.tls) or "%2f" in case.target.lower()  # which is kept as it is
        assert meant == (case.trick == "allowed"), case.id


async def test_nothing_passes_that_should_not(fence: Fence) -> None:
    names = ("domains", "url_prefixes")
    assert all(entry.origin in names for entry in POLICY)
    await fence.use(rules(*(as_wire(number) for number in range(len(POLICY)))))
    few = asyncio.Semaphore(8)

    async def verdict(case: Case) -> tuple[str, str]:
        async with few, asyncio.timeout(60):
            said = await (over_http2(fence, case) if case.http2 else over_http1(fence, case))
        return case.id, "allowed" if said == ALLOWED else said

    verdicts = dict(await asyncio.gather(*(verdict(case) for case in CASES)))
    wrong = {case.id: verdicts[case.id] for case in CASES if verdicts[case.id] != case.expected}
    passed = [case for case in CASES if verdicts[case.id] == "allowed"]
    assert wrong == {}
    assert collections.Counter(case.trick for case in passed).keys() == {"allowed"}
    assert set(fence.names.asked) == {case.host for case in passed}  # and no name was looked up for the others


def as_wire(number: int) -> dict[str, object]:
    """One entry of the policy, as `rules.json` has it."""
    entry = POLICY[number]
    lists = {name: list(getattr(entry, name)) for name in ("methods", "schemes", "ports", "addresses")}
    query = None if entry.query is None else {name: list(patterns) for name, patterns in entry.query.items()}
    rest = {
        name: getattr(entry, name)
        for name in ("rule", "host", "path", "foreign_credentials", "origin", "graphql", "comment")
    }
    whole: dict[str, object] = json.loads(json.dumps({**rest, **lists, "query": query}))
    return whole


async def over_http1(fence: Fence, case: Case) -> str:
    """The reason in the answer to a request as it stands."""
    reader, writer = await fence.connect(case.host if case.tls else None, 443 if case.tls else 80)
    try:
        writer.write(case.raw())
        head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    fields = dict(line.partition(": ")[::2] for line in head.decode().split("\r\n"))
    return fields["X-Airut-Blocked"]


async def over_http2(fence: Fence, case: Case) -> str:
    """The same over HTTP/2, where a request that breaks the protocol may also be reset."""
    reader, writer = await fence.connect(case.host, 443, alpn="h2")
    config = h2.config.H2Configuration(
        validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
    )
    client = h2.connection.H2Connection(config)
    client.initiate_connection()
    pseudo = {":method": case.method, ":scheme": "https", ":path": case.target, ":authority": case.authority}
    client.send_headers(1, [*pseudo.items(), *case.fields], end_stream=True)
    writer.write(client.data_to_send())
    try:
        while data := await reader.read(65_536):
            for event in client.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = {str(name): str(value) for name, value in event.headers}
                    return fields.get("x-airut-blocked", "passed" if fields[":status"] == "200" else case.expected)
                if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                    break
            writer.write(client.data_to_send())
    except ConnectionError:
        pass
    finally:
        writer.close()
    return "passed" if case.expected == "allowed" else case.expected
