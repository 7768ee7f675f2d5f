"""Surrogates out and real values in, and what is done with credentials that are not ours."""

import base64

import pytest

from proxy import foreign, swap
from proxy.acceptance import Fields
from proxy.block import Refused
from proxy.rules import Credential, Foreign
from tests.proxy.test_matching import asked, entry

REAL, SURROGATE = "real-value-0123456789", "fake-value-0123456789"


def credential(name: str = "TOKEN", **given: object) -> Credential:
    defaults: dict[str, object] = {
        "kind": "token",
        "surrogate": SURROGATE,
        "value": REAL,
        "hosts": ("api.test",),
        "ports": (443,),
        "headers": ("Authorization",),
        "query": (),
        "pointers": (),
        "methods": (),
        "foreign": "strip",
        "mints": (),
    }
    return Credential(name=name, **(defaults | given))  # type: ignore[arg-type]


def basic(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def swapped(
    *fields: tuple[bytes, bytes], credentials: tuple[Credential, ...] = (credential(),), **request: object
) -> swap.Swapped:
    scope = swap.in_scope(credentials, asked(**request))  # type: ignore[arg-type]
    return swap.swap(fields, scope, credentials, b"/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"Bearer {SURROGATE}".encode(), f"Bearer {REAL}".encode()),
        (f"token {SURROGATE}".encode(), f"token {REAL}".encode()),
        (SURROGATE.encode(), REAL.encode()),
        (f"a={SURROGATE}; b={SURROGATE}".encode(), f"a={REAL}; b={REAL}".encode()),
        (basic("x-access-token", SURROGATE), basic("x-access-token", REAL)),
        (basic(SURROGATE, ""), basic(REAL, "")),
        (basic(SURROGATE, SURROGATE), basic(REAL, REAL)),
        (b"basic " + base64.b64encode(f"\xe9:{SURROGATE}".encode("latin-1")),
         b"basic " + base64.b64encode(f"\xe9:{REAL}".encode("latin-1"))),
    ],
)  # fmt: skip
def test_header_values(value: bytes, expected: bytes) -> None:
    result = swapped((b"Authorization", value))
    assert result == swap.Swapped(((b"Authorization", expected),), ("TOKEN",), (), b"/")


def test_every_value_of_a_repeated_header_is_swapped() -> None:
    field = (b"authorization", SURROGATE.encode())
    assert swapped(field, field).fields == ((b"authorization", REAL.encode()),) * 2


@pytest.mark.parametrize(
    "request_",
    [{"scheme": "http", "port": 80}, {"scheme": "http"}, {"port": 8443}, {"host": "other.test"}],
)
def test_nothing_is_swapped_out_of_scope(request_: dict[str, object]) -> None:
    result = swapped((b"Authorization", SURROGATE.encode()), **request_)  # type: ignore[arg-type]
    assert result == swap.Swapped(((b"Authorization", SURROGATE.encode()),), (), ("header:authorization",), b"/")


def test_methods_are_part_of_the_scope() -> None:
    only_get = (credential(methods=("GET",)),)
    assert swapped((b"Authorization", SURROGATE.encode()), credentials=only_get, method="POST").names == ()


@pytest.mark.parametrize("value", [b"Basic !!!", b"Basic " + base64.b64encode(SURROGATE.encode())])
def test_broken_basic_is_left(value: bytes) -> None:
    assert swapped((b"Authorization", value)).fields == ((b"Authorization", value),)


def test_other_headers_path_and_query_are_flagged() -> None:
    only = (credential(),)
    result = swap.swap(((b"X-Other", SURROGATE.encode()),), only, only, f"/{SURROGATE}?a={SURROGATE}".encode())
    assert result.surrogate_in == ("path", "query", "header:x-other")
    assert result.fields == ((b"X-Other", SURROGATE.encode()),)


def test_two_credentials_in_one_header_and_no_second_search() -> None:
    # What the first puts in contains the surrogate of the second.
    first = credential("A", surrogate="surrogate-a", value="holds surrogate-b")
    second = credential("B", surrogate="surrogate-b", value="REAL-B")
    result = swapped((b"Authorization", b"surrogate-a surrogate-b"), credentials=(first, second))
    assert result.fields == ((b"Authorization", b"holds surrogate-b REAL-B"),)
    assert result.names == ("A", "B")


def test_a_short_surrogate_is_swapped_as_a_whole_only() -> None:
    short = (credential(surrogate="airut-abc", value="1234"),)
    assert swapped((b"Authorization", b"airut-abc"), credentials=short).fields[0][1] == b"1234"
    assert swapped((b"Authorization", basic("u", "airut-abc")), credentials=short).fields[0][1] == basic("u", "1234")
    assert swapped((b"Authorization", b"Bearer airut-abc"), credentials=short).fields[0][1] == b"Bearer airut-abc"


def test_a_value_that_cannot_be_had() -> None:
    gone = (credential(value=None, query=("token",)), credential("OTHER", surrogate="other-surrogate", value="real"))
    with pytest.raises(Refused, match="credential_unavailable: TOKEN"):
        swapped((b"Authorization", basic("u", SURROGATE)), credentials=gone)
    with pytest.raises(Refused, match="credential_unavailable: TOKEN"):
        swap.swap((), gone, gone, f"/?token={SURROGATE}".encode())
    assert swapped((b"Authorization", b"other-surrogate"), credentials=gone).fields == ((b"Authorization", b"real"),)
    assert foreign.screen((OURS,), gone, entry("api.test"), asked(host="api.test")).fields == (OURS,)


def test_glob_headers() -> None:
    anywhere = (credential(headers=("X-*",)),)
    assert swapped((b"x-api-key", SURROGATE.encode()), credentials=anywhere).names == ("TOKEN",)


def screened(
    *fields: tuple[bytes, bytes],
    policy: Foreign = "strip",
    headers: tuple[str, ...] = ("Authorization",),
    host: str = "api.test",
    of_entry: Foreign | None = None,
    **request: object,
) -> Fields:
    only = [credential(foreign=policy, headers=headers)]
    return foreign.screen(fields, only, entry(host, foreign_credentials=of_entry), asked(host=host, **request)).fields  # type: ignore[arg-type]


OURS = (b"Authorization", f"Bearer {SURROGATE}".encode())
FOREIGN = (b"authorization", b"Bearer of-the-attacker")


def test_a_foreign_value_is_stripped_blocked_or_allowed() -> None:
    assert screened(FOREIGN, FOREIGN, (b"A", b"b")) == ((b"A", b"b"),)
    assert screened(FOREIGN, policy="allow") == (FOREIGN,)
    with pytest.raises(Refused, match="foreign_credential_blocked: authorization"):
        screened(FOREIGN, policy="block")


def test_beside_ours_the_foreign_value_is_removed() -> None:
    assert screened(FOREIGN, OURS, FOREIGN) == (OURS,)
    assert screened(FOREIGN, OURS, policy="block") == (OURS,)


def test_broken_basic_is_foreign() -> None:
    assert screened((b"Authorization", b"Basic !!!")) == ()


def test_a_glob_claims_only_headers_that_carry_credentials() -> None:
    mine = ((b"X-Api-Key", b"k"), (b"X-Auth-Token", b"t"), (b"X-Request-Id", b"1"))
    assert screened(*mine, headers=("X-*",)) == ((b"X-Request-Id", b"1"),)
    assert screened((b"X-Request-Id", b"1"), headers=("x-request-id",)) == ()


def test_a_surrogate_outside_its_scope_is_foreign_on_its_host() -> None:
    assert screened(OURS, scheme="http", port=80) == ()


def test_without_a_credential_the_entry_decides() -> None:
    assert screened(FOREIGN, host="other.test") == (FOREIGN,)
    assert screened(FOREIGN, host="other.test", of_entry="strip") == ()
    with pytest.raises(Refused):
        screened(FOREIGN, host="other.test", of_entry="block")


@pytest.mark.parametrize("host", ["api.anthropic.com", "s3.eu-north-1.amazonaws.com"])
def test_model_and_aws_hosts_are_closed_by_default(host: str) -> None:
    with pytest.raises(Refused):
        screened((b"X-Api-Key", b"of-the-attacker"), host=host)
    assert screened(FOREIGN, host=host, of_entry="allow") == (FOREIGN,)


def test_the_other_header_of_a_model_host_is_closed_too() -> None:
    claude = [credential(kind="claude", hosts=("model.test",), foreign="block")]
    with pytest.raises(Refused):
        foreign.screen(((b"X-Api-Key", b"k"),), claude, entry("model.test"), asked(host="model.test"))


IN_QUERY = (credential(query=("token", "t k"), headers=()),)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (f"/a?token={SURROGATE}&b=%20", f"/a?token={REAL}&b=%20"),
        (f"/a?b&token=x{SURROGATE}+y", f"/a?b&token=x{REAL}%2By"),
        (f"/a?t%20k={SURROGATE}&t+k={SURROGATE}", f"/a?t%20k={REAL}&t+k={REAL}"),
        (f"/a?token={SURROGATE.replace('-', '%2D')}", f"/a?token={REAL}"),
    ],
)
def test_query_parameters_that_the_credential_names(target: str, expected: str) -> None:
    result = swap.swap((), IN_QUERY, IN_QUERY, target.encode())
    assert result == swap.Swapped((), ("TOKEN",), (), expected.encode())


def test_other_query_parameters_and_other_scopes_stay() -> None:
    target = f"/{SURROGATE}?other={SURROGATE}".encode()
    assert swap.swap((), IN_QUERY, IN_QUERY, target) == swap.Swapped((), (), ("path", "query"), target)
    target = f"/?token={SURROGATE}".encode()
    assert swap.swap((), (), IN_QUERY, target) == swap.Swapped((), (), ("query",), target)


def test_a_value_is_encoded_in_a_query() -> None:
    odd = (credential(value="a&b=c+d/e%", query=("token",)),)
    assert swap.swap((), odd, odd, f"/?token={SURROGATE}".encode()).target == b"/?token=a%26b%3Dc%2Bd%2Fe%25"


@pytest.mark.parametrize(
    ("target", "expected", "stripped"),
    [
        (f"/a?token={SURROGATE}&x=1", f"/a?token={SURROGATE}&x=1", ()),
        ("/a?token=mine&x=1", "/a?x=1", ("query:token",)),
        (f"/a?token={SURROGATE}&token=mine", f"/a?token={SURROGATE}", ("query:token",)),
        ("/a?%74oken=mine", "/a", ("query:token",)),
        ("/a?access_token=1&Private_Token=2&api_key=3&key=4&sig=5&keys=6", "/a?keys=6",
         ("query:access_token", "query:Private_Token", "query:api_key", "query:key", "query:sig")),
    ],
)  # fmt: skip
def test_foreign_credentials_in_the_query(target: str, expected: str, stripped: tuple[str, ...]) -> None:
    assert foreign.screen_query(target.encode(), IN_QUERY, entry("api.test"), asked(host="api.test")) == (
        expected.encode(),
        stripped,
    )
    assert foreign.screen_query(target.encode(), IN_QUERY, entry("*"), asked(host="other.test")) == (
        target.encode(),
        (),
    )
    if stripped:
        closed = (credential(query=("token",), foreign="block"),)
        with pytest.raises(Refused, match="foreign_credential_blocked: query parameter"):
            foreign.screen_query(target.encode(), closed, entry("api.test"), asked(host="api.test"))
