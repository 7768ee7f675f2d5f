"""A request that names another one in its header or query must be allowed as that one too."""

import pytest

from proxy import overrides
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.normalise import read_target


def asked(target: bytes = b"/a", method: str = "POST") -> Asked:
    return Asked("https", "api.test", 443, method, read_target(target, method))


@pytest.mark.parametrize(
    ("target", "fields", "methods"),
    [
        (b"/a", [], []),
        (b"/a", [(b"X-Request-Id", b"DELETE")], []),
        (b"/a", [(b"X-HTTP-Method-Override", b"delete")], ["DELETE"]),
        (b"/a", [(b"X-HTTP-Method-Override", b" DELETE ")], ["DELETE"]),
        (b"/a", [(b"x-http-method", b"PUT"), (b"X-Method-Override", b"DELETE")], ["PUT", "DELETE"]),
        (b"/a", [(b"X_HTTP_Method_Override", b"DELETE")], ["DELETE"]),
        (b"/a", [(b"X-HTTP-Method-Override", b"POST")], []),
        (b"/a", [(b"X-HTTP-Method-Override", b"")], []),
        (b"/a?_method=DELETE", [], ["DELETE"]),
        (b"/a?x=1;_method=delete", [], ["DELETE"]),
        (b"/a?%5fmethod=%64elete", [], ["DELETE"]),
        (b"/a?method=DELETE", [], []),
    ],
)
def test_methods(target: bytes, fields: list[tuple[bytes, bytes]], methods: list[str]) -> None:
    assert [other.method for other in overrides.also_asked(asked(target), tuple(fields))] == methods


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (b"X-Original-URL", b"/admin", Reason.REQUEST_TARGET_REFUSED),
        (b"x-rewrite-url", b"/admin", Reason.REQUEST_TARGET_REFUSED),
        (b"X_Original_Url", b"/admin", Reason.REQUEST_TARGET_REFUSED),
        (b"X-Forwarded-Host", b"evil.test", Reason.HOST_MISMATCH),
        (b"X-Host", b"evil.test", Reason.HOST_MISMATCH),
        (b"Forwarded", b"for=1;Host=evil.test", Reason.HOST_MISMATCH),
    ],
)
def test_another_target_or_host(name: bytes, value: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        overrides.also_asked(asked(), ((name, value),))
    assert refused.value.reason is reason


def test_where_a_client_comes_from_is_no_host() -> None:
    assert overrides.also_asked(asked(), ((b"Forwarded", b"for=192.0.2.1"), (b"X-Forwarded-For", b"x"))) == ()
