"""One field value with our surrogate and somebody else's credential in it."""

import pytest

from proxy import foreign
from proxy.acceptance import Fields
from proxy.block import Refused
from proxy.rules import Foreign
from tests.proxy.test_matching import asked, entry
from tests.proxy.test_swap import SURROGATE, basic, credential

THEIRS = "ghp_" + "a1B2" * 9
AUTHORIZATION = b"Authorization"


def screened(name: bytes, value: bytes, policy: Foreign = "strip") -> Fields:
    only = [credential(headers=("Authorization", "Cookie"), foreign=policy)]
    return foreign.screen(((name, value),), only, entry("api.test"), asked()).fields


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {SURROGATE}".encode(),
        f'Token token="{SURROGATE}", scope="read write", email="somebody@example.com"'.encode(),
        basic("x-access-token", SURROGATE),
        basic("somebody.with.a.long.name@example.com", SURROGATE),
        basic("00000000-0000-0000-0000-000000000000", SURROGATE),
        basic("robot$project+pull-only-2026", SURROGATE),
        basic(SURROGATE, "x-oauth-basic"),
        basic(SURROGATE, SURROGATE),
    ],
)
def test_ours_alone(value: bytes) -> None:
    assert screened(AUTHORIZATION, value, "block") == ((AUTHORIZATION, value),)


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {THEIRS}, Bearer {SURROGATE}".encode(),
        f"Bearer {SURROGATE} {THEIRS}".encode(),
        basic(THEIRS, SURROGATE),
        basic(SURROGATE, THEIRS),
        basic(SURROGATE, "0123456789abcdef0123"),
        f'Token token="{THEIRS}", other="{SURROGATE}"'.encode(),
        f"Bearer eyJhbGciOi.x.{SURROGATE}".encode(),
    ],
)
def test_beside_somebody_elses(value: bytes) -> None:
    assert screened(AUTHORIZATION, value) == ()
    assert screened(AUTHORIZATION, value, "allow") == ((AUTHORIZATION, value),)
    with pytest.raises(Refused, match="foreign_credential_blocked: authorization"):
        screened(AUTHORIZATION, value, "block")


@pytest.mark.parametrize("policy", ["strip", "block"])
def test_of_a_cookie_the_other_pairs_are_removed(policy: Foreign) -> None:
    sent = f"session={THEIRS}; ours={SURROGATE}; lang=en-GB; csrf=0123456789abcdef0123456789abcdef"
    assert screened(b"cookie", sent.encode(), policy) == ((b"cookie", f"ours={SURROGATE}; lang=en-GB".encode()),)


QUERY = b"/a?access_token=theirs&page=2"


@pytest.mark.parametrize(
    ("of_entry", "host", "expected"),
    [
        (None, "open.test", QUERY),
        ("allow", "open.test", QUERY),
        ("strip", "open.test", b"/a?page=2"),
        ("block", "open.test", None),
        (None, "api.anthropic.com", None),
        (None, "gateway.test", None),
        ("allow", "gateway.test", QUERY),
    ],
)
def test_in_the_query_of_a_host_without_a_credential_the_entry_decides(
    of_entry: Foreign | None, host: str, expected: bytes | None
) -> None:
    where = entry(host, foreign_credentials=of_entry)
    if expected is None:
        with pytest.raises(Refused, match="foreign_credential_blocked: query parameter access_token"):
            foreign.screen_query(QUERY, (), where, asked(host=host), model_hosts=("gateway.test",))
    else:
        assert foreign.screen_query(QUERY, (), where, asked(host=host), model_hosts=("gateway.test",))[0] == expected
